# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes find each other in whatever order they start, however late."""
from itertools import islice, permutations

from chain import Chain, NODES
import pytest
from ros_domain import Ros

ORDERS = list(permutations(NODES))
SHORT = 4


@pytest.fixture
def orders(repetitions):
    """Give all orders, or some for a single repetition."""
    return ORDERS if repetitions > 1 else list(islice(ORDERS, 0, None, len(ORDERS) // SHORT))


def test_any_order_of_late_starts_ends_in_a_robot_that_moves(tmp_path, orders):
    for number, order in enumerate(orders):
        folder = tmp_path / str(number)
        folder.mkdir()
        ros = Ros(folder)
        try:
            chain = Chain(ros, folder)
            for name in order:
                chain.start(name)
                chain.wait_for_state(name, lambda _: True)      # the others are late
            chain.wait_until_it_moves()
        finally:
            ros.stop()
