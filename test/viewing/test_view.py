# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and films of events, and the verb that shows them."""
from functools import partial
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

import numpy as np
from paths import PROJECT
from PIL import Image
import pytest
from snn_gesture_ros.command_line.main import main, VERBS
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.runtimes import open_runtime
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.viewing.film import (
    at_steady_rate, Exposure, film, Recognition, Shot, thin_out)
from snn_gesture_ros.viewing.image import (
    BACKGROUND, draw_events, Gesture, OFF, ON, TEXT, write_caption)
import yaml

CONFIG = PROJECT / 'config'
AEDAT31_HEADER = b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n'


def write_npz(path, t, x=5, p=1):
    """Write an event at each time, in microseconds."""
    t = np.asarray(t)
    np.savez(path, t=t, x=np.full(len(t), x), y=np.full(len(t), 7), p=np.full(len(t), p))
    return path


def shots_of(path, shot_ms=10, **options):
    with open_recording(path) as recording:
        return list(film(recording, 1000 * shot_ms, **options))


def run_view(*arguments, cwd, display=None):
    environment = {name: value for name, value in os.environ.items() if name != 'DISPLAY'}
    if display:
        environment['DISPLAY'] = display
    return subprocess.run([shutil.which('snn-gesture'), 'view', *map(str, arguments)], cwd=cwd,
                          env=environment, capture_output=True, text=True)


def test_off_is_blue_and_on_is_orange():
    counts = np.zeros((2, 1, 4), int)
    counts[0, 0, 1] = counts[1, 0, 2] = 3
    counts[0, 0, 3] = 1
    picture = draw_events(counts, 4)
    assert picture.dtype == np.uint8
    assert [tuple(colour) for colour in picture[0, :3]] == [BACKGROUND, tuple(OFF), tuple(ON)]
    assert BACKGROUND[2] < picture[0, 3, 2] < OFF[2]


@pytest.mark.parametrize('sensor, size', [
    ((128, 128), (640, 640)), ((346, 260), (346, 260)), ((640, 480), (640, 480)),
    ((1280, 720), (640, 360)), ((641, 3), (321, 2)), ((320, 240), (640, 480))])
def test_picture_is_bounded_and_shows_every_event(sensor, size):
    width, height = sensor
    for x, y in ((0, 0), (width - 1, height - 1), (width // 2, height // 2)):
        counts = np.zeros((2, height, width), np.int32)
        counts[1, y, x] = 3
        picture = draw_events(counts)
        assert picture.shape == (size[1], size[0], 3)
        shown = np.argwhere((picture == ON).all(2))
        assert len(shown) == max(640 // max(sensor), 1) ** 2
        assert np.abs(shown.mean(0) / picture.shape[:2] - (y / height, x / width)).max() < 0.5


def test_events_outside_the_sensor_are_left_out():
    events = np.zeros(4, EVENT)
    events['x'], events['y'], events['p'] = [1, 3, 4, 0], [0, 1, 0, 2], [0, 1, 1, 1]
    exposure = Exposure()
    assert exposure.take() is None
    exposure.add(events, 4, 2)
    counts = exposure.take()
    assert np.argwhere(counts).tolist() == [[0, 0, 1], [1, 1, 3]]
    exposure.add_pixels(np.array([0, 15, 16, 2**32 - 1], np.uint32), 4, 2)
    assert exposure.take().sum() == 2
    assert exposure.take().sum() == 0


def test_caption_is_bright_where_the_gesture_has_started():
    picture = draw_events(np.zeros((2, 128, 128), int))
    started = write_caption(picture, Gesture('air_guitar', 0.91, True))
    quiet = write_caption(picture, Gesture('air_guitar', 0.91, False))
    assert (started == TEXT).all(2).sum() > 50
    assert (quiet == TEXT).all(2).sum() == 0 and (quiet != picture).any()
    assert (started[40:] == picture[40:]).all()


def test_film_has_a_shot_for_every_part_also_without_events(tmp_path):
    path = write_npz(tmp_path / 'a.npz', [1_000_000, 1_003_000, 1_010_000, 1_045_000])
    shots = shots_of(path)
    assert [shot.t_s for shot in shots] == [0, 0.01, 0.02, 0.03, 0.04]
    assert [shot.counts.sum() for shot in shots] == [2, 1, 0, 0, 1]
    assert all(shot.counts.shape == (2, 128, 128) for shot in shots)
    assert shots[0].counts[1, 7, 5] == 2
    part = shots_of(path, start_s=0.01, end_s=0.03)
    assert [shot.t_s for shot in part] == [0.01, 0.02]


def test_one_event_that_lies_moves_no_shot(tmp_path):
    times_us = np.arange(1_000_000, 1_050_000, 500)
    true = shots_of(write_npz(tmp_path / 'a.npz', times_us))
    for place in (0, 30, 98):
        lying_us = times_us.copy()
        lying_us[place] += 3_600_000_000
        shots = shots_of(write_npz(tmp_path / 'b.npz', lying_us))
        assert [shot.t_s for shot in shots] == [shot.t_s for shot in true]
        assert sum(shot.counts.sum() for shot in shots) == 100


def test_long_silence_is_shortened_and_times_stay_true(tmp_path):
    shots = shots_of(write_npz(tmp_path / 'a.npz', [0, 3_600_000_000]))
    assert len(shots) == 202 and shots[-1].t_s == 3600


def test_film_goes_on_where_the_camera_was_restarted(tmp_path):
    batch = 1 << 16        # an npz is read so many events at a time
    times = np.concatenate([np.linspace(9_000_000, 9_019_999, batch),
                            np.linspace(0, 9_999, 100), np.linspace(10_000, 19_999, 100)])
    shots = shots_of(write_npz(tmp_path / 'a.npz', times.astype(int)))
    assert [shot.t_s for shot in shots] == [0, 0.01, 0.02, 0.03]
    assert [shot.counts.sum() for shot in shots][2:] == [100, 100]


def test_late_shots_are_repeated():
    times_s = [0, 0.01, 0.04, 0.05]
    shots = [Shot(t_s, None) for t_s in times_s]
    steady = [shot.t_s for shot in at_steady_rate(shots, 10_000)]
    assert steady == [0, 0.01, 0.04, 0.04, 0.04, 0.05]


def test_tiles_are_spread_evenly():
    assert thin_out(range(5), 8) == [0, 1, 2, 3, 4]
    assert thin_out(range(17), 8) == [0, 4, 8, 12, 16]


@pytest.fixture
def wave(tmp_path):
    """Write a second in which the left of the picture fires."""
    rng = np.random.default_rng(1)
    t = np.sort(rng.integers(0, 1_000_000, 40_000))
    np.savez(tmp_path / 'wave.npz', t=t, x=rng.integers(0, 40, len(t)),
             y=rng.integers(0, 128, len(t)), p=np.arange(len(t)) % 2)
    return tmp_path / 'wave.npz'


def test_without_a_display_a_strip_is_written(tmp_path, wave):
    result = run_view(wave, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == 'wave_events.png\n' and 'no window' in result.stderr
    with Image.open(tmp_path / 'wave_events.png') as picture:
        pixels = np.asarray(picture.convert('RGB'))
    assert (pixels == OFF).all(2).any() and (pixels == ON).all(2).any()


def test_gif_has_every_shot_and_the_right_duration(tmp_path, wave, capsys):
    path = tmp_path / 'wave.gif'
    assert main(['view', str(wave), '--output', str(path), '--end-s', '0.495']) == 0
    assert capsys.readouterr().out == f'{path}\n'
    with Image.open(path) as picture:
        assert picture.size == (640, 640) and picture.n_frames == 15
        durations_ms = []
        for number in range(picture.n_frames):
            picture.seek(number)
            durations_ms.append(picture.info['duration'])
        pixels = np.asarray(picture.convert('RGB'))
    assert sum(durations_ms) == 500          # 15 times 33 ms
    assert (pixels == ON).all(2).any() and (pixels == BACKGROUND).all(2).any()


def test_mp4_has_every_shot(tmp_path, wave):
    av = pytest.importorskip('av', reason='MP4 needs PyAV')
    path = tmp_path / 'wave.mp4'
    assert main(['view', str(wave), '--output', str(path), '--frame-ms', '50']) == 0
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
        assert container.duration == pytest.approx(1e6, rel=0.06)
    assert len(pictures) == 20 and pictures[0].shape == (640, 640, 3)
    assert pictures[5][:, :320].mean() > 1.3 * pictures[5][:, 320:].mean()


def test_gestures_are_named_by_a_checkpoint(wave, halves):
    shots = shots_of(wave, 20, watch=partial(Recognition, SpikingClassifier(str(halves))))
    assert shots[0].gesture is None
    assert shots[-1].gesture.label == 'left' and shots[-1].gesture.started
    assert 0.9 < shots[-1].gesture.score <= 1
    assert not all(shot.gesture.started for shot in shots[1:])


def test_picture_and_network_see_what_is_turned(tmp_path, wave, halves):
    watch = partial(Recognition, SpikingClassifier(str(halves)), rotation=180)
    shots = shots_of(wave, 20, watch=watch, rotation=180)
    assert shots[-1].gesture.label == 'right' and shots[-1].gesture.started
    assert shots[-1].counts[..., 88:].any() and not shots[-1].counts[..., :88].any()
    np.testing.assert_array_equal(
        shots_of(wave, 20, rotation=90)[7].counts,
        np.rot90(shots_of(wave, 20)[7].counts, -1, (1, 2)))
    path = tmp_path / 'turned.png'
    assert main(['view', str(wave), '--rotation', '90', '--checkpoint', str(halves),
                 '--output', str(path)]) == 0
    assert path.exists()


def test_silence_is_turned_too(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, t=[0, 1_000_000], x=[5, 5], y=[1, 1], p=[1, 1], width=200, height=100)
    assert {shot.counts.shape for shot in shots_of(path, 20, rotation=270)} == {(2, 200, 100)}


def test_gesture_ends_in_silence(tmp_path, halves):
    t = np.arange(0, 1_000_000, 25)
    t = np.concatenate([t, [3_000_000]])
    path = write_npz(tmp_path / 'a.npz', t, x=np.arange(len(t)) % 40)
    shots = shots_of(path, 20, watch=partial(Recognition, SpikingClassifier(str(halves))))
    at = {round(shot.t_s, 2): shot.gesture for shot in shots}
    assert (at[0.98].label, at[0.98].started) == ('left', True)
    assert (at[2.9].label, at[2.9].started) == ('none', False)


def test_damaged_recording_is_shown_up_to_the_damage(tmp_path, capsys):
    words = np.array([[64 << 17 | 64 << 2 | 3, 1000 * i] for i in range(100)], '<u4').tobytes()
    packet = struct.pack('<HHIIIIII', 1, 1, 8, 4, 0, 100, 100, 100) + words
    path = tmp_path / 'cut.aedat'
    path.write_bytes(AEDAT31_HEADER + packet + packet[:-100])
    assert main(['view', str(path), '--output', str(tmp_path / 'cut.png')]) == 1
    output = capsys.readouterr()
    assert output.out == f'{tmp_path / "cut.png"}\n' and 'cut off' in output.err
    assert Image.open(tmp_path / 'cut.png').width > 500


@pytest.mark.parametrize('arguments, status, message', [
    ([], 2, 'required'), (['a.npz', '--live'], 2, 'not allowed'),
    (['a.npz', '--output', 'a.avi'], 2, 'must end in one of .gif, .mp4, .png'),
    (['a.npz', '--frame-ms', '0'], 2, 'number from 1'),
    (['a.npz', '--end-s', 'nan'], 2, 'number from 0'),
    (['missing.npz'], 1, 'missing.npz'), (['a.npz', '--start-s', '9'], 1, 'no events'),
    (['a.npz', '--start-s', '3', '--end-s', '3'], 2, 'later than'),
    (['a.npz', '--checkpoint', 'nosuch'], 1, 'no checkpoint nosuch'),
    (['--live', '--checkpoint', 'fast'], 2, 'for recordings'),
    (['a.npz', '--output', 'no/such/folder/a.mp4'], 1, 'no folder no/such/folder')])
def test_bad_usage_and_bad_data(tmp_path, arguments, status, message):
    write_npz(tmp_path / 'a.npz', [0, 1000])
    result = run_view(*arguments, cwd=tmp_path)
    assert result.returncode == status and message in result.stderr
    assert 'Traceback' not in result.stderr and not list(tmp_path.glob('*.png'))


@pytest.mark.parametrize('name, sensor', [
    ('evt3_640x480', (640, 480)), ('libcaer_cmp_346x260', (346, 260)),
    ('aedat4/dvxplorer_320x240.aedat4', (320, 240))])
def test_real_recordings(shared_data, name, sensor):
    shots = shots_of(shared_data / name, 33, end_s=0.3)
    assert len(shots) == 10
    assert all(shot.counts.shape[:0:-1] == sensor for shot in shots)
    assert all((shot.draw() != BACKGROUND).any() for shot in shots)


@pytest.fixture
def display():
    """Give the name of a display that nobody sees."""
    if not shutil.which('Xvfb'):
        pytest.skip('Xvfb is not installed')
    read, write = os.pipe()
    server = subprocess.Popen(['Xvfb', '-displayfd', str(write)], pass_fds=[write],
                              stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as numbers:
        yield f':{numbers.readline().strip()}'
    server.terminate()
    server.wait()


def test_window_plays_until_it_is_interrupted(tmp_path, wave, display):
    pytest.importorskip('tkinter')
    process = subprocess.Popen(
        [shutil.which('snn-gesture'), 'view', wave, '--frame-ms', '100'], cwd=tmp_path,
        env=dict(os.environ, DISPLAY=display), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    code = ('import sys, tkinter\n'
            'root = tkinter.Tk()\n'
            'print(len(root.tk.splitlist(root.tk.eval("winfo interps"))) > 1, flush=True)')
    while time.monotonic() < deadline and process.poll() is None:
        found = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                               env=dict(os.environ, DISPLAY=display))
        if 'True' in found.stdout:
            break
    assert process.poll() is None and 'True' in found.stdout, 'no window'
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stderr.read() == '' and not list(tmp_path.glob('*.png'))


@pytest.mark.parametrize('verb', VERBS)
def test_every_verb_explains_itself_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, '--help'])
    assert ended.value.code == 0
    example = capsys.readouterr().out.split('example:')[1].split()
    assert example[:2] == ['snn-gesture', verb]


@pytest.mark.parametrize('line, expected', [
    ('snn-gesture vi', ['view ']), ('snn-gesture view --frame', ['--frame-ms ']),
    ('snn-gesture simulate SET --sensor evk', ['evk4 '])])
def test_words_are_completed(line, expected, tmp_path):
    pytest.importorskip('argcomplete')
    answer = tmp_path / 'answer'
    environment = dict(
        os.environ, _ARGCOMPLETE='1', COMP_LINE=line, COMP_POINT=str(len(line)), COMP_TYPE='9',
        _ARGCOMPLETE_STDOUT_FILENAME=str(answer), _ARGCOMPLETE_IFS='\v')
    subprocess.run([shutil.which('snn-gesture')], env=environment, timeout=60)
    assert answer.read_text().split('\v') == expected


def test_foxglove_layout_shows_all_panels_and_labels():
    layout = json.loads((CONFIG / 'foxglove_layout.json').read_text())

    def panels(part):
        return [part] if isinstance(part, str) else panels(part['first']) + panels(part['second'])

    configured = layout['configById']
    assert sorted(panels(layout['layout'])) == sorted(configured)
    assert configured['Image!events']['imageMode']['imageTopic'] == '/event_image'
    plotted = [path['label'] for path in configured['Plot!scores']['paths']]
    assert plotted == list(open_runtime('fast', 'auto', 'cpu', 1).card.labels)


def test_rviz_shows_the_picture():
    displays = yaml.safe_load((CONFIG / 'gesture.rviz').read_text())['Visualization Manager']
    topics = [each['Topic'] for each in displays['Displays']]
    assert [(topic['Value'], topic['Reliability Policy']) for topic in topics] == [
        ('/event_image', 'Reliable')]
