# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `train`: train a network on clip sets."""
import argparse
from dataclasses import fields
import sys

from snn_gesture_ros.command_line.terminal import device_name, usage, UsageError
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
    for spec in fields(Settings):
        if spec.type is dict:
            continue
        flags = {f'--{spec.name.replace("_", "-")}': None, **dict.fromkeys(spec.metadata['flags'])}
        options = {'dest': spec.name, 'default': argparse.SUPPRESS}
        default = spec.default
        if spec.type is bool:
            options['action'] = argparse.BooleanOptionalAction
        elif spec.type is tuple and default:
            options.update(type=float, nargs=2, metavar=('MIN', 'MAX'))
            default = '{:g} {:g}'.format(*default)
        elif spec.type is tuple:
            options.update(nargs='+', metavar='NAME')
        else:
            kind = device_name if spec.name == 'device' else spec.type
            options.update(type=kind, choices=spec.metadata['choices'])
            if not spec.metadata['choices']:
                options['metavar'] = spec.type.__name__.upper()
        shown = f' (default: {default})' if default not in ('', ()) else ''
        parser.add_argument(*flags, help=(spec.metadata['help'] + shown).replace('%', '%%'),
                            **options)


def run(arguments) -> int:
    """
    Train; return 130 if it was interrupted and can be resumed.

    :raises ValueError: if settings or data do not fit.
    """
    settings = settings_of(arguments)
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


def settings_of(arguments) -> Settings:
    """
    Return settings: the command line overrides the file, which overrides the checkpoint.

    :raises ValueError: if one is wrong.
    """
    given = read_config(arguments.config) if arguments.config else {}
    names = [spec.name for spec in fields(Settings)]
    given |= {name: value for name, value in vars(arguments).items() if name in names}
    if not given.get('data'):
        raise UsageError('no data: give --data FOLDER with a clip set')
    if given.get('init_from'):
        from snn_gesture_ros.training.fine_tuning import defaults_from
        given = {**defaults_from(given['init_from']), **given}
    with usage():
        return Settings.of(given)
