# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often each fault happens, and the table of what was measured meanwhile."""
from collections import defaultdict

import numpy as np
import pytest

_measured = defaultdict(list)


@pytest.fixture
def repetitions(request):
    """Give how often a fault happens: once, or as `make faults` asks for."""
    return request.config.getoption('--repetitions')


@pytest.fixture
def measured():
    """Give the lists of what was measured, by the name of the quantity, for the table."""
    return _measured


def pytest_terminal_summary(terminalreporter):
    """Print the table."""
    if _measured:
        terminalreporter.write_line('\n| measured | times | median | greatest |\n'
                                    '| --- | --- | --- | --- |')
    for name, values in sorted(_measured.items()):
        terminalreporter.write_line(
            f'| {name} | {len(values)} | {np.median(values):.2f} | {max(values):.2f} |')
