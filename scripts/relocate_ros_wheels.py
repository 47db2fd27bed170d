# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Point the CMake files of the ROS wheels at this Python's headers.

The wheels name the folders of the machine that built them:
/opt/python/<tag>/include/... and /opt/python/<tag>/lib/.../numpy/_core/include.
"""

from pathlib import Path
import re
import sys
import sysconfig

import numpy

REPLACEMENTS = {
    r'/opt/python/cp\d+-cp\d+/include/python3\.\d+': sysconfig.get_path('include'),
    r'/opt/python/cp\d+-cp\d+/lib/python3\.\d+/site-packages/numpy/_?core/include':
        numpy.get_include(),
}

for path in Path(sys.prefix).glob('share/*/cmake/*.cmake'):
    text = relocated = path.read_text()
    for built, here in REPLACEMENTS.items():
        relocated = re.sub(built, lambda _: here, relocated)
    if relocated != text:
        path.write_text(relocated)
