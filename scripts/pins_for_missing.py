# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Print the pins of a constraints file for the packages that this Python does not have yet.

What a robot's own Python brings (its NumPy, a Jetson's PyTorch) stays as it is.
"""

from importlib.metadata import distributions
import re
import sys


def canonical(name):
    """Return a distribution's name as package indexes compare it."""
    return re.sub('[-_.]+', '-', name).lower()


installed = {canonical(d.metadata['Name']) for d in distributions()} - {'pip', 'setuptools'}
with open(sys.argv[1]) as constraints:
    for line in constraints:
        if canonical(line.partition('==')[0]) not in installed:
            print(line, end='')
