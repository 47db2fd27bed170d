# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `train`: real processes on a small simulated set."""
import shutil
import signal
import subprocess

from paths import PROJECT
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.training import gesture_module as metrics
from snn_gesture_ros.training.fine_tuning import average_with, take_weights
from snn_gesture_ros.training.gesture_module import GestureModule
from snn_gesture_ros.training.settings import read_config, Settings, shipped_configs
from snn_gesture_ros.training.train import running_average
from spikingjelly.activation_based import functional
import torch

TIMEOUT_S = 300
SMALL = ('--size', '16', '-T', '4', '--window-ms', '500', '--channels', '4', '-b', '4',
         '--epoch-windows', '80', '--validation-windows', '1', '--device', 'cpu',
         '--mirror', '0.5', '--shift', '0.1', '--density', '0.5', '2', '--noise-hz', '0.05')


@pytest.fixture(scope='session')
def clip_set(tmp_path_factory):
    """Give the folder of a small simulated set."""
    folder = tmp_path_factory.mktemp('simulated') / 'set'
    assert main(['simulate', str(folder), '--labels', 'right_hand_wave', 'left_hand_wave', 'none',
                 '--clips', '8', '--seconds', '0.8', '--validation', '0.25', '--test', '0']) == 0
    return folder


def start(clip_set, out, *words):
    command = [shutil.which('snn-gesture'), 'train', '--data', clip_set, '--output', out,
               *SMALL, *words]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def train(clip_set, out, *words):
    """Train; give the exit status and what was printed."""
    process = start(clip_set, out, *words)
    text, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, text


@pytest.fixture(scope='session')
def trained(clip_set, tmp_path_factory):
    """Give the folder of a training of four passes and what it printed."""
    out = tmp_path_factory.mktemp('trained')
    status, text = train(clip_set, out, '--epochs', '4')
    assert status == 0, text
    return out, text


def weights_of(folder):
    content = torch.load(folder / 'last.ckpt', weights_only=True)
    return {**{f'average {name}': value for name, value in content['state_dict'].items()},
            **content['current_model_state']}


def test_training_leaves_a_model_that_nodes_load(trained):
    out, text = trained
    classifier = SpikingClassifier(str(out / 'best.safetensors'))
    assert classifier.shape == (2, 16, 16)
    card = classifier.card
    assert card.labels == ('right_hand_wave', 'left_hand_wave', 'none')
    assert (card.window_ms, card.slicing, card.readout) == (500.0, 'time', 'softmax')
    figures = card.training['validation']
    assert sum(map(sum, figures['confusion'])) == figures['windows'] > 0
    assert set(figures['recall']) == set(card.labels)
    assert figures['calibration_error'] >= 0 and figures['temperature'] > 0
    assert card.training['data'] == 'simulation any'
    assert [(each['made_by'], each['seed']) for each in card.training['sets']] == [
        ('simulation', 0)]
    assert card.training['figures'] == {'simulation any': {
        'windows': figures['windows'], 'accuracy': figures['accuracy']}}
    assert card.training['begun_with'] == 'random weights'
    assert card.training['settings']['batch'] == 4
    assert list((out / 'tensorboard').glob('events.*'))
    assert [line.split(':')[0] for line in text.splitlines() if line.startswith('epoch')] == [
        f'epoch {k} of 4' for k in (1, 2, 3, 4)]


@pytest.mark.parametrize('line', ['epoch 1', 'epoch 3'])
def test_interrupted_training_goes_on_to_the_same_bits(clip_set, trained, tmp_path, line):
    """Ctrl-C comes at any time: within an epoch or between two."""
    process = start(clip_set, tmp_path, '--epochs', '4')
    while line not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, text
    assert text.splitlines()[-1].endswith('continue with --resume') and 'Traceback' not in text
    assert torch.load(tmp_path / 'last.ckpt', weights_only=True)['global_step'] < 80
    status, text = train(clip_set, tmp_path, '--epochs', '4', '--resume', '-j', '0')
    assert status == 0, text
    expected, found = weights_of(trained[0]), weights_of(tmp_path)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    best = [load_checkpoint(str(out / 'best.safetensors')) for out in (trained[0], tmp_path)]
    assert best[0][1] == best[1][1]


def test_interrupt_while_validating_keeps_the_best_epoch(clip_set, trained, tmp_path,
                                                         monkeypatch):
    words = list(map(str, ['train', '--data', clip_set, '--output', tmp_path, *SMALL,
                           '--epochs', '4']))
    validated = GestureModule.on_validation_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(GestureModule, 'on_validation_epoch_end',
                      lambda module: signal.raise_signal(signal.SIGINT) or validated(module))
        assert main(words) == 130
    assert torch.load(tmp_path / 'last.ckpt', weights_only=True)['epoch'] == 0
    first = load_checkpoint(str(tmp_path / 'best.safetensors'))[1].training['epochs']
    assert first == 1
    assert main([*words, '--resume']) == 0
    best = [load_checkpoint(str(out / 'best.safetensors'))[1] for out in (trained[0], tmp_path)]
    assert best[0] == best[1]


def test_two_processes_train_one_network(clip_set, tmp_path):
    status, text = train(clip_set, tmp_path, '--epochs', '1', '--devices', '2', '--strategy',
                         'ddp', '-b', '10')
    assert status == 0, text
    assert 'MEMBER: 2/2' in text
    assert text.count('epoch 1 of 1') == 1
    assert torch.load(tmp_path / 'last.ckpt', weights_only=True)['global_step'] == 4
    load_checkpoint(str(tmp_path / 'best.safetensors'))


def test_fine_tuning_keeps_outputs_of_shared_labels(trained):
    path = str(trained[0] / 'best.safetensors')
    source, card = load_checkpoint(path)
    torch.manual_seed(9)
    net = build_network(3, 16, card.architecture)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    take_weights(net, ('none', 'snap', 'right_hand_wave'), path)
    after, there = net.state_dict(), source.state_dict()
    for name in there:
        if name.startswith('readout.'):
            assert torch.equal(after[name][[0, 2]], there[name][[2, 0]])
            assert torch.equal(after[name][1], before[name][1])
        else:
            assert torch.equal(after[name], there[name])


def test_spikingjellys_network_is_fine_tuned_to_other_labels(tmp_path):
    architecture = {'model': 'DVSGestureNet', 'channels': 2}
    torch.manual_seed(9)
    source = build_network(11, 128, architecture)
    path = tmp_path / 'spikingjelly.pth'
    torch.save({'net': source.state_dict()}, path)
    net = build_network(3, 128, architecture)
    take_weights(net, ('arm_roll', 'snap', 'hand_clapping'), str(path))
    before, after = source.conv_fc[-3].weight, net.conv_fc[-3].weight
    of = SPIKINGJELLY_GESTURES.index('arm_roll')
    assert torch.equal(after[:10], before[10 * of:10 * of + 10])
    assert torch.equal(net.conv_fc[0].weight, source.conv_fc[0].weight)
    assert net(torch.rand(4, 2, 2, 128, 128)).shape == (4, 2, 3)


def test_what_is_written_keeps_its_share_of_the_start(trained, clip_set, tmp_path):
    path = str(trained[0] / 'best.safetensors')
    begun_with, card = load_checkpoint(path)
    net = build_network(len(card.labels), card.size, card.architecture)
    own = net.readout.weight.clone()
    average_with(net, card.labels, path, 0.25)
    assert torch.allclose(net.readout.weight, 0.75 * own + 0.25 * begun_with.readout.weight)

    status, text = train(clip_set, tmp_path, '--init-from', path, '--epochs', '1',
                         '--start-share', '1')
    assert status == 0, text
    written = load_checkpoint(str(tmp_path / 'best.safetensors'))[0].state_dict()
    for name, value in begun_with.state_dict().items():
        if value.is_floating_point() and not name.startswith('readout.'):   # it is calibrated
            assert torch.equal(written[name], value)


def test_weights_of_another_architecture_are_refused(trained):
    path = str(trained[0] / 'best.safetensors')
    _, card = load_checkpoint(path)
    for other in ({'channels': 3}, {'channels': 7}, {'hidden': 2}, {'stride': 2}):
        net = build_network(len(card.labels), card.size, {**card.architecture, **other})
        with pytest.raises(ValueError, match='do not fit the architecture'):
            take_weights(net, card.labels, path)


def test_what_is_no_gesture_is_learned_as_none(clip_set, tmp_path):
    status, text = train(clip_set, tmp_path, '--epochs', '1', '--as-none', 'left_hand_wave')
    assert status == 0, text
    card = load_checkpoint(str(tmp_path / 'best.safetensors'))[1]
    assert card.labels == ('right_hand_wave', 'none')
    assert card.training['settings']['as_none'] == ['left_hand_wave']
    right, none = map(sum, card.training['validation']['confusion'])
    assert none >= 2 * right > 0


def test_fine_tuning_takes_frames_from_the_checkpoint(clip_set, trained, tmp_path):
    path = trained[0] / 'best.safetensors'
    words = ['train', '--data', clip_set, '--output', tmp_path, '--init-from', path,
             '--labels', 'none', 'left_hand_wave', '--epochs', '1', '-b', '4', '--device', 'cpu']
    assert main(list(map(str, words))) == 0
    _, card = load_checkpoint(str(tmp_path / 'best.safetensors'))
    assert card.labels == ('none', 'left_hand_wave')
    assert (card.size, card.time_steps, card.architecture['channels']) == (16, 4, 4)


def test_the_seeds_training(tmp_path):
    clip_set = tmp_path / 'set'
    assert main(['simulate', str(clip_set), '--labels', 'right_hand_wave', 'left_hand_wave',
                 '--seconds', '0.8', '--clips', '8', '--validation', '0.25', '--test', '0.25'
                 ]) == 0
    settings = Settings.of({**read_config('train_dvs128_seed'), 'data': [str(clip_set)]})
    assert settings.labels == SPIKINGJELLY_GESTURES
    assert (settings.time_steps, settings.opt, settings.lr, settings.batch, settings.epochs) == (
        16, 'adam', 1e-3, 16, 64)
    words = ['train', '--config', 'train_dvs128_seed', '--data', clip_set, '--output',
             tmp_path / 'out', '--channels', '2', '-b', '4', '--epochs', '1', '--device', 'cpu']
    assert main(list(map(str, words))) == 0
    net, card = load_checkpoint(str(tmp_path / 'out' / 'best.safetensors'))
    assert card.training['clips'] == 12, 'those for validation too'
    assert card.training['validation']['windows'] == 4
    assert type(net).__name__ == 'DVSGestureNet'
    assert card.labels[2] == 'other_gestures'
    assert (card.slicing, card.readout, card.frame_value) == ('count', 'firing_rate', 'count')
    assert card.window_events > 16 and card.window_ms == 800.0


@pytest.mark.parametrize('words, status, message', [
    (['--size', '20'], 1, 'power of two'),
    (['--labels', 'snap'], 1, 'no clips for train'),
    (['--as-none', 'snap'], 1, 'no clip has the label snap'),
    (['--as-none', 'left_hand_wave', '--labels', 'right_hand_wave'], 2, "'none' among the labels"),
    (['-b', '81'], 1, 'fewer than a batch'),
    (['--epochs', '0'], 2, 'epochs must be at least 1'),
    (['--lr', 'nan'], 2, 'lr must be at least 0'),
    (['--resume'], 1, 'no checkpoint'),
    (['--device', 'cuda:99'], 1, 'does not exist'),
    (['--init-from', 'nowhere.safetensors'], 1, 'no checkpoint nowhere'),
    (['--start-share', '0.5'], 2, 'start_share needs init_from'),
    (['--config', 'nowhere.yaml'], 1, 'no configuration nowhere.yaml'),
    (['--config', '{folder}/bad.yaml'], 1, 'bad.yaml: epochs must be at least 1'),
    (['--config', '{folder}/spiking.yaml', '--size', '128'], 1, 'set readout firing_rate'),
])
def test_what_cannot_work_is_refused_in_one_line(clip_set, tmp_path, capfd, words, status,
                                                 message):
    (tmp_path / 'bad.yaml').write_text('epochs: 0')
    (tmp_path / 'spiking.yaml').write_text('architecture: {model: DVSGestureNet}')
    words = [word.format(folder=tmp_path) for word in words]
    found = main(['train', '--data', str(clip_set), '--output', str(tmp_path), *SMALL, *words])
    assert found == status
    printed = capfd.readouterr().err.splitlines()
    assert len(printed) == 1 and message in printed[0]


def test_trainings_are_not_mixed_up(clip_set, trained, tmp_path):
    status, text = train(clip_set, trained[0], '--epochs', '4')
    assert status == 1 and '--resume' in text and len(text.splitlines()) == 1
    status, text = train(clip_set, trained[0], '--epochs', '4', '--resume', '--lr', '0.5')
    assert status == 1 and 'lr was 0.003, is 0.5' in text and len(text.splitlines()) == 1
    other = tmp_path / 'other'
    assert main(['simulate', str(other), '--labels', 'right_hand_wave', 'left_hand_wave', 'none',
                 '--clips', '2', '--seconds', '0.8', '--validation', '0.5', '--test', '0']) == 0
    status, text = train(other, trained[0], '--epochs', '4', '--resume')
    assert status == 1 and 'other data' in text and len(text.splitlines()) == 1


@pytest.mark.skipif(hasattr(functional, 'set_backend'), reason='this SpikingJelly has CuPy')
def test_cupy_is_refused_where_spikingjelly_has_none(clip_set, tmp_path, capfd):
    assert main(['train', '--data', str(clip_set), '--output', str(tmp_path), '--cupy']) == 1
    assert 'leave out --cupy' in capfd.readouterr().err


def test_settings_refuse_what_they_do_not_know(tmp_path):
    for given, message in [({'epoch': 3}, "unknown setting 'epoch'"),
                           ({'epochs': 'many'}, 'epochs must be a whole number'),
                           ({'scale': [2, 1]}, 'the smaller first'),
                           ({'mirror': 2}, 'mirror must be between 0 and 1'),
                           ({'opt': 'lion'}, 'one of adamw, adam, sgd'),
                           ({'slicing': 'count'}, 'window_events must be at least 16')]:
        with pytest.raises(ValueError, match=message):
            Settings.of(given)
    path = tmp_path / 'list.yaml'
    path.write_text('- 1\n')
    with pytest.raises(ValueError, match='mapping'):
        read_config(str(path))


def test_shipped_configurations_are_good():
    of_sources = sorted((PROJECT / 'config').glob('train_*.yaml'))
    assert [path.stem for path in of_sources] == list(shipped_configs())
    for path in of_sources:
        Settings.of(read_config(path.stem))
        assert read_config(path.stem) == read_config(str(path))


def test_shipped_configuration_is_found_from_any_folder(tmp_path):
    """In `make test` by the installed package, which is not beside its sources."""
    command = [shutil.which('snn-gesture'), 'train', '--config']
    results = [subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True)
               for name in ('train_fast', 'train_nothing')]
    assert [result.returncode for result in results] == [2, 1]
    assert results[0].stderr.startswith('snn-gesture train: error: no data: give --data')
    assert 'no configuration train_nothing: give the path of a file or one of train_' \
        in results[1].stderr


def test_temperature_makes_confident_scores_believable():
    torch.manual_seed(0)
    logits = torch.randn(20_000, 4)
    truth = torch.distributions.Categorical(logits=logits).sample()
    assert metrics.calibration_error(logits.softmax(1), truth) < 0.02
    assert metrics.calibration_error((3 * logits).softmax(1), truth) > 0.1
    assert metrics.best_temperature(3 * logits, truth, 0) == pytest.approx(3, rel=0.05)


def test_temperature_of_outputs_without_frequencies():
    torch.manual_seed(0)
    offsets = torch.tensor([0.7, 0.1, 0.1, 0.1]).log()
    logits = 2 * torch.randn(20_000, 4)
    truth = torch.distributions.Categorical(logits=logits + offsets).sample()
    assert metrics.best_temperature(3 * logits, truth, offsets) == pytest.approx(3, rel=0.05)
    assert metrics.best_temperature(3 * logits, truth, 0 * offsets) > 3.5


def test_logit_adjustment_leaves_frequencies_out_of_the_scores():
    offsets = torch.tensor([0.8, 0.15, 0.05]).log()
    settings = Settings(balance=False, logit_adjustment=1.0, label_smoothing=0.0)
    module = GestureModule(torch.nn.Identity(), settings, ('a', 'b', 'c'), offsets)
    truth = torch.tensor([0] * 80 + [1] * 15 + [2] * 5)
    output = torch.zeros(3, requires_grad=True)
    module.loss(output.expand(100, 3), truth).backward()
    assert output.grad.abs().max() < 1e-6, 'with nothing to see, all labels score alike'


def test_recalls():
    counts = metrics.confusion(torch.eye(3)[[0, 0, 1, 1]], torch.tensor([0, 0, 0, 1]))
    assert counts.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    found = metrics.recalls(counts)
    assert found[0] == pytest.approx(2 / 3) and found[1] == 1 and found[2].isnan()


def test_average_of_weights_warms_up_and_leaves_counters_alone():
    average = running_average(0.9)
    weights, new = torch.zeros(3), torch.ones(3)
    for steps in (0, 5, 1_000_000):
        part = 1 - min(0.9, (1 + steps) / (10 + steps))
        assert torch.allclose(average(weights, new, torch.tensor(steps)), part * new)
        assert average(torch.tensor(3), torch.tensor(7), torch.tensor(steps)) == 7
