# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of every class."""
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.command_line.pictures import CLIP_US, liveliest, SHOWN_US
from snn_gesture_ros.simulation import random_clip


@pytest.mark.slow
@pytest.mark.parametrize('activity, framing', [('arm_roll', 'near'), ('walking_by', 'far')])
def test_tile_shows_the_liveliest_part_of_a_clip(activity, framing):
    counts = liveliest(activity, 4, framing)
    events = random_clip(activity, 4, CLIP_US, 'dvs128', framing)
    assert counts.shape == (2, 128, 128)
    assert counts.sum() > len(events) * SHOWN_US / CLIP_US
    shown = events[events['t'] // SHOWN_US == 0]
    assert counts.sum() >= len(shown)


@pytest.mark.parametrize('words, reason', [
    (['--seed', '-1'], 'of 0 or more'), (['--output', 'a.txt'], 'suffix of an image')])
def test_bad_usage_is_refused(capsys, words, reason):
    with pytest.raises(SystemExit, match='2'):
        main(['pictures', *words])
    assert reason in capsys.readouterr().err
