# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command `snn-gesture`: find the verb and run it."""
import argparse
from contextlib import suppress
from importlib import import_module
import os
import sys

from snn_gesture_ros.command_line.terminal import Parser, refusal, STATUS, UsageError
from snn_gesture_ros.files import explain

VERBS = {
    'info': 'show the facts of a recording, a checkpoint or a clip set',
    'convert': 'write a recording in another format',
    'frames': 'integrate recordings to frames, as SpikingJelly does',
    'view': 'look at the events of a recording or of a live topic',
    'demo': 'show the network at work on a simulated camera',
    'doctor': 'find out why no gestures come, and say what to set',
    'train': 'train a network on clip sets',
    'export': 'make a checkpoint for ONNX Runtime, which needs no torch',
    'bench': 'measure how fast this machine reads events and decides',
    'simulate': 'make a data set of simulated people',
    'import': 'make a data set of recordings with labels',
    'evaluate': 'measure how well gestures are recognised in recordings',
    'record': 'record a camera, with labels',
    'report': 'measure how well checkpoints recognise gestures',
    'drive': 'show where gestures lead a robot, by a table of behaviour',
    'teach': 'show a gesture to a robot that learns, and name it',
    'learn': 'learn the examples that were shown to a robot',
    'pictures': 'draw every class as the simulated camera sees it',
}
TO_INSTALL = ('make training installs what training, reports and checkpoints that are not '
              'exported need; on a robot, see the README')
MODULES = {'import': 'import_data'}
"""Of the verbs that cannot be the name of a module."""
BROKEN_PIPE = 141
"""Exit status where nobody reads on: that of a command that SIGPIPE ends."""
COMPLETED_LINE = 'COMP_LINE'
"""Variable in which a shell gives the line that is to be completed, for argcomplete."""


def make_parser(words) -> argparse.ArgumentParser:
    """Make the parser; of all verbs, only the module of the chosen one is imported."""
    parser = Parser(
        prog='snn-gesture', description='Recognise hand gestures with an event camera.',
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
    """Answer a shell that asks how the words go on, and end; see the README on completion."""
    with suppress(ImportError):
        import argcomplete
        argcomplete.autocomplete(make_parser(words))


def main(arguments=None) -> int:
    """
    Run the command and return its exit status: 0, 1 for a failure, 2 for bad usage.

    It is 130 after Ctrl-C, and 141 where nobody reads the output on.

    :param arguments: words after the command's name; those of the process by default.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if COMPLETED_LINE in os.environ:
        complete(os.environ[COMPLETED_LINE].split()[1:])
    try:
        parsed = make_parser(words).parse_args(words)
        status = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except UsageError as error:
        print(refusal(f'snn-gesture {parsed.verb}', error), file=sys.stderr)
        return STATUS
    except BrokenPipeError:     # as in `| head`; what is left to flush at the end goes nowhere
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
    print(f'snn-gesture: {message}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
