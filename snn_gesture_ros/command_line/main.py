# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command `snn-gesture`: find the verb and run it."""
import argparse
from contextlib import suppress
from importlib import import_module
import os
import sys

from snn_gesture_ros.command_line.terminal import Parser, usage_message, USAGE_STATUS, UsageError
from snn_gesture_ros.files import explain
from snn_gesture_ros.printable import one_line, only_printable

VERBS = {
    'info': 'show the facts of a recording, a checkpoint or a clip set',
    'convert': 'write a recording in another format',
    'frames': 'integrate recordings to frames, as SpikingJelly does',
    'view': 'show the events of a recording or of a live topic',
    'demo': 'run the nodes on a simulated camera',
    'doctor': 'find out why no gestures come, and what to change',
    'train': 'train a network on clip sets',
    'export': 'convert a checkpoint for ONNX Runtime, which does not need torch',
    'bench': 'measure how fast this machine decodes events and decides',
    'simulate': 'make a clip set of simulated people',
    'import': 'make a clip set from recordings with labels',
    'evaluate': 'measure how well gestures are recognized in recordings',
    'record': 'record a camera, with labels',
    'report': 'measure how well checkpoints recognize gestures',
    'drive': 'drive a simulated robot by gestures and a behavior table',
    'teach': 'show new gestures to a running robot, and name them',
    'learn': 'fine-tune a network on examples',
    'pictures': 'draw every class as the simulated camera sees it',
}
TO_INSTALL = ('run make training, for training, reports and checkpoints that are not exported; on '
              'a robot, see the README')
MODULES = {'import': 'import_data'}
"""Modules of verbs whose name cannot be that of a module."""
BROKEN_PIPE = 141
"""Exit status if nobody reads the output: that of a command that SIGPIPE ends."""
COMPLETED_LINE = 'COMP_LINE'
"""Environment variable with the line to complete, for argcomplete."""


def make_parser(words) -> argparse.ArgumentParser:
    """Return the parser; only the module of the chosen verb is imported."""
    parser = Parser(
        prog='snn-gesture', description='Recognize hand gestures with an event camera.',
        epilog='snn-gesture VERB --help explains a verb and shows an example')
    verbs = parser.add_subparsers(dest='verb', metavar='VERB', required=True)
    chosen = next((word for word in words if word in VERBS), None)
    for name, description in VERBS.items():
        verb = verbs.add_parser(name, help=description,
                                description=f'{description[0].upper()}{description[1:]}.',
                                formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            module = import_module(f'snn_gesture_ros.command_line.{MODULES.get(name, name)}')
            module.add_arguments(verb)
            verb.epilog = f'example:\n  {module.EXAMPLE}'
            verb.set_defaults(run=module.run)
    return parser


def complete(words) -> None:
    """Print completions for the shell, and exit; see the README on completion."""
    with suppress(ImportError):
        import argcomplete
        argcomplete.autocomplete(make_parser(words))


def main(arguments=None) -> int:
    """
    Run the command and return its exit status: 0, 1 for a failure, 2 for bad usage.

    It is 130 after Ctrl-C, and 141 if nobody reads the output.

    :param arguments: words after the name of the command; by default those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if COMPLETED_LINE in os.environ:
        complete(os.environ[COMPLETED_LINE].split()[1:])
    with only_printable():
        return run(words)


def run(words: list) -> int:
    """Run the command as `main` does."""
    try:
        parser = make_parser(words)
        if any('\n' in word for word in words):
            parser.error('an argument contains a line end, which no output may show: rename the '
                         'file')
        parsed = parser.parse_args(words)
        status = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except UsageError as error:
        print(usage_message(f'snn-gesture {parsed.verb}', error), file=sys.stderr)
        return USAGE_STATUS
    except BrokenPipeError:     # as in `| head`; the rest of the output is dropped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        message = explain(error)
    except ValueError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        if error.name.startswith(__name__.partition('.')[0]):
            raise
        message = f'{error.name} is not installed: {TO_INSTALL}'
    except KeyboardInterrupt:
        return 130
    print(one_line(f'snn-gesture: {message}'), file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
