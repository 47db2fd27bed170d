# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clocks that are set, restart or lie: both nodes as a process, right again within two windows."""
from itertools import count
import re

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES, EVENT_PACKET_TYPE
from snn_gesture_ros.ros.topics import CAMERA_QOS, GESTURE_QOS, header, message_class
from vision_msgs.msg import Classification

PARAMETERS = {'width': 16, 'height': 16, 'hot_pixels': False, 'refractory_us': 0,
              'background_us': 0, 'min_events': 1, 'smoothing_ms': 0.0, 'queue_size': 100}
START_US = 1_700_000_000_000_000
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
MESSAGE_US = 5000
WINDOW_MESSAGES = 16
"""The network of the tests has a window of 80 ms."""
COLUMNS = {'left': 3, 'right': 12}


def events_on(column, t_us):
    """Give the events of a message of 5 ms."""
    events = np.zeros(32, EVENT)
    events['t'] = t_us + np.arange(32) * 150
    events['x'], events['y'] = column, np.arange(32) % 16
    return events


class Camera:
    """A camera of 16x16 pixels whose time is what the test says."""

    def __init__(self, ros, message_type):
        """Start the nodes' input."""
        self.publisher = ros.node.create_publisher(
            message_class(message_type), 'events', CAMERA_QOS)
        self.t_us = START_US

    def send(self, events):
        """Publish events as they are, in an EventArray."""
        self.publisher.publish(encode_event_array(events, 0, 'camera', 16, 16))

    def show(self, side, messages=WINDOW_MESSAGES):
        """Publish what moves at one side."""
        for _ in range(messages):
            self.send(events_on(COLUMNS[side], self.t_us))
            self.t_us += MESSAGE_US


class Run:
    """Both nodes in one process, a camera, and what they say."""

    def __init__(self, ros, checkpoint, message_type=EVENT_ARRAY_TYPES[0], **parameters):
        """Wait until nothing can be missed."""
        self.ros = ros
        self.gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
        self.scores = ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
        self.diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
        self.process = ros.start('gesture_pipeline', checkpoint=checkpoint,
                                 **{**PARAMETERS, **parameters})
        self.camera = Camera(ros, message_type)
        ros.wait_for(lambda: self.camera.publisher.get_subscription_count() and ros.heard(),
                     'the nodes')

    def see(self, side):
        """Show one side for two windows; the gesture must be announced."""
        heard = len(self.gestures)
        self.camera.show(side, 2 * WINDOW_MESSAGES)
        self.ros.wait_for(lambda: side in self.started(heard), f'the gesture {side}')

    def started(self, heard=0):
        """Give the labels of the gestures that started."""
        return [message.results[0].class_id for message in self.gestures[heard:]
                if message.results]

    def newest(self, node):
        """Give the newest counters of a node."""
        found = {}
        for message in self.diagnostics:
            for status in message.status:
                if status.name == node:
                    found = {pair.key: pair.value for pair in status.values}
        return found

    def counters(self, node):
        """Give the counters that a node publishes from now on."""
        self.diagnostics.clear()
        return self.ros.wait_for(lambda: self.newest(node), f'diagnostics of {node}')

    def wait_for_counter(self, node, name, condition):
        """Wait until a counter is as it should be."""
        self.ros.wait_for(lambda: condition(int(self.newest(node).get(name, -1))),
                          f'{name} of {node}')

    def is_well(self):
        """Tell that no frame was dropped and nothing was written that looks like a fault."""
        assert self.counters('gesture_classifier')['frames_dropped'] == '0'
        assert self.process.poll() is None
        assert 'Traceback' not in self.ros.output(self.process)


@pytest.fixture
def run(ros, halves):
    """Give the running nodes, which have seen the left side."""
    running = Run(ros, halves)
    running.see('left')
    return running


@pytest.mark.parametrize('jump_us', [HOUR_US, -HOUR_US, 2 * HOUR_US, 90_000])
def test_one_event_that_lies_costs_itself(run, jump_us):
    events = events_on(COLUMNS['left'], run.camera.t_us)
    events['t'][-1] += jump_us
    run.camera.send(events)
    run.camera.t_us += MESSAGE_US
    run.see('right')
    run.is_well()
    if abs(jump_us) > 10**6:
        run.wait_for_counter('event_stream', 'late', lambda late: late == 1)
    assert run.counters('event_stream')['restarts'] == '0'
    assert int(run.counters('gesture_classifier')['late_events']) == 0


@pytest.mark.parametrize('jump_us', [HOUR_US, -HOUR_US, 2 * HOUR_US, -DAY_US, 1_500_000])
def test_a_camera_whose_clock_jumps_is_followed(run, jump_us):
    run.camera.t_us += jump_us
    run.see('right')
    run.is_well()
    run.wait_for_counter('event_stream', 'late', lambda late: late == 64)
    assert run.counters('event_stream')['restarts'] == '1'
    assert int(run.counters('gesture_classifier')['late_events']) == 0
    told = run.ros.wait_for(lambda: re.search(
        r'64 late \((\d+\.\d+) s (ahead of|behind) the other events', run.ros.output(run.process)),
        'a warning that names the cause')
    assert float(told[1]) == pytest.approx(abs(jump_us) / 1e6, abs=0.1)
    assert told[2] == ('ahead of' if jump_us > 0 else 'behind')


def test_two_clocks_a_day_apart_do_not_disturb_each_other(run):
    for _ in range(2 * WINDOW_MESSAGES):
        run.camera.send(events_on(COLUMNS['left'], run.camera.t_us + DAY_US))
        run.camera.show('right', 1)
    run.ros.wait_for(lambda: 'right' in run.started(), 'the gesture of the first camera')
    run.is_well()
    assert run.counters('event_stream')['restarts'] == '0'


def test_old_events_among_others_are_no_restart(run):
    for number in range(60):
        events = events_on(COLUMNS['left'], run.camera.t_us)
        events['t'][number % 32] -= 99_000
        run.camera.send(events)
        run.camera.t_us += MESSAGE_US
    run.see('right')
    run.is_well()
    assert run.counters('event_stream')['restarts'] == '0'


def test_a_frame_id_without_end_is_malformed(run):
    run.camera.publisher.publish(encode_event_array(
        events_on(3, run.camera.t_us), 0, 'x' * 70_000, 16, 16))
    run.see('right')
    run.is_well()
    run.wait_for_counter('event_stream', 'malformed', lambda malformed: malformed == 1)


def test_a_time_base_beyond_all_time_is_malformed(ros, halves):
    running = Run(ros, halves, message_type=EVENT_PACKET_TYPE)
    sent = iter(range(1000))

    def show(events, time_base):
        running.camera.publisher.publish(encode_event_packet(EventPacketMessage(
            START_US * 1000, 'camera', 16, 16, next(sent), time_base, 'mono', False,
            encode_mono(events, 0))))

    for number in range(40):
        show(events_on(3, 0), (START_US + number * MESSAGE_US) * 1000)
    show(events_on(3, 0), 2**64 - 1)
    for number in range(40, 80):
        show(events_on(12, 0), (START_US + number * MESSAGE_US) * 1000)
    ros.wait_for(lambda: running.started() == ['left', 'right'], 'both gestures')
    running.is_well()


def test_a_pause_that_the_host_sees_longer_than_the_camera(run):
    """As of a bag that is played slowly, without simulated time."""
    heard = len(run.gestures)
    run.ros.wait_for(lambda: None in [
        message.results[0].class_id if message.results else None
        for message in run.gestures[heard - 1:]], 'the gesture to end in silence')
    scores = len(run.scores)
    run.ros.wait_for(lambda: len(run.scores) > scores + 20, 'silence that is decided on')
    run.camera.t_us += 50_000
    run.see('right')
    run.is_well()
    assert run.counters('event_stream')['late'] == '0'
    assert run.counters('gesture_classifier')['late_events'] == '0'


class SimulatedTime:
    """The publisher of /clock."""

    def __init__(self, run):
        """Begin with the camera's time."""
        self.run = run
        self.publisher = run.ros.node.create_publisher(Clock, '/clock', 10)
        run.ros.wait_for(lambda: self.publisher.get_subscription_count() >= 2, 'both nodes')

    def tell(self, t_us):
        """Publish a time."""
        self.publisher.publish(Clock(clock=header(t_us * 1000, '').stamp))

    def show(self, side, offset_us=0):
        """Show one side for two windows in simulated time, as a bag does."""
        for _ in range(2 * WINDOW_MESSAGES):
            self.tell(self.run.camera.t_us + offset_us)
            self.run.camera.show(side, 1)

    def pass_until_silent(self, t_us):
        """Let time pass without events until the gesture has ended."""
        gestures, steps = self.run.gestures, count()

        def step():
            self.tell(t_us + 20_000 * next(steps))
            return gestures and not gestures[-1].results

        self.run.ros.wait_for(step, 'the gesture to end')


@pytest.fixture
def simulated(ros, halves):
    """Give nodes with simulated time, which have seen the left side and silence."""
    running = Run(ros, halves, use_sim_time=True)
    clock = SimulatedTime(running)
    clock.show('left')
    ros.wait_for(lambda: 'left' in running.started(), 'the first gesture')
    clock.pass_until_silent(running.camera.t_us)
    return clock


@pytest.mark.parametrize('step_us', [HOUR_US, -HOUR_US, DAY_US])
def test_a_host_whose_clock_is_set_in_stillness(simulated, step_us):
    run = simulated.run
    scores, steps = len(run.scores), count()

    def step():
        simulated.tell(run.camera.t_us + step_us + 10_000 * next(steps))
        return len(run.scores) > scores + 5

    run.ros.wait_for(step, 'silence that is decided on')
    run.camera.t_us += 1_200_000
    simulated.show('right', step_us)
    run.ros.wait_for(lambda: 'right' in run.started(), 'the gesture right')
    run.is_well()
    assert int(run.counters('event_stream')['late']) <= 64
    assert run.counters('gesture_classifier')['late_events'] == '0'


@pytest.mark.parametrize('days', [-3, 3])
def test_a_bag_of_another_day_with_its_clock(simulated, days):
    run = simulated.run
    run.camera.t_us += days * DAY_US
    simulated.show('right')
    run.ros.wait_for(lambda: 'right' in run.started(), 'the gesture right')
    run.is_well()
    assert int(run.counters('event_stream')['late']) <= 64
    assert run.counters('gesture_classifier')['late_events'] == '0'
