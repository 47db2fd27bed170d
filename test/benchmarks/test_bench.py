# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark measures two ways to the same result, and ours is the faster one."""
import json
import shutil
import subprocess

import numpy as np
import pytest
from snn_gesture_ros.benchmarks import decoding, frames, network, timing
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.frames.accumulation import min_events_per_pixel
from snn_gesture_ros.network.checkpoint_files import EXPORTED
from snn_gesture_ros.network.classifier import SpikingClassifier

EVENTS = decoding.make_events()
DECODING = decoding.decoding_cases(EVENTS)
WINDOW, NOTES = frames.window_cases()


@pytest.mark.parametrize('case', DECODING, ids=lambda c: f'{c.name}-{c.reference_name}')
def test_both_ways_give_the_events_that_were_sent(case):
    message, = case.inputs
    assert (case.ours(message) == EVENTS).all()
    other = case.reference(message)
    if not isinstance(other, np.ndarray):
        other = np.array(
            [(e.ts.sec * 1_000_000 + e.ts.nanosec // 1000, e.x, e.y, e.polarity)
             for e in other.events], EVENT)
    assert (other == EVENTS).all()


@pytest.mark.slow
def test_both_ways_give_the_same_frames_of_a_stream():
    case, *_ = frames.stream_cases()
    ours = frames.MessagesToFrames(     # the case has seen all of them, and would restart
        frames.EventStream(frames.EVENT_ARRAY_TYPES[0], frames.Geometry(), frames.UNFILTERED),
        frames.FramesByTime(frames.SIZE, frames.FRAME_US, frames.TIME_STEPS),
        frames.STREAM_SPACING_US)
    messages, found = iter(case.inputs), []
    while len(found) < frames.TIME_STEPS:
        found += ours(next(messages))
    window_us = frames.TIME_STEPS * frames.FRAME_US
    for message in case.inputs[:window_us // frames.STREAM_SPACING_US]:
        expected = case.reference(message)
    few = expected < min_events_per_pixel(decoding.HEIGHT)
    assert (np.array([frame.counts for frame in found]) == np.where(few, 0, expected)).all()


def test_both_ways_give_the_same_events_of_a_still_scene():
    case = frames.still_scene_case()
    ours, others = ([packet.t_base_us + int(t_us) for group in case.inputs
                     for packet in way(group) for t_us in packet.events['dt_us']]
                    for way in (case.ours, case.reference))
    assert len(ours) > 100
    assert ours == others[:len(ours)]


@pytest.mark.parametrize('case', WINDOW, ids=lambda c: c.reference_name)
def test_both_ways_give_the_same_frames_of_a_window(case):
    events, = case.inputs
    expected = case.reference(events)
    assert expected.shape == (frames.TIME_STEPS, 2, frames.SIZE, frames.SIZE)
    assert (case.ours(events) == expected).all()


def test_what_cannot_be_compared_is_said():
    compared = ' '.join(case.reference_name for case in WINDOW)
    assert ('tonic' in compared) != ('tonic' in ' '.join(NOTES))
    assert ('SpikingJelly' in compared) != ('SpikingJelly' in ' '.join(NOTES))


@pytest.fixture(scope='module')
def dvs_gesture_net(tmp_path_factory):
    return network.save_dvs_gesture_net(tmp_path_factory.mktemp('net'), channels=16)


def networks(name, dvs_gesture_net):
    """Give a network as SpikingJelly has it, and the paths of the same for both runtimes."""
    if name == 'fast':
        return network.StockNetwork(name), {'torch': name, 'onnx': name}
    return network.StockNetwork(dvs_gesture_net), {
        'torch': dvs_gesture_net, 'onnx': dvs_gesture_net.with_suffix(EXPORTED)}


@pytest.mark.parametrize('runtime', ['torch', 'onnx'])
@pytest.mark.parametrize('name', ['fast', 'DVSGestureNet'])
def test_all_ways_give_the_same_decision(name, runtime, dvs_gesture_net):
    stock, paths = networks(name, dvs_gesture_net)
    window = network.make_frames(stock.card)[:stock.card.time_steps]
    expected = stock.multi_step(window)
    assert expected == pytest.approx(
        np.mean([stock.single_step(frame) for frame in window], axis=0), abs=1e-4)
    ours = SpikingClassifier(paths[runtime], runtime).runtime
    states, outputs = [None], []
    for frame in window:
        output, states = ours.step(
            [network.network_input(frame, stock.card.frame_value)], states)
        outputs += [*output]
    assert expected == pytest.approx(np.mean(outputs, axis=0), abs=1e-4)


@pytest.mark.slow
def test_the_seeds_way_integrates_the_same_frames(dvs_gesture_net):
    stock, _ = networks('DVSGestureNet', dvs_gesture_net)
    seed = network.SeedMethod(stock)
    messages = network.make_messages(stock.card)[:stock.card.time_steps + 1]
    stream = network.EventStream(network.EVENT_ARRAY_TYPES[0], network.Geometry(),
                                 frames.UNFILTERED)
    frame_stream = network.FramesByTime(stock.card.size, network.frame_us(stock.card),
                                        stock.card.time_steps)
    to_frames = frames.MessagesToFrames(stream, frame_stream, network.frame_us(stock.card))
    ours = [frame.counts for message in messages for frame in to_frames(message)]
    events = np.concatenate([network.read_event_array_with_numpy(m) for m in messages[:-1]])
    assert (seed.integrate(events) == ours).all()
    decisions = [seed.decide(message) for message in messages[:-1]]
    assert (decisions[-1] == stock.multi_step(np.array(ours))).all()


def test_row_compares_ours_with_the_reference():
    nothing = timing.Case('nothing', [b''], len, lambda _: sum(range(20_000)), 'a sum')
    row, = timing.measure([nothing], rounds=3)
    assert row['name'] == 'nothing' and row['reference_name'] == 'a sum'
    assert row['unit'] == 'ms'
    assert row['ratio'] == pytest.approx(row['reference'] / row['ours']) and row['ratio'] > 1
    assert row['ours_p95'] >= row['ours'] and row['reference_p95'] >= row['reference']
    row, = timing.measure([nothing._replace(events=10)], rounds=3)
    assert row['unit'] == 'M events/s'
    assert row['ratio'] == pytest.approx(row['ours'] / row['reference']) and row['ratio'] > 1
    assert row['ours_p95'] <= row['ours'] and row['reference_p95'] <= row['reference']


@pytest.mark.slow
def test_ours_is_faster_by_far(dvs_gesture_net):
    """Guard against regressions: each bound is about half of what a busy machine gives."""
    bounds = [
        (DECODING[0], 1.5),
        (next(case for case in DECODING if case.name == 'evt3'), 3),
        *zip(frames.stream_cases(), (6, 3)),
        *((case, 2) for case in WINDOW if 'tonic' in case.reference_name)]
    for name, runtime, least in [('DVSGestureNet', 'onnx', (30, 2, 30)),
                                 ('DVSGestureNet', 'torch', (8, 0.5, 7)),
                                 ('fast', 'onnx', (15, 3, 10))]:
        stock, paths = networks(name, dvs_gesture_net)
        bounds += zip(network.decision_cases(
            f'{name}, {runtime}', stock, SpikingClassifier(paths[runtime], runtime)), least)
    cases, least = zip(*bounds)
    for row, bound in zip(timing.measure(cases, rounds=7), least):
        assert row['ratio'] > bound, row


@pytest.mark.slow
def test_command_prints_a_table_or_json(capsys):
    assert main(['bench', '--json', '--rounds', '1']) == 0
    rows = json.loads(capsys.readouterr().out)
    names = ' '.join(row['name'] for row in rows)
    for part in ('EventArray', 'mono', 'evt3', 'libcaer', 'libcaer_cmp', 'to frames',
                 'DVSGestureNet c=32, onnx', 'fast, torch', 'from events'):
        assert part in names
    assert all(row['ours'] > 0 and row['reference'] > 0 for row in rows)
    table = timing.as_table(rows, 1, 'torch 1.2.3')
    assert timing.cpu_model() in table and 'torch 1.2.3' in table
    assert all(row['name'] in table for row in rows)


def test_no_rounds_is_bad_usage(capsys):
    with pytest.raises(SystemExit, match='2'):
        main(['bench', '--rounds', '0'])
    assert '--rounds' in capsys.readouterr().err


@pytest.mark.parametrize('words', [
    ['--composed'], ['--device', 'cpu', '--robot', '1'], ['--device', 'gpu']])
def test_words_that_do_not_go_together_are_bad_usage(words, capsys):
    try:
        status = main(['bench', *words])
    except SystemExit as ended:
        status = ended.code
    assert status == 2 and capsys.readouterr().err.count('\n') == 1


def test_a_device_from_messages_to_scores(capsys):
    words = ['bench', '--device', 'cpu', '--cameras', '3', '--rounds', '2', '--json']
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result['device'] == 'cpu'
    assert 0 < result['one_camera_ms_p50'] <= result['one_camera_ms_p99']
    assert result['cameras_in_batch'] == 3


def test_a_device_that_is_not_there_ends_in_one_line(capsys):
    assert main(['bench', '--device', 'cuda:99']) == 1
    assert capsys.readouterr().err.count('\n') == 1


def test_trials_of_a_robot():
    result = subprocess.run([shutil.which('snn-gesture'), 'bench', '--robot', '1', '--json'],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found['hot_swaps'] == found['kills'] == 1 and found['activations'] == 2
    assert found['hot_swap_frames_dropped'] >= 0 and 0 < found['hot_swap_longest_gap_ms'] < 60_000
    assert 0 < found['command_ms_p50'] <= found['command_ms_p99']
    assert 0 < found['mb_inactive_late'] and 0 < found['stop_ms_longest']


@pytest.mark.slow
def test_starts_of_the_nodes():
    result = subprocess.run([shutil.which('snn-gesture'), 'bench', '--starts', '1', '--json'],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for start in ('warm', 'classifier_alone', 'composed', 'cold'):
        assert 0 < found[f'first_score_s_{start}'] <= found[f'first_score_s_{start}_longest']
    assert found['cpu_s_cold_event_stream'] > found['cpu_s_warm_event_stream'] + 0.5
    for node in ('event_stream', 'gesture_classifier', 'gesture_pipeline'):
        private, proportional, resident = (
            found[f'mb_{kind}_{node}'] for kind in ('private', 'proportional', 'resident'))
        assert 0 < private < proportional < resident
