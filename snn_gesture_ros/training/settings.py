# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a training, from a YAML file and the command line."""
from dataclasses import asdict, dataclass
from pathlib import Path

from snn_gesture_ros.files import read_regular
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.network.model_card import (
    FRAME_VALUES, MAX_SIZE, MAX_TIME_STEPS, MAX_WINDOW_EVENTS, MAX_WINDOW_MS, MIN_WINDOW_MS,
    READOUTS)
from snn_gesture_ros.settings import check_fields, setting, settings_of
import yaml

SLICINGS = ('time', 'count', 'number')
OPTIMIZERS = ('adamw', 'adam', 'sgd')
VALIDATION_SPLITS = ('validation', 'test')
SCHEDULES = ('one_cycle', 'cosine')


@dataclass(frozen=True)
class Settings:
    """The settings of one training; by default, there is no augmentation."""

    # What is learned.
    data: tuple = setting((), 'folders of clip sets; several are mixed')
    labels: tuple = setting(
        (), 'names of the outputs in their order; empty: all in the data, none last')
    as_none: tuple = setting(
        (), 'labels of the data that are learned as none: movements that are not gestures')
    output: str = setting('training', 'folder for checkpoints and logs')
    init_from: str = setting(
        '', 'start from the weights of this checkpoint; its frames, readout and architecture '
            'become the defaults, and the outputs of shared labels are kept')
    license: str = setting('unknown', 'license of the model, for its card')

    # Windows and frames.
    time_steps: int = setting(
        16, 'T, frames of a window', '-T', minimum=1, maximum=MAX_TIME_STEPS)
    size: int = setting(32, 'width and height of a frame', unit='pixels', minimum=4,
                        maximum=MAX_SIZE)
    slicing: str = setting(
        'time', 'slice by time, by count of events, or each whole clip into T frames of equally '
                "many events (SpikingJelly's number)", choices=SLICINGS)
    window_ms: float = setting(1000.0, 'duration of a window, for slicing time', unit='ms',
                               minimum=MIN_WINDOW_MS, maximum=MAX_WINDOW_MS)
    window_events: int = setting(0, 'events of a window, for slicing count', minimum=0,
                                 maximum=MAX_WINDOW_EVENTS)
    frame_value: str = setting(
        'binary', 'whether a pixel fired, or how often', choices=FRAME_VALUES)
    sequence: int = setting(
        1, 'consecutive windows in each training sequence; the state of the network is carried '
           'from one to the next', minimum=1)

    # Network.
    architecture: dict = setting({'channels': 16}, 'arguments of the network')
    channels: int = setting(0, 'channels of the architecture; 0: its own value', minimum=0)
    readout: str = setting(
        'softmax', 'softmax of the mean logits with cross entropy, or the firing rate with mean '
                   'squared error', choices=READOUTS)
    readout_steps: float = setting(
        0.0, 'time constant of the running average of the outputs, in time steps: the loss is of '
             'this average at every time step; 0: it is of the mean over all', minimum=0,
        maximum=MAX_TIME_STEPS)
    cupy: bool = setting(
        False, 'CuPy kernels for the neurons (SpikingJelly 0.0.0.0.14 and CUDA)', '--cupy')

    # Optimization.
    epochs: int = setting(26, 'passes over the data', minimum=1)
    epoch_windows: int = setting(0, 'windows of an epoch; 0: one of each clip', minimum=0)
    batch: int = setting(32, 'windows of a step in each process', '-b', minimum=2)
    opt: str = setting('adamw', 'optimizer', choices=OPTIMIZERS)
    lr: float = setting(3e-3, 'highest learning rate', minimum=0)
    weight_decay: float = setting(1e-3, 'weight decay', minimum=0)
    schedule: str = setting(
        'one_cycle', 'the learning rate rises over the first 15 % of the steps, then falls, or '
                     'falls from epoch to epoch', choices=SCHEDULES)
    label_smoothing: float = setting(0.05, 'for readout softmax', minimum=0, maximum=0.5)
    balance: bool = setting(True, 'draw all labels equally often')
    logit_adjustment: float = setting(
        0.0, 'by how much the scores leave out that labels differ in frequency in the data: 0: '
             'not at all; 1: as if all were equally frequent; for readout softmax', minimum=0,
        maximum=1)
    ema_decay: float = setting(
        0.99, 'validate and save the running average of the weights with this decay a step; '
              '0: the weights themselves', minimum=0, maximum=0.99999)
    start_share: float = setting(
        0.0, 'share of the weights of init_from in those that are written; the rest is what was '
             'trained', minimum=0, maximum=1)
    patience: int = setting(
        0, 'stop after so many epochs without a better validation; 0: never', minimum=0)
    validate_on: str = setting(
        'validation', 'the split that selects the best epoch; test: the validation clips are '
                      'used for training, too, and the figures are of the selecting split',
        choices=VALIDATION_SPLITS)
    validation_windows: int = setting(4, 'windows of each validation clip', minimum=1)
    amp: bool = setting(False, 'mixed precision: float16 on CUDA, bfloat16 on the CPU')
    seed: int = setting(0, 'of weights, order, windows and augmentation', minimum=0)

    # Augmentation, random for each training window; applied to events, before the frames.
    mirror: float = setting(
        0.0, 'probability that left and right are exchanged, also in labels', minimum=0, maximum=1)
    shift: float = setting(
        0.0, 'largest shift, as part of the width and height', minimum=0, maximum=1)
    scale: tuple = setting((1.0, 1.0), 'smallest and largest factor of size', minimum=0.05,
                           is_range=True)
    rotation_deg: float = setting(0.0, 'largest rotation', unit='degrees', minimum=0,
                                  maximum=180)
    time_stretch: tuple = setting(
        (1.0, 1.0), 'smallest and largest factor of duration, for slicing time', minimum=0.1,
        is_range=True)
    density: tuple = setting(
        (1.0, 1.0), 'smallest and largest factor of the number of events: some are dropped, or '
                    'repeated on neighboring pixels', minimum=0.01, maximum=20,
        is_range=True)
    event_drop: float = setting(
        0.0, 'probability that the events of a random rectangle, of up to half the width and '
             'height, are dropped', minimum=0, maximum=1)
    polarity_drop: float = setting(
        0.0, 'probability that a part of the ON or of the OFF events is dropped', minimum=0,
        maximum=1)
    polarity_swap: float = setting(0.0, 'probability that ON and OFF are exchanged', minimum=0,
                                   maximum=1)
    noise_hz: float = setting(
        0.0, 'maximum of random noise events of a pixel a second; less is likelier', minimum=0)
    hot_pixels: int = setting(
        0, 'maximum of hot pixels; fewer are likelier', minimum=0)
    flicker: float = setting(
        0.0, 'probability of a lamp or a screen that flickers', minimum=0, maximum=1)

    # Machine: how fast the training is, not what is learned.
    device: str = setting('auto', 'auto, cpu, cuda or cuda:n')
    devices: int = setting(1, 'processes on each host, each with its device', minimum=1)
    num_nodes: int = setting(1, 'hosts', minimum=1)
    strategy: str = setting('auto', "Lightning's distributed strategy, such as ddp")
    workers: int = setting(
        1, 'processes that slice windows, for each training process', '-j', minimum=0)
    threads: int = setting(0, "of torch on the CPU; 0: torch's own choice", minimum=0)

    def __post_init__(self):
        """Raise ValueError, with the name of the setting, if a value is wrong."""
        check_fields(self)
        if self.slicing == 'count' and self.window_events < self.time_steps:
            raise ValueError(f'window_events must be at least {self.time_steps}, the frames of a '
                             'window, where slicing is count')
        if self.as_none and self.labels and NONE not in self.labels:
            raise ValueError(f'as_none needs {NONE!r} among the labels')
        if self.logit_adjustment and (self.balance or self.readout != 'softmax'):
            raise ValueError('logit_adjustment needs balance: false and readout: softmax')
        if self.start_share and not self.init_from:
            raise ValueError('start_share needs init_from')
        if self.channels:
            object.__setattr__(
                self, 'architecture', {**self.architecture, 'channels': self.channels})

    @classmethod
    def of(cls, given: dict) -> 'Settings':
        """
        Return the settings with some values by name; the others have their defaults.

        :raises ValueError: if a name is unknown or a value is wrong.
        """
        check(given)
        return cls(**given)

    def learning(self) -> dict:
        """Return the settings that, besides the data, decide what is learned, by name."""
        machine = ('output', 'device', 'devices', 'num_nodes', 'strategy', 'workers', 'threads',
                   'data', 'license', 'patience', 'channels', 'cupy')
        return {name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(self).items() if name not in machine}


def read_config(name: str) -> dict:
    """
    Return the settings in a YAML file, by name.

    :param name: its path, or the name of a shipped one, such as `train_fast`.
    :raises ValueError: if it is not a mapping of settings, or one of them is wrong.
    """
    path = Path(name)
    if not path.is_file():
        path = shipped_configs().get(name, path)
    try:
        content = yaml.safe_load(read_regular(path))
    except FileNotFoundError:
        raise ValueError(f'no configuration {name}: give the path of a file or one of '
                         f'{", ".join(shipped_configs())}') from None
    except (yaml.YAMLError, RecursionError) as error:
        first = str(error).strip().splitlines()[0]
        raise ValueError(f'{name} is not a YAML file: {first}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{name} must be a mapping of settings, such as epochs: 26')
    try:
        check(content)
    except ValueError as error:
        raise ValueError(f'{name}: {error}') from None
    return content


def check(given: dict) -> None:
    """
    Check each setting by itself.

    :raises ValueError: if a name is unknown or a value is wrong.
    """
    known = {each.name: each for each in settings_of(Settings)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f'unknown setting {name!r}; there are {", ".join(known)}')
        known[name].check(value)


def shipped_configs() -> dict:
    """Return the paths of the configurations that are part of the package, by name."""
    return {path.stem: path for path in sorted(_config_folder().glob('train_*.yaml'))}


def _config_folder() -> Path:
    """Return the folder config/ of the sources, or of the installed package."""
    of_sources = Path(__file__).resolve().parents[2] / 'config'
    if (of_sources.parent / 'package.xml').is_file():
        return of_sources
    from ament_index_python.packages import get_package_share_directory
    return Path(get_package_share_directory('snn_gesture_ros')) / 'config'
