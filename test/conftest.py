# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests share: fixtures, what is skipped, and what is fast."""
from contextlib import suppress
import multiprocessing.process
import os
import signal
import sys

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
from bars import bar, BAR_US
import numpy as np
from paths import SHARED_DATA
import pytest
from ros_domain import Ros

# Where colcon runs the tests, nodes are not on the PATH; fast tests need no built package.
with suppress(PackageNotFoundError):
    os.environ['PATH'] = f'{get_package_prefix("snn_gesture_ros")}/lib/snn_gesture_ros:' + (
        os.environ['PATH'])
# What a shell runs in the background, or by nohup, ignores these, and that would be inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
FOR_TRAINING = ('torch', 'spikingjelly', 'safetensors', 'onnx', 'pytorch_lightning',
                'torchmetrics', 'tensorboard', 'matplotlib')
"""What `make training` installs, and a robot need not have."""
PROCESS_STARTS = ('subprocess.Popen', 'os.fork', 'os.forkpty', 'os.posix_spawn', 'os.system')
"""Events of Python's audit."""


def pytest_addoption(parser):
    """Add the options of `make test-fast` and `make faults`."""
    parser.addoption('--fast', action='store_true',
                     help='leave out what starts processes, and what is marked as slow')
    parser.addoption('--repetitions', type=int, default=1,
                     help='how often each fault of faults/ happens')


def pytest_configure(config):
    """Skip a test that `--fast` did not leave out as soon as it starts a process."""
    if not config.getoption('--fast'):
        return

    def skip(*_):
        pytest.skip('starts a process')

    def audit(event, _):
        if event in PROCESS_STARTS and 'PYTEST_CURRENT_TEST' in os.environ:
            skip()

    sys.addaudithook(audit)
    multiprocessing.process.BaseProcess.start = skip


def pytest_collection_modifyitems(config, items):
    """Leave out what is slow, and what has nodes as processes."""
    if config.getoption('--fast'):
        slow = {item for item in items
                if 'ros' in item.fixturenames or item.get_closest_marker('slow')}
        config.hook.pytest_deselected(items=list(slow))
        items[:] = [item for item in items if item not in slow]


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


@pytest.fixture
def udp(monkeypatch):
    """Let the test hear nodes over UDP; in shared memory a kill can make it wait, too."""
    monkeypatch.setenv('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')


@pytest.fixture
def ros(tmp_path):
    """Give a ROS domain of the test's own."""
    domain = Ros(tmp_path)
    yield domain
    domain.stop()


@pytest.fixture
def launch(ros, tmp_path):
    """Give a function that starts a launch file."""
    from launched import Launched       # it needs the built package
    ros.log_folder = tmp_path / 'log'
    return lambda file, *words, **arguments: Launched(ros, file, words, arguments)
