# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Report: how well checkpoints recognize gestures, as a Markdown page with figures.

In the order of use: `event_sets` simulates clips, `replay` runs them through what the nodes run,
`real` evaluates real recordings, `measures` turns clips into figures and `chapter` those of a
checkpoint into its chapter; `figures` and `pages` show it. `report` puts them together.
"""
