# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the nodes say of themselves on /diagnostics, and the gauges behind it."""
import json
from pathlib import Path
import subprocess
import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import pytest
from ros_domain import TIMEOUT_S
from simple_camera import Camera, without
from snn_gesture_ros.doctor import findings
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE
from snn_gesture_ros.ros.diagnostics import Arrivals, Durations, Rates
from snn_gesture_ros.ros.threads import Worker
from snn_gesture_ros.ros.topics import GESTURE_QOS, LATCHED_QOS, message_class, STREAM_QOS
from std_msgs.msg import String, UInt8MultiArray
from vision_msgs.msg import Classification

OK, WARN, ERROR, STALE = (DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR,
                          DiagnosticStatus.STALE)


def timed(work):
    """Do something; give what it gives, and the times before and after."""
    before_s = time.monotonic()
    return work(), before_s, time.monotonic()


def wait_until(condition):
    """Wait, in a thread that has nothing else to do."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def test_rates_are_by_the_second_and_survive_a_new_start():
    rates = Rates(['frames'])
    before = timed(lambda: rates.update({'frames': 1000}))
    for frames, grown in ((1400, 400), (30, 30)):
        wait_until(lambda: time.monotonic() > before[2] + 0.05)
        after = timed(lambda: rates.update({'frames': frames}))
        assert (grown / (after[2] - before[1]) - 0.1 <= after[0]['frames_per_s']
                <= grown / (after[1] - before[2]) + 0.1)
        before = after


def test_percentiles_are_of_the_latest_hundred():
    durations = Durations()
    assert durations.percentile_ms(99) == 0
    for number in range(500):
        durations.add(number / 1000)
    assert durations.percentile_ms(50) == pytest.approx(449.5)
    assert durations.percentile_ms(99) == pytest.approx(498, abs=0.1)


def test_arrival_is_that_of_the_packet_which_held_the_event():
    arrivals = Arrivals()
    assert arrivals.of(5) is None
    times = [timed(lambda: arrivals.add(t_newest_us)) for t_newest_us in (100, 200, 300)]
    for t_us, packet in ((50, 0), (100, 0), (101, 1), (299, 2)):
        _, before_s, after_s = times[packet]
        assert before_s <= arrivals.of(t_us) <= after_s
    assert arrivals.of(301) is None
    arrivals.add(10)
    assert arrivals.of(5) >= times[-1][2]


def test_the_oldest_item_that_waits_has_an_age():
    working, go_on = threading.Event(), threading.Event()

    def work(_):
        working.set()
        go_on.wait()

    worker = Worker(work, 10)
    assert worker.age_s() == 0
    worker.submit(1)
    assert working.wait(30) and worker.age_s() == 0
    start_s = time.monotonic()
    worker.submit(2)
    wait_until(lambda: worker.age_s() >= 0.05)
    worker.submit(3)
    assert 0.05 <= worker.age_s() <= time.monotonic() - start_s
    go_on.set()
    worker.stop()


def test_nobody_imports_torch_to_measure_its_memory():
    code = ('import sys; from snn_gesture_ros.ros.diagnostics import memory_in_use; '
            'memory = memory_in_use(); '
            'sys.exit("torch" in sys.modules or list(memory) != ["memory_mb"])')
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


class Diagnosed:
    """The newest diagnostics of one node."""

    def __init__(self, ros, node):
        """Listen."""
        self._node = node
        self._received = ros.listen(DiagnosticArray, '/diagnostics')

    @property
    def status(self):
        """The newest status, None before the first."""
        return next((status for message in reversed(self._received)
                     for status in message.status if status.name == self._node), None)

    @property
    def values(self):
        """The newest values by name."""
        return {} if self.status is None else {
            pair.key: pair.value for pair in self.status.values}

    def number(self, name):
        """Give a value as number, 0 before it is there."""
        return float(self.values.get(name, 0))

    def says(self, level, *parts):
        """Tell whether the newest status has a level and a message with these parts."""
        return self.status is not None and self.status.level == level and all(
            part in self.status.message for part in parts)


PLAIN = {'width': 16, 'height': 16, 'hot_pixels': False, 'refractory_us': 0, 'background_us': 0}


def listening(ros):
    """Start event_stream with somebody who listens; give its diagnostics."""
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream', **PLAIN)
    return Diagnosed(ros, 'event_stream')


def test_only_the_doctor_reads_the_diagnostics():
    package = Path(findings.__file__).parents[1]
    readers = {path.parent.name for path in package.rglob('*.py')
               if 'create_subscription(DiagnosticArray' in ' '.join(path.read_text().split())}
    assert readers == {'doctor'}


def test_the_state_is_latched_and_changes_its_start_with_the_node(ros):
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    before_ns = time.time_ns()
    node = ros.start('event_stream', **PLAIN)
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.wait_for(lambda: diagnosed.number('listeners') == 1, 'the node')
    states = ros.listen(String, 'event_stream/state', LATCHED_QOS)
    ros.wait_for(lambda: states, 'the state')
    first = json.loads(states[0].data)
    assert before_ns < first['started_ns'] < time.time_ns()
    assert first['listeners'] == 1 and first['messages'] == 0 and first['contest'] == ''
    assert first['reads_from'] == []
    node.terminate()
    ros.wait_for(lambda: node.poll() is not None, 'its end')
    ros.start('event_stream', **PLAIN)
    ros.wait_for(lambda: json.loads(states[-1].data)['started_ns'] > first['started_ns'],
                 'the state of the next start')


def test_event_stream_tells_its_rates(ros):
    diagnosed = listening(ros)
    Camera(ros).start()
    ros.wait_for(lambda: diagnosed.number('events_out_per_s') and diagnosed.says(OK, 'running')
                 and diagnosed.number('messages_per_s') > 10, 'events, whose rates are rounded')
    assert diagnosed.number('messages_per_s') <= 1000
    assert diagnosed.number('events_in_per_s') == pytest.approx(
        32 * diagnosed.number('messages_per_s'), rel=0.01)
    assert diagnosed.number('silence_s') < 3
    assert 20 < diagnosed.number('memory_mb') < 2000
    assert diagnosed.values['use_sim_time'] == 'false'
    assert 'gpu_memory_mb' not in diagnosed.values


def test_scene_in_which_all_is_noise_is_well_but_told(ros):
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream', **{**PLAIN, 'background_us': 1})
    diagnosed = Diagnosed(ros, 'event_stream')
    Camera(ros).start()
    ros.wait_for(lambda: diagnosed.says(OK, 'none passes the geometry and the noise filters'),
                 'the noise')


def test_camera_that_nobody_needs_is_not_missed(ros):
    ros.start('event_stream')
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.wait_for(lambda: diagnosed.says(STALE, 'no node subscribes to /event_stream'), 'the state')
    assert diagnosed.number('silence_s') < 3


def test_camera_on_another_topic_is_named(ros):
    diagnosed = listening(ros)
    ros.wait_for(lambda: diagnosed.says(WARN, 'no events for 3 s', 'nobody publishes /events',
                                        'is the camera started?'), 'the silence')
    Camera(ros, '/event_camera/events')
    ros.wait_for(lambda: diagnosed.says(
        WARN, f'did you mean /event_camera/events ({EVENT_PACKET_TYPE})?'), 'the other topic')


def test_camera_that_sends_nothing_is_named_and_one_in_the_dark_is_not_lost(ros):
    diagnosed = listening(ros)
    camera = Camera(ros, count=0)
    ros.wait_for(lambda: diagnosed.says(WARN, '/events: /test: it sends nothing'), 'silence')
    camera.start()
    ros.wait_for(lambda: diagnosed.says(WARN, 'though messages come on /events', 'lens cap?'),
                 'the dark')
    camera.count = 32
    ros.wait_for(lambda: diagnosed.says(OK, 'running'), 'light')


def test_camera_whose_package_is_missing_is_an_error(ros):
    environment = without(ros.environment, 'dvs_msgs')
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.node.create_publisher(message_class('dvs_msgs/msg/EventArray'), 'events', 10)
    ros.start('event_stream', environment)
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.wait_for(lambda: diagnosed.says(
        ERROR, 'on /events: /test: ', 'package dvs_msgs is not installed'), 'the error')


def test_camera_of_another_type_than_was_asked_for_is_named(ros):
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream', message_type='dv_ros2_msgs/msg/EventArray')
    Camera(ros).start()
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.wait_for(lambda: diagnosed.says(
        WARN, f'/test: {EVENT_PACKET_TYPE} is published, dv_ros2_msgs/msg/EventArray is read'),
        'the reason')


def test_classifier_tells_how_late_it_is(ros, halves):
    ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    ros.start('event_stream', **PLAIN)
    ros.start('gesture_classifier', checkpoint=halves)
    diagnosed = Diagnosed(ros, 'gesture_classifier')
    ros.wait_for(lambda: diagnosed.says(STALE, 'no events for 3 s on /event_stream',
                                        'see the diagnostics of /event_stream'), 'the silence')
    camera = Camera(ros).start()
    ros.wait_for(lambda: diagnosed.number('decisions') > 20 and diagnosed.number(
        'decisions_per_s') and diagnosed.says(OK, 'running'), 'decisions')
    assert diagnosed.values['model'] == str(halves)
    assert diagnosed.number('decisions_per_s') < 200
    assert 0 < diagnosed.number('inference_ms')
    assert 0 < diagnosed.number('latency_p50_ms') <= diagnosed.number('latency_p99_ms') < 60_000
    assert diagnosed.number('queue_age_ms') >= 0
    assert diagnosed.number('events_used_per_s') > 0
    assert diagnosed.number('events_used') == (
        diagnosed.number('events_in') - diagnosed.number('late_events'))
    assert diagnosed.number('memory_mb') > 20
    camera.cancel()
    ros.wait_for(lambda: diagnosed.says(STALE), 'the silence')
    assert diagnosed.number('silence_s') >= 3


def test_classifier_without_a_stream_says_so(ros):
    ros.start('gesture_classifier')
    diagnosed = Diagnosed(ros, 'gesture_classifier')
    ros.wait_for(lambda: diagnosed.says(STALE, 'nobody publishes /event_stream'), 'the state')


def test_simulated_time_that_does_not_come_is_a_warning(ros):
    node = ros.start('event_stream', use_sim_time=True)
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.wait_for(lambda: diagnosed.says(WARN, 'nobody publishes /clock'), 'the warning')
    assert diagnosed.values['use_sim_time'] == 'true'
    assert ros.output(node).count('nobody publishes /clock') == 1
