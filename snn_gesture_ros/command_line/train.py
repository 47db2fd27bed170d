# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `train`: train a network on clip sets."""
import argparse
import sys

from snn_gesture_ros.command_line.options import add_setting
from snn_gesture_ros.command_line.terminal import usage, UsageError
from snn_gesture_ros.settings import settings_of
from snn_gesture_ros.training.settings import read_config, Settings, shipped_configs

EXAMPLE = 'snn-gesture train --config train_fast --data SET --output RUN'
RESUME_LAST = 'last.ckpt of --output'


def add_arguments(parser) -> None:
    """Declare an argument for each setting."""
    parser.add_argument(
        '--config', metavar='FILE', help='YAML file of settings, or a shipped one: '
        f'{", ".join(shipped_configs())}; other arguments override it')
    parser.add_argument(
        '--resume', nargs='?', const=RESUME_LAST, metavar='CHECKPOINT',
        help=f'continue exactly where a training with the same settings stopped (default: '
             f'{RESUME_LAST})')
    for setting in settings_of(Settings):
        if not isinstance(setting.default, dict):
            add_setting(parser, setting, default=argparse.SUPPRESS)


def run(arguments) -> int:
    """
    Train; return 130 if it was interrupted and can be resumed.

    :raises ValueError: if settings or data do not fit.
    """
    settings = given_settings(arguments)
    from snn_gesture_ros.training.callbacks import Interrupted
    from snn_gesture_ros.training.train import LAST, train
    last = f'{settings.output}/{LAST}'
    resume = last if arguments.resume == RESUME_LAST else arguments.resume or ''
    try:
        model = train(settings, resume)
    except Interrupted:
        print(f'interrupted; the training is saved in {last}: continue with --resume',
              file=sys.stderr)
        return 130
    if model:
        print(f'the best network is {model}')
    return 0


def given_settings(arguments) -> Settings:
    """
    Return settings: the command line overrides the file, which overrides the checkpoint.

    :raises ValueError: if one is wrong.
    """
    given = read_config(arguments.config) if arguments.config else {}
    names = [each.name for each in settings_of(Settings)]
    given |= {name: value for name, value in vars(arguments).items() if name in names}
    if not given.get('data'):
        raise UsageError('no data: give --data FOLDER with a clip set')
    if given.get('init_from'):
        from snn_gesture_ros.training.fine_tuning import defaults_from
        given = {**defaults_from(given['init_from']), **given}
    with usage():
        return Settings.of(given)
