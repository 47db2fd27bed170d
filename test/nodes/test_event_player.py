# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_player node, as a process: recordings, played as if they were cameras."""
import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
from snn_gesture_ros.events.cdr import decode_event_array, read_event_array
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.ros.topics import message_class, STREAM_QOS
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification

ARRAY = 'dv_ros2_msgs/msg/EventArray'
PACKET = 'event_camera_msgs/msg/EventPacket'


@pytest.fixture
def npz(tmp_path):
    """Write 500 ms of events of a 128x128 sensor; give the path and the arrays."""
    rng = np.random.default_rng(5)
    arrays = {'t': np.sort(rng.integers(0, 500_000, 5000)), 'x': rng.integers(0, 128, 5000),
              'y': rng.integers(0, 128, 5000), 'p': rng.integers(0, 2, 5000)}
    path = tmp_path / 'events.npz'
    np.savez(path, **arrays)
    return path, arrays


def play(ros, message_type, **parameters):
    """Play a recording to its end; give the serialized messages."""
    received = ros.listen(message_class(message_type), 'events', STREAM_QOS, raw=True)
    player = ros.start('event_player', **parameters)
    ros.wait_for(lambda: player.poll() is not None, 'the end of the recording')
    assert player.returncode == 0, ros.output(player)
    played = int(ros.output(player).split('end of the recording: ')[1].split()[0])
    ros.wait_for(lambda: len(received) == played, f'all of {played} messages')
    return received


@pytest.mark.parametrize('folder', ['evt3_640x480', 'libcaer_cmp_346x260'])
def test_messages_of_a_bag_are_played_as_they_were(ros, shared_data, folder):
    bag = shared_data / folder
    with open_recording(bag) as recording:
        stored = [bytes(message.data) for message in recording.messages()]
    received = play(ros, PACKET, recording=bag, rate=4.0)
    assert len(received) == len(stored)
    for there, here in zip(stored, received):  # the middleware pads to a multiple of 4
        assert here.startswith(there) and len(here) - len(there) < 4


def test_events_of_an_npz_are_all_played(ros, npz):
    path, arrays = npz
    messages = play(ros, ARRAY, recording=path)
    events = np.concatenate([decode_event_array(data) for data in messages])
    for name in 'txyp':
        assert (events[name] == arrays[name]).all()
    assert {read_event_array(data)[2:4] for data in messages} == {(128, 128)}


def test_part_of_a_recording(ros, npz):
    path, arrays = npz
    messages = play(ros, ARRAY, recording=path, start=0.2, duration=0.1, rate=0.5)
    t_us = np.concatenate([decode_event_array(data)['t'] for data in messages])
    first = arrays['t'][0]
    assert 199_000 <= t_us.min() - first <= 202_000
    assert 299_000 <= t_us.max() - first <= 302_000


def test_loop_and_clock(ros, npz):
    path, _ = npz
    clocks = ros.listen(Clock, '/clock')
    received = ros.listen(message_class(ARRAY), 'events', STREAM_QOS, raw=True)
    ros.start('event_player', recording=path, loop=True, clock=True, rate=5.0)
    ros.wait_for(lambda: len(received) > 1200, 'more than two rounds')
    times = [clock.clock.sec + clock.clock.nanosec / 1e9 for clock in clocks]
    assert max(times) <= 0.5
    assert sum(later < earlier for earlier, later in zip(times, times[1:])) >= 1


def test_every_round_of_a_short_loop_is_seen(ros, npz):
    path, arrays = npz
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    scores = ros.listen(Classification, 'gesture_scores')
    ros.start('event_stream')
    ros.start('gesture_classifier')
    ros.wait_for(lambda: ros.node.count_publishers('gesture_scores'), 'the classifier')
    ros.start('event_player', recording=path, loop=True)

    def restarts():
        return sum(decode_packet(data).sequence == 0 for data in packets[1:])

    ros.wait_for(lambda: restarts() >= 4, 'five rounds')
    assert any(decode_packet(data).events.size for data in packets[-20:])
    times_us = [decode_packet(data).t_base_us for data in packets]
    assert times_us == sorted(times_us), 'the time of the stream goes on'

    def stamp_s(score):
        return score.header.stamp.sec + score.header.stamp.nanosec / 1e9

    ros.wait_for(lambda: len(scores) >= 20 and stamp_s(scores[-1]) - stamp_s(scores[0]) > 1.5,
                 'scores whose time goes on')
    assert {score.results[0].score for score in scores[-5:]} != {1.0}     # that is silence


def test_stream_in_simulated_time(ros, npz):
    path, arrays = npz
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream', use_sim_time=True)
    ros.start('event_player', recording=path, clock=True)
    ros.wait_for(lambda: packets, 'a packet, though time stands still before the first message')
    packet = decode_packet(packets[-1])
    stamp_us = packet.t_newest_us + packet.ros_offset_ns / 1000
    assert arrays['t'][0] <= stamp_us <= arrays['t'][-1]


@pytest.mark.parametrize('content, reason', [
    (None, 'No such file'), (b'', 'empty'), (b'something else', 'is text without events')])
def test_bad_recordings_end_the_node_with_the_reason(ros, tmp_path, content, reason):
    path = tmp_path / 'bad.bag'
    if content is not None:
        path.write_bytes(content)
    player = ros.start('event_player', recording=path)
    ros.wait_for(lambda: player.poll() is not None, 'the node to end')
    assert player.returncode == 1
    assert reason in ros.output(player) and 'Traceback' not in ros.output(player)


@pytest.mark.parametrize('name, rotation', [
    ('evt3_640x480', 0), ('libcaer_cmp_346x260', 0), ('aedat4/dvxplorer_320x240.aedat4', 0),
    ('no_gesture/sit_to_stand_turned_90.aedat', 90),
    ('no_gesture/walking_to_camera_turned_180.aedat', 180)])
def test_ordinary_scenes_give_scores_but_no_gesture(ros, shared_data, name, rotation):
    if not (shared_data / name).exists():
        pytest.skip(f'{shared_data / name} is not on this machine')
    scores = ros.listen(Classification, 'gesture_scores')
    gestures = ros.listen(Classification, 'gesture')
    ros.start('event_stream', rotation=rotation)
    ros.start('gesture_classifier')
    player = ros.start('event_player', recording=shared_data / name)
    ros.wait_for(lambda: player.poll() is not None, 'the end of the recording')
    assert player.returncode == 0, ros.output(player)
    ros.wait_for(lambda: len(scores) >= 5, 'decisions')
    # The window is empty once more when the scene has passed through it.
    ros.wait_for(lambda: scores[-1].results[0].class_id == 'none'
                 and scores[-1].results[0].score == 1.0, 'silence after the recording')
    assert gestures == []
