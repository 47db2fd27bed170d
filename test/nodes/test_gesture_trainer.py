# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Teaching a robot: packets and labels in, a learned network in the classifier, and back."""
import shutil
import subprocess
import time

from bars import bar, BAR_US, record_bar
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.packet import encode_packet, StreamPacket
from snn_gesture_ros.ros.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, LabelInfo

PACKET_US = 10_000


class Teaching:
    """A trainer, a classifier with the network of `bars`, and the stream that both read."""

    def __init__(self, ros, folder, bars):
        """Start both nodes."""
        self.ros = ros
        self.t_us = self.sequence = 0
        self.shown_ns = time.monotonic_ns()
        self.rng = np.random.default_rng(7)
        self.publisher = ros.node.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
        self.labels = ros.node.create_publisher(String, 'label', 10)
        self.known = ros.listen(LabelInfo, 'gesture_labels', LATCHED_QOS)
        self.gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
        self.diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
        self.classifier = ros.start('gesture_classifier', checkpoint=bars[0], min_events=1,
                                    smoothing_ms=50, queue_size=1000)
        self.trainer = ros.start('gesture_trainer', folder=folder, rehearsal=bars[1])
        ros.wait_for(lambda: self.publisher.get_subscription_count() == 2
                     and self.labels.get_subscription_count() and self.known and ros.heard()
                     and self.state.get('checkpoint'), 'both nodes')

    @property
    def state(self):
        """Give the trainer's newest diagnostics."""
        for message in reversed(self.diagnostics):
            if message.status[0].name == 'gesture_trainer':
                return {pair.key: pair.value for pair in message.status[0].values}
        return {}

    def show(self, label):
        """Publish the events of a bar at once, after as much silence as there was."""
        self.t_us += (time.monotonic_ns() - self.shown_ns) // 1000
        events = bar(label, self.rng)
        for start in range(0, BAR_US, PACKET_US):
            first, last = np.searchsorted(events['dt_us'], (start, start + PACKET_US))
            part = events[first:last].copy()
            part['dt_us'] -= np.uint32(start)
            self.publisher.publish(encode_packet(StreamPacket(
                128, 128, self.sequence, self.t_us, self.t_us + PACKET_US - 1, 0, 'camera', part)))
            self.t_us += PACKET_US
            self.sequence += 1
        self.shown_ns = time.monotonic_ns()

    def name(self, label):
        """Send a label; give what the trainer says."""
        before = self.state['messages']
        self.labels.publish(String(data=label))
        self.ros.wait_for(lambda: self.state['messages'] != before, 'an answer')
        return self.state['message']

    def teach(self, label, count):
        """Show and name examples."""
        for _ in range(count):
            told = int(self.state.get('packets', 0))
            self.show(label)
            self.ros.wait_for(lambda: int(self.state['packets']) >= told + BAR_US // PACKET_US,
                              'the trainer to read')
            message = self.name(f'{label} {BAR_US / 1e6}')
            assert message.startswith('example '), message

    def call(self, service):
        """Call a service of the trainer; give its answer."""
        client = self.ros.client(Trigger, f'/gesture_trainer/{service}')
        future = client.call_async(Trigger.Request())
        self.ros.wait_for(future.done, 'the answer')
        return future.result()

    def classes(self):
        """Name the labels of the network that runs."""
        return [item.class_name for item in self.known[-1].class_map]


@pytest.fixture
def teaching(ros, tmp_path, bars):
    """Give both nodes at work."""
    return Teaching(ros, tmp_path / 'robot', bars)


def test_a_gesture_is_taught_and_recognised_and_undone(ros, teaching, tmp_path, bars):
    teaching.teach('middle', 4)
    assert teaching.state['examples'] == 'middle 4'
    clips = ClipSet(tmp_path / 'robot' / 'examples')
    assert len(clips) == 4 and len(clips.events(0)) > 4000
    assert teaching.call('learn').success
    assert 'under way' in teaching.call('learn').message
    ros.wait_for(lambda: teaching.state['learning'] == 'False', 'the end of learning')
    assert teaching.state['good'] == 'True', teaching.state
    assert teaching.state['checkpoint'].endswith('models/0001.safetensors')
    ros.wait_for(lambda: teaching.classes() == ['left', 'right', 'none', 'middle'], 'the network')
    teaching.show('middle')
    ros.wait_for(lambda: 'middle' in {
        message.results[0].class_id for message in teaching.gestures if message.results},
        'the new gesture')

    answer = teaching.call('undo')
    assert answer.success and answer.message == f'{bars[0]} runs again'
    ros.wait_for(lambda: teaching.classes() == ['left', 'right', 'none'], 'the old network')
    assert (tmp_path / 'robot' / 'models' / '0001.undone').exists()
    answer = teaching.call('undo')
    assert not answer.success and 'was not learned here' in answer.message


def test_what_was_learned_runs_again_after_a_restart(ros, teaching, tmp_path, bars):
    teaching.teach('middle', 3)
    words = [shutil.which('snn-gesture'), 'learn', tmp_path / 'robot', '--checkpoint', bars[0],
             '--rehearsal', bars[1]]
    subprocess.run(words, check=True)
    teaching.trainer.terminate()
    ros.wait_for(lambda: teaching.trainer.poll() is not None, 'the trainer to end')
    ros.start('gesture_trainer', folder=tmp_path / 'robot', rehearsal=bars[1])
    ros.wait_for(lambda: 'middle' in teaching.classes(), 'the learned network')


def test_what_was_learned_runs_again_after_the_classifier_restarts(ros, teaching, tmp_path, bars):
    teaching.teach('middle', 3)
    assert teaching.call('learn').success
    ros.wait_for(lambda: 'middle' in teaching.classes(), 'the learned network')
    teaching.classifier.terminate()
    ros.wait_for(lambda: teaching.classifier.poll() is not None, 'the classifier to end')
    teaching.known.clear()
    classifier = ros.start('gesture_classifier', checkpoint=bars[0], min_events=1)
    ros.wait_for(lambda: teaching.known and 'middle' in teaching.classes(),
                 'the learned network again')
    assert f'{bars[0]} with' in ros.output(classifier)      # that is what it began with
    ros.wait_for(lambda: teaching.state['checkpoint'].endswith('0001.safetensors'), 'its name')


def test_why_nothing_is_learned_is_said(ros, teaching):
    assert teaching.call('learn').message == 'there is no example yet'
    assert 'there is no example' in teaching.call('discard_example').message
    assert 'no events' in teaching.name('middle')
    teaching.teach('middle', 2)
    assert 'letters, digits' in teaching.name('a/b 1')
    assert 'letters, digits' in teaching.name('')
    assert "'two words' is neither a label nor a label and seconds" in teaching.name('two words')
    assert 'lasts 1 to 10 s' in teaching.name('middle 60')
    assert 'less than 9 s' in teaching.name('middle 9')
    assert teaching.call('discard_example').message == 'example 000002-middle is set aside'
    assert teaching.call('learn').success
    ros.wait_for(lambda: teaching.state['learning'] == 'False', 'the end of learning')
    assert 'a label needs 3 examples: middle has 1' in teaching.state['message']
    assert len(teaching.classes()) == 3


@pytest.mark.parametrize('label', ['bad label', 'a/b', '', 'a' * 51])
def test_the_terminal_refuses_what_is_no_label(label):
    teach = subprocess.run([shutil.which('snn-gesture'), 'teach', label, '--learn'],
                           capture_output=True, text=True)
    assert teach.returncode == 2
    assert f'label {label!r} must be letters, digits' in teach.stderr.splitlines()[-1]


def test_the_terminal_teaches(ros, teaching):
    """`snn-gesture teach` in real time, while the stream goes on."""
    ros.node.create_timer(BAR_US / 1e6, lambda: teaching.show('middle'))
    words = [shutil.which('snn-gesture'), 'teach']
    teach = subprocess.Popen([*words, 'middle', '--examples', '3', '--seconds', '1.1', '--learn'],
                             env=ros.environment, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    ros.wait_for(lambda: teach.poll() is not None, 'the end of teaching')
    text = teach.stdout.read()
    assert teach.returncode == 0 and '3 of middle' in text and 'runs: middle' in text, text
    undo = subprocess.Popen([*words, '--undo'], env=ros.environment)
    ros.wait_for(lambda: undo.poll() is not None, 'the end of undoing')
    assert undo.returncode == 0 and len(teaching.classes()) == 3


def test_the_terminal_teaches_recordings(ros, teaching, tmp_path):
    """Recordings become examples of the robot; a table tells what learning them has changed."""
    recordings = [record_bar(tmp_path / f'{k}.npz', 'middle', seed=k) for k in range(3)]
    log = tmp_path / 'teach.log'
    words = [shutil.which('snn-gesture'), 'teach', '--label', 'middle', *recordings, '--learn']
    with log.open('w') as out:
        teach = subprocess.Popen(words, env=ros.environment, stdout=out, stderr=out)
    ros.wait_for(lambda: teach.poll() is not None, 'the end of teaching')
    text = log.read_text()
    assert teach.returncode == 0 and '3 examples added' in text, text
    row = next(line.split() for line in text.splitlines() if line.strip().startswith('middle'))
    assert row[:3] == ['middle', '3', 'new']
    assert teaching.state['examples'] == 'middle 3' and 'runs: middle' in text
    assert 'middle' in teaching.classes()


@pytest.mark.parametrize('words, reason', [
    (['wave', '--label', 'wave', 'a.npz'], 'recordings exclude LABEL'),
    (['--examples', 'a.npz', '--undo'], 'recordings exclude LABEL'),
    (['wave', '--examples', '0'], '0 is not a whole number'),
    (['wave', '--flip-x'], '--flip-x and --flip-y are for recordings'),
    ([], 'or give recordings')])
def test_what_does_not_go_together_is_bad_usage(words, reason):
    teach = subprocess.run([shutil.which('snn-gesture'), 'teach', *words], capture_output=True,
                           text=True)
    assert teach.returncode == 2 and reason in teach.stderr and teach.stderr.count('\n') == 1


def test_a_picture_that_is_not_that_of_clips_is_named(ros, teaching):
    teaching.publisher.publish(encode_packet(StreamPacket(
        64, 64, 0, 0, 1, 0, '', bar('none', teaching.rng)[:0])))
    ros.wait_for(lambda: '128x128' in teaching.name('middle'), 'the reason')


def test_wrong_parameters_end_the_node_with_the_reason(ros, tmp_path):
    (tmp_path / 'examples').mkdir()
    (tmp_path / 'examples' / 'other').touch()
    node = ros.start('gesture_trainer', folder=tmp_path)
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1 and 'has other files' in ros.output(node)
    assert 'Traceback' not in ros.output(node)
