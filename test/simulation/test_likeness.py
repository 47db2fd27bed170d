# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording compared with simulated sensors: `simulate --like`."""
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.simulation import SENSORS, SimulatedCamera
from snn_gesture_ros.simulation.likeness import STATISTICS, statistics


def pulses(*moments):
    """Return events of a square of 16x16 pixels: at each (t in µs, polarity) each pixel fires."""
    events = np.zeros((len(moments), 16, 16), EVENT)
    events['y'], events['x'] = np.indices((16, 16))
    for k, (t_us, polarity) in enumerate(moments):
        events[k]['t'], events[k]['p'] = t_us, polarity
    return events.reshape(-1)


def test_statistics_of_events_that_follow_one_another():
    found = statistics(pulses((0, 0), (1000, 1), (1020, 1), (20_000, 1), (49_000, 0),
                              (52_000, 0), (120_000, 1)), 32, 32)
    assert found['both_polarities'] == pytest.approx(0.5)     # in the first frame of two
    assert found['filled'] == 1.0
    assert found['events_a_pixel'] == pytest.approx((5 + 1) / 2)
    assert found['on_share'] == pytest.approx(4 / 7)
    assert found['on_after_off'] == pytest.approx(1 / 3)
    assert found['off_after_on'] == 0.0
    assert found['same_again'] == found['read_twice'] == pytest.approx(1 / 7, abs=0.03)


def test_a_recording_without_movement_has_no_statistics_of_it():
    found = statistics(pulses((0, 1))[:1], 32, 32)
    assert np.isnan(found['filled']) and found['on_share'] == 1.0
    assert set(statistics(np.zeros(0, EVENT), 32, 32)) == set(STATISTICS)


def test_simulate_like_compares_a_recording_with_every_sensor(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    events = SimulatedCamera(SENSORS['dvs128'], 3, 'right_hand_wave', 'near').advance(1_000_000)
    np.savez(tmp_path / 'wave.npz', **{name: events[name] for name in 'txyp'})
    assert main(['simulate', '--like', str(tmp_path / 'wave.npz'), '--labels', 'right_hand_wave',
                 '--framing', 'near', '--clips', '1']) == 0
    told = capsys.readouterr().out
    assert all(text in told for text in (*STATISTICS.values(), *SENSORS))
    assert 'nearest: ' in told


def test_simulate_needs_a_folder_or_a_recording(tmp_path, capsys):
    assert main(['simulate']) == 2
    assert main(['simulate', str(tmp_path), '--like', 'x.npz']) == 2
    assert '--like' in capsys.readouterr().err
    assert main(['simulate', '--like', str(tmp_path / 'none.npz')]) == 1
    assert 'none.npz' in capsys.readouterr().err
