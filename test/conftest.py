# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests share: real recordings, and nodes as real processes in a domain of their own."""
from itertools import count
import os
from pathlib import Path
import shutil
import signal
import subprocess
import time

from ament_index_python.packages import get_package_prefix
import numpy as np
import pytest
from rcl_interfaces.srv import GetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor

SHARED_DATA = Path(__file__).resolve().parents[2] / 'shared' / 'data'
PATIENCE_S = 120
"""Conditions are waited for this long before a test fails; the first start compiles."""
_domains = count(os.getpid() % 50 * 2)
# Where colcon runs the tests, nodes are not on the PATH.
os.environ['PATH'] = f'{get_package_prefix("snn_gesture_ros")}/lib/snn_gesture_ros:' + (
    os.environ['PATH'])
# A shell lets what it runs in the background ignore both, and that would be inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
FOR_TRAINING = ('torch', 'spikingjelly', 'safetensors', 'onnx', 'pytorch_lightning',
                'torchmetrics', 'tensorboard', 'matplotlib')
"""What `make training` installs, and a robot need not have."""


def skip_without_training(report, error, path) -> None:
    """Let what imports a library that only training needs be skipped where it is missing."""
    if isinstance(error, ModuleNotFoundError) and error.name.split('.')[0] in FOR_TRAINING:
        report.outcome = 'skipped'
        report.longrepr = str(path), 0, f'{error.name} is not installed: make training'


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """Skip modules of tests."""
    outcome = yield
    report = outcome.get_result()
    error = report.failed and report.call.excinfo.value
    skip_without_training(report, error and error.__cause__, collector.fspath)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Skip tests, and what prepares them."""
    outcome = yield
    skip_without_training(outcome.get_result(), call.excinfo and call.excinfo.value, item.fspath)


@pytest.fixture
def shared_data():
    """Give the folder of the real recordings."""
    if not SHARED_DATA.is_dir():
        pytest.skip('the real recordings of ../shared/data are not on this machine')
    return SHARED_DATA


@pytest.fixture
def halves(tmp_path):
    """Write a network of 16x16 pixels that tells whether the left or the right half fires."""
    from snn_gesture_ros.network.checkpoint import save_checkpoint
    from snn_gesture_ros.network.gesture_net import GestureNet
    from snn_gesture_ros.network.model_card import ModelCard
    import torch
    net = GestureNet(3, 16, 4)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.features[1].weight.fill_(1)
        net.features[0].weight[0, :2] = 5       # the frame itself, not its trace
        now = net.hidden[1].weight.view(128, 2, 4, 4, 4)[:, 0, 0]
        now[0, :, :2] = 5
        now[1, :, 2:] = 5
        net.readout.weight[0, 0] = net.readout.weight[1, 1] = 12
        net.readout.bias.copy_(torch.tensor([-6.0, -6.0, 0.0]))
    card = ModelCard(('left', 'right', 'none'), 4, 80.0, 16, 'binary', 'time', 'softmax',
                     {'channels': 4})
    path = tmp_path / 'halves.safetensors'
    save_checkpoint(path, net, card)
    return path


BAR_COLUMNS = {'left': (16, 48), 'right': (80, 112), 'middle': (56, 72)}
"""Where a bar flickers, on a picture of 128 columns."""
BAR_US = 1_200_000


def bar(label, rng):
    """Give the events of a bar; of `none`, a few anywhere."""
    from snn_gesture_ros.events.packet import PACKED_EVENT
    events = np.empty(120 if label == 'none' else 4800, PACKED_EVENT)
    events['dt_us'] = np.sort(rng.integers(0, BAR_US, len(events)))
    x = rng.integers(*BAR_COLUMNS.get(label, (0, 128)), len(events))
    events['pixel'] = rng.integers(0, 256, len(events)) * 128 + x
    return events


def record_bar(path, label, duration_us=BAR_US, seed=0):
    """Write a recording of a bar, dense enough for the noise filters; of `none`, all over."""
    rng = np.random.default_rng(seed)
    left, right = BAR_COLUMNS.get(label, (0, 128))
    count = duration_us // 1000 * 2 * (right - left)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, t=np.sort(rng.integers(0, duration_us, count)), x=rng.integers(
        left, right, count), y=rng.integers(0, 128, count), p=rng.integers(0, 2, count))
    return path


@pytest.fixture(scope='session')
def bars(tmp_path_factory):
    """Give a network that knows bars at the left, at the right and nowhere, and clips of them."""
    from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
    from snn_gesture_ros.learning.head import train_head
    from snn_gesture_ros.learning.learn import settings_for
    from snn_gesture_ros.learning.rehearsal import augmented_sequences
    from snn_gesture_ros.network.checkpoint import save_checkpoint
    from snn_gesture_ros.network.gesture_net import GestureNet
    from snn_gesture_ros.network.model_card import ModelCard
    from snn_gesture_ros.training.window_cutter import WindowCutter
    import torch
    folder, rng = tmp_path_factory.mktemp('bars'), np.random.default_rng(1)
    labels = ('left', 'right', 'none')
    ClipSetWriter(folder / 'clips', {'made_by': 'test'}).write('all', [
        (Clip(label, split, split, split, BAR_US), bar(label, rng))
        for label in labels for split in ('train', 'validation') for _ in range(6)])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = GestureNet(3, 16, 8, hidden=64).eval()
    net.requires_grad_(False)
    net.features[1].weight.fill_(3)
    card = ModelCard(labels, 4, 200.0, 16, 'binary', 'time', 'softmax',
                     {'channels': 8, 'hidden': 64}, readout_steps=3.0)
    save_checkpoint(folder / 'bars.safetensors', net, card)
    clips = ClipSet(folder / 'clips')
    shown = augmented_sequences(net, WindowCutter(
        clips.select('train'), settings_for(str(folder / 'bars.safetensors'), clips), labels),
        12, rng)
    truth = torch.nn.functional.one_hot(shown.truth, len(labels)).float()
    save_checkpoint(folder / 'bars.safetensors', train_head(net, shown, shown, truth, 3.0), card)
    return folder / 'bars.safetensors', folder / 'clips'


class Ros:
    """A ROS domain of a test's own, with a node of ours and processes of the package's nodes."""

    def __init__(self, log_folder: Path):
        """Start the test's own node."""
        self.environment = dict(os.environ, ROS_DOMAIN_ID=str(1 + next(_domains) % 100),
                                ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST')
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=int(self.environment['ROS_DOMAIN_ID']))
        self.node = rclpy.create_node('test', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._log_folder = log_folder
        self._processes = []
        self._listening = []
        self._clients = {}

    def start(self, name: str, environment=None, within=(), **parameters) -> subprocess.Popen:
        """Start a node of the package, by `within`; its output goes to a file, see `output`."""
        executable = shutil.which(name)
        assert executable, f'{name} is not on PATH: run make test, or source env.bash'
        command = [*within, executable, '--ros-args']
        for key, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else value
            command += ['-p', f'{key}:={text}']
        return self.run(name, command, environment)

    def run(self, name: str, command: list, environment=None) -> subprocess.Popen:
        """Start a process like a node of the package."""
        log = (self._log_folder / f'{len(self._processes)}_{name}.log').open('w')
        process = subprocess.Popen(command, env=environment or self.environment, stdout=log,
                                   stderr=subprocess.STDOUT)
        process.log_path = Path(log.name)
        self._processes.append(process)
        return process

    @staticmethod
    def output(process) -> str:
        """Give what a process has printed so far."""
        return process.log_path.read_text()

    def wait_for(self, condition, what: str):
        """Spin the test's node until a condition is true; give its value."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f'waited in vain for {what}\n' + '\n'.join(
                f'{process.log_path.name}: {self.output(process)}' for process in self._processes)
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def listen(self, message_class, topic: str, qos=10, **options) -> list:
        """Subscribe; give the list that the messages are added to."""
        received = []
        self._listening.append(self.node.create_subscription(
            message_class, topic, received.append, qos, **options))
        return received

    def client(self, kind, service: str):
        """
        Make a client of a service of a node, once, that no answer is lost to.

        A server's answer is lost as long as it does not know the client. It learns of clients in
        their order, so that one who is answered tells that all before him are known.
        """
        if service not in self._clients:
            client = self._clients[service] = self.node.create_client(kind, service)
            probe = self.node.create_client(
                GetParameters, f'{service.rpartition("/")[0]}/get_parameters')
            for each in (client, probe):
                self.wait_for(each.service_is_ready, f'the service {each.srv_name}')
            asked = []

            def is_known():
                if not asked or time.monotonic() > asked[-1][0] + 0.5:
                    asked.append((time.monotonic(), probe.call_async(GetParameters.Request())))
                return any(future.done() for _, future in asked)

            self.wait_for(is_known, 'the node to know the client')
        return self._clients[service]

    def heard(self) -> bool:
        """Tell whether all that the test listens to has a publisher that is connected."""
        return all(each.get_publisher_count() for each in self._listening)

    def stop(self) -> None:
        """Interrupt all processes, then end the test's node."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def ros(tmp_path):
    """Give a ROS domain of the test's own."""
    domain = Ros(tmp_path)
    yield domain
    domain.stop()
