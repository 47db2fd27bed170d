# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short part of each fuzz target: `make fuzz` has the long one."""
from random import Random
import time
from zlib import crc32

from mutation import mutate
import pytest
from targets import check, TARGETS

SPENT_S = 0.1
"""Of processor time, on each target."""
LIMIT_S = 5
"""For one input."""


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('name', TARGETS)
def test_mutated_inputs_raise_only_what_is_declared(name, tmp_path):
    target, random = TARGETS[name], Random(crc32(name.encode()))
    seeds = target.make_seeds()
    finding = tmp_path / 'input'        # is left where the test fails
    for seed in seeds:
        target.read(seed)
    ends_s = time.process_time() + SPENT_S
    while (begin_s := time.process_time()) < ends_s:
        data = mutate(random.choice(seeds), random)
        finding.write_bytes(data)
        check(target, data)
        assert time.process_time() - begin_s < LIMIT_S
