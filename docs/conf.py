# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration, for `make docs` and for rosdoc2."""
from importlib.util import find_spec

project = 'snn_gesture_ros'
author = 'the snn_gesture_ros authors'
copyright = f'2026, {author}'  # noqa: A001  (Sphinx's name)
extensions = ['myst_parser']
myst_heading_anchors = 4
html_theme = 'furo' if find_spec('furo') else 'sphinx_rtd_theme'     # rosdoc2 has the latter
html_title = project
nitpicky = True
html_static_path = ['_static']
html_css_files = ['phone.css']
