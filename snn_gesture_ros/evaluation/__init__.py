# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Evaluation of recordings: what is decided and announced in them, against what they show.

In the order of use: `sources` finds recordings and their labels, `evaluating` runs them through
what the nodes run into a `run`, `verdicts` judges it, `results` measures, and `report_files`
writes. `report/`, which measures checkpoints on many clips, judges and measures by the same
functions.
"""
