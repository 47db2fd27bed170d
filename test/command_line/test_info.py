# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `snn-gesture` and its verb `info`."""
import json
import os
import shutil
import subprocess
import sys

from dvs128_download import pack, write_download
from event_files import ARRAY, batches, make_array, write_bag
import numpy as np
from paths import SHARED_DATA
import pytest
from safetensors.numpy import load_file
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import Clip, ClipSetWriter
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.network.checkpoint_files import find_checkpoint
from snn_gesture_ros.network.model_facts import never_tried_on
from spikingjelly.activation_based import surrogate
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode
import torch

KEYS = {'events', 'on', 'off', 'triggers_rising', 'triggers_falling', 'width', 'height',
        't_first_us', 't_last_us', 'sum_time_us', 'duration_s', 'rate_eps', 'messages', 'lost',
        'malformed', 'format', 'encoding', 'topic', 'peak_rate_eps', 'longest_gap_s',
        'longest_gap_at_s', 'labels', 'restarts', 'topics', 'notes', 'malformed_reason'}
CARD_KEYS = {'format', 'file', 'file_bytes', 'parameters', 'labels', 'time_steps', 'window_ms',
             'size', 'frame_value', 'slicing', 'readout', 'architecture', 'license', 'training',
             'never_tried_on'}
AEDAT4 = SHARED_DATA / 'aedat4' / 'dvxplorer_320x240.aedat4'


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / 'wave.npz'
    t = np.arange(100) * 10_000 + 5
    np.savez(path, t=t, x=t % 128, y=t % 127, p=np.arange(100) % 4 == 0)
    return path


def test_json(recording, capsys):
    assert main(['info', str(recording), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert KEYS <= set(facts)
    assert (facts['events'], facts['on'], facts['off']) == (100, 25, 75)
    assert (facts['t_first_us'], facts['t_last_us']) == (5, 990_005)
    assert facts['sum_time_us'] == 10_000 * 99 * 50 + 500
    assert facts['duration_s'] == pytest.approx(0.99)
    assert facts['rate_eps'] == pytest.approx(100 / 0.99)
    assert facts['width'] is None and facts['messages'] is None and facts['damage'] is None


def test_table(recording, capsys):
    assert main(['info', str(recording)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'events       100 (25 ON, 75 OFF)' in lines
    assert 'camera time  5 to 990005 us' in lines
    assert not any(line.startswith('sensor') for line in lines)


def test_pace(tmp_path, capsys):
    """Put 3000 events in 10 ms, over the batches that files are read in, and pause for 7 s."""
    t = np.concatenate([np.arange(100_000) * 100 + 3, 20_000_000 + np.arange(3000) * 3, [2**31]])
    np.savez(tmp_path / 'a.npz', t=t, x=t % 128, y=t % 127, p=t % 2)
    assert main(['info', str(tmp_path / 'a.npz'), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts['peak_rate_eps'] == 300_000
    assert facts['longest_gap_s'] == pytest.approx((2**31 - t[-2]) / 1e6)
    assert facts['longest_gap_at_s'] == pytest.approx((t[-2] - 3) / 1e6)
    np.savez(tmp_path / 'b.npz', t=t[:-1], x=t[:-1] % 128, y=t[:-1] % 127, p=t[:-1] % 2)
    assert main(['info', str(tmp_path / 'b.npz')]) == 0
    text = capsys.readouterr().out
    assert '300000 in the busiest 10 ms' in text
    assert 'longest gap  10.000097 s, after 9.999900 s' in text


def test_restart_of_the_camera(tmp_path, capsys):
    t = np.concatenate([np.arange(70_000) * 100, np.arange(1000), np.arange(70_000) * 100])
    np.savez(tmp_path / 'a.npz', t=t, x=t % 128, y=t % 127, p=t % 2)
    assert main(['info', str(tmp_path / 'a.npz')]) == 0
    assert 'restarts     1 times the camera time jumps back by more than 0.1 s' in (
        capsys.readouterr().out)


def test_download_of_dvs128_gesture(tmp_path, capsys):
    download = write_download(tmp_path / 'DvsGesture')
    (download / 'user22_led.aedat').unlink()
    told = []
    for path in (download, pack(download)):
        assert main(['info', str(path), '--json']) == 0
        told.append(json.loads(capsys.readouterr().out))
        assert main(['info', str(path)]) == 0
        output = capsys.readouterr()
        assert '45 clips of 3 persons' in output.out
        assert f'{path}: user22_led.aedat is missing' in output.err
    counts = {'train': 2, 'validation': 0, 'test': 2}
    assert told[0]['labels']['air_guitar'] == counts and told[0]['recordings'] == 4
    assert {**told[0], 'notes': 7} == {**told[1], 'notes': len(told[1]['notes'])}


def test_labels_beside_a_recording(recording, capsys):
    (recording.parent / 'labels.csv').write_text(
        'file,start_s,end_s,label\nwave.npz,0.25,0.5,wave\nother.npz,0,1,clap\n'
        'wave.npz,0.75,,none\n')
    assert main(['info', str(recording), '--json']) == 0
    assert json.loads(capsys.readouterr().out)['labels'] == [
        {'start_s': 0.25, 'end_s': 0.5, 'label': 'wave'},
        {'start_s': 0.75, 'end_s': None, 'label': 'none'}]
    assert main(['info', str(recording)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        'label        0.250 s to 0.500 s: wave', 'label        0.750 s to the end: none']


def test_labels_are_those_of_evaluate(tmp_path, capsys):
    download = write_download(tmp_path / 'DvsGesture')
    assert main(['info', str(download / 'user01_led.aedat'), '--json']) == 0
    labels = json.loads(capsys.readouterr().out)['labels']
    assert len(labels) == 11
    assert (labels[3]['label'], labels[3]['start_s']) == (
        'right_arm_clockwise', pytest.approx(0.75, abs=1e-3))
    own = tmp_path / 'own.npz'
    t = np.arange(100)
    np.savez(own, t=t, x=t, y=t, p=t % 2)
    (tmp_path / 'own_labels.csv').write_text('start,end,label\n0,2.5,snap\n')
    assert main(['info', str(own)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == 'label        0.000 s to 2.500 s: snap'
    (tmp_path / 'own_labels.csv').write_text('start,end\n0,2.5\n')
    assert main(['info', str(own)]) == 0
    assert 'label is missing' in capsys.readouterr().err


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
def test_topics_of_a_bag(tmp_path, capsys, storage):
    text = ('/chatter', 'std_msgs/msg/String', b'\0\1\0\0\1\0\0\0\0')
    rows = [row for events in batches(3) for row in [
        ('/a', ARRAY, make_array(events)), text, text, ('/b', ARRAY, make_array(events))]]
    bag = write_bag(tmp_path / 'bag', rows, storage)
    listed = [f'topic        /a: {ARRAY}, 3 messages', f'topic        /b: {ARRAY}, 3 messages',
              'topic        /chatter: std_msgs/msg/String, 6 messages']
    assert main(['info', str(bag)]) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == listed and 'choose one: /a, /b' in output.err
    assert main(['info', str(bag), '--topic', '/b']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'topic        /b' in lines and lines[-2:] == [listed[0], listed[2]]
    assert main(['info', str(bag), '--topic', '/a', '--json']) == 0
    assert json.loads(capsys.readouterr().out)['topics'][2] == {
        'topic': '/chatter', 'type': 'std_msgs/msg/String', 'messages': 6}
    assert main(['info', str(write_bag(tmp_path / 'none', [text], storage))]) == 1
    assert 'no topic with events, only /chatter (std_msgs' in capsys.readouterr().err


def test_frames(recording, tmp_path, capsys):
    path = tmp_path / 'frames.npz'
    assert main(['frames', str(recording), str(path), '--frames-number', '4']) == 0
    assert main(['info', str(path), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts['format'], facts['shape']) == ('frames', [4, 2, 128, 128])
    assert (facts['off'], facts['on']) == (75, 25) and facts['events_a_frame'] == [25] * 4
    assert main(['info', str(path)]) == 0
    assert 'shape            4, 2, 128, 128' in capsys.readouterr().out
    np.savez(path, frames=np.zeros((4, 128, 128)))
    assert main(['info', str(path)]) == 1
    assert 'must be numbers [T, 2, H, W]' in capsys.readouterr().err


def test_recording_without_events(tmp_path, capsys):
    none = np.zeros(0, np.int64)
    np.savez(tmp_path / 'none.npz', t=none, x=none, y=none, p=none)
    assert main(['info', str(tmp_path / 'none.npz'), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts['events'] == 0 and facts['t_first_us'] is None and facts['rate_eps'] is None
    assert main(['info', str(tmp_path / 'none.npz')]) == 0


@pytest.mark.parametrize('content', [None, b'', b'hello', b'SQLite format 3\0 cut off',
                                     b'\x89MCAP0\r\n cut off', b'PK\x03\x04 cut off'])
@pytest.mark.parametrize('suffix', ['.db3', '.mcap', '.npz', '.aedat4', ''])
def test_bad_file_is_one_line_and_status_1(tmp_path, capsys, content, suffix):
    path = tmp_path / f'bad{suffix}'
    if content is not None:
        path.write_bytes(content)
    assert main(['info', str(path)]) == 1
    output = capsys.readouterr()
    assert output.out == ''
    assert output.err.startswith(f'snn-gesture: {path}: ') and output.err.count('\n') == 1


def test_topic_of_a_recording_without_topics(recording, capsys):
    assert main(['info', str(recording), '--topic', '/events']) == 1
    assert capsys.readouterr().err.endswith('wave.npz: npz has no topics\n')


@pytest.mark.parametrize('verb, words', [
    ('view', ['--output', 'a.png']), ('evaluate', []), ('convert', ['a.h5'])])
def test_verbs_refuse_a_topic_too(recording, tmp_path, monkeypatch, capsys, verb, words):
    monkeypatch.chdir(tmp_path)
    assert main([verb, str(recording), '--topic', '/events', *words]) == 1
    assert capsys.readouterr().err.endswith('wave.npz: npz has no topics\n')


def test_a_reader_that_goes_ends_the_command_quietly(recording):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run([shutil.which('snn-gesture'), 'info', str(recording), '--json'],
                             stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, '')


@pytest.mark.skipif(not AEDAT4.exists(), reason=f'no real recording {AEDAT4}')
def test_cut_off_file_is_shown_as_far_as_it_goes(tmp_path, capsys):
    path = tmp_path / 'cut.aedat4'
    path.write_bytes(AEDAT4.read_bytes()[:400_000])
    assert main(['info', str(path), '--json']) == 1
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert facts['events'] > 0
    assert output.err == f'snn-gesture: {facts["damage"]}\n'


@pytest.mark.parametrize('words', [[], ['info'], ['juggle'], ['info', 'a', 'b'],
                                   ['info', 'a', '--loud'], ['--', 'info']])
def test_bad_usage_is_status_2(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith('snn-gesture') and line.endswith('--help') and ': error: ' in line


def test_help_lists_the_verbs(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(['--help'])
    assert exit_.value.code == 0
    assert {'info', 'bench', 'demo'} <= set(capsys.readouterr().out.split())


def test_info_imports_no_torch(recording):
    code = ('import sys; from snn_gesture_ros.command_line.main import main; '
            f'main(["info", {str(recording)!r}]); sys.exit("torch" in sys.modules)')
    assert subprocess.run([sys.executable, '-c', code], capture_output=True).returncode == 0


def test_model_card_of_a_shipped_model(capsys):
    assert main(['info', 'fast']) == 0
    text = capsys.readouterr().out
    assert 'labels         hand_clapping, right_hand_wave' in text
    assert 'never trained on\n  real people in front of a real camera' in text


def test_model_card_as_json(tmp_path, capsys):
    assert main(['info', 'fast', '--json']) == 0
    card = json.loads(capsys.readouterr().out)
    assert CARD_KEYS <= set(card)
    path = find_checkpoint('fast')
    assert card['file_bytes'] == path.stat().st_size
    content = load_file(path)
    assert card['parameters'] == sum(
        content[name].size for name in content
        if not name.endswith(('running_mean', 'running_var', 'num_batches_tracked')))
    copy = tmp_path / 'fast'
    shutil.copy(path, copy.with_suffix('.safetensors'))
    assert main(['info', str(copy.with_suffix('.safetensors')), '--json']) == 0
    assert json.loads(capsys.readouterr().out) == card


def test_model_card_of_a_spikingjelly_checkpoint(tmp_path, capsys):
    net = DVSGestureNet(8, LIFNode, surrogate_function=surrogate.ATan(), detach_reset=True)
    torch.save({'net': net.state_dict(), 'epoch': 3}, tmp_path / 'checkpoint_max.pth')
    assert main(['info', str(tmp_path / 'checkpoint_max.pth')]) == 0
    text = capsys.readouterr().out
    assert 'hand_clapping, right_hand_wave, other_gestures' in text
    assert '300000 events' in text and 'does not say' in text


@pytest.mark.parametrize('kept', [0.001, 0.05, 0.9])
def test_damaged_checkpoint_is_one_line_and_status_1(tmp_path, capsys, kept):
    path = tmp_path / 'cut.safetensors'
    whole = find_checkpoint('fast').read_bytes()
    path.write_bytes(whole[:int(kept * len(whole))])
    assert main(['info', str(path)]) == 1
    errors = capsys.readouterr().err
    assert 'not a usable checkpoint' in errors and errors.count('\n') == 1


@pytest.mark.parametrize('training, never', [
    ({}, ['unknown']), ({'data': 'unknown; taken for DVS128 Gesture'}, ['unknown']),
    ({'data': 'simulation any, simulation evk4'}, ['real people', 'DVS128 Gesture']),
    ({'data': 'DVS128 Gesture, simulation any'}, []),
    ({'data': 'simulation any', 'figures': {'DVS128 Gesture': {'recall': 0.9}}}, []),
    ({'data': 'wave_1.mcap'}, ['DVS128 Gesture'])])
def test_what_a_network_never_saw(training, never):
    found = never_tried_on(training)
    assert len(found) == len(never)
    assert all(text.startswith(start) for text, start in zip(found, never))


def test_clip_set(tmp_path, capsys):
    clips = [(Clip(label, person, person, split, 1_000_000, source='a camera'),
              np.zeros(1, PACKED_EVENT))
             for label, person, split in [('wave', 'ann', 'train'), ('none', 'ann', 'train'),
                                          ('wave', 'bob', 'test')]]
    ClipSetWriter(tmp_path / 'set', {'made_by': 'hand'}).write('all', clips)
    assert main(['info', str(tmp_path / 'set')]) == 0
    text = capsys.readouterr().out
    assert 'made_by        hand' in text and '3 clips of 2 persons' in text
    assert main(['info', str(tmp_path / 'set'), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts['format'] == 'clip set' and facts['clips'] == 3 and facts['minutes'] == 0.05
    assert facts['labels']['wave'] == {'train': 1, 'validation': 0, 'test': 1}
    assert facts['persons'] == {'train': 1, 'validation': 0, 'test': 1}
    assert facts['sources'] == ['a camera']
