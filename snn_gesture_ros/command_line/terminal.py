# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal: errors of usage in one line with exit status 2, and progress bars."""
import argparse
from contextlib import contextmanager
from pathlib import Path
import re
import signal

STATUS = 2


class UsageError(ValueError):
    """Arguments are wrong or do not go together, whatever the files hold."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line."""

    def error(self, message: str) -> None:
        """End the process."""
        self.exit(STATUS, f'{refusal(self.prog, message)}\n')


def refusal(command: str, message) -> str:
    """Return what is said of bad usage."""
    return f'{command}: error: {message}; see {command} --help'


@contextmanager
def usage():
    """
    Check arguments, before any file is opened.

    :raises UsageError: instead of another ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise UsageError(str(error)) from None


def device_name(text: str) -> str:
    """
    Read the name of a device, which need not exist.

    :raises ArgumentTypeError: if it is none.
    """
    if re.fullmatch(r'auto|cpu|cuda(:\d+)?', text):
        return text
    raise argparse.ArgumentTypeError(f'device {text!r} is not auto, cpu, cuda or cuda:n')


def picture_file(text: str) -> Path:
    """
    Read the name of a picture.

    :raises ArgumentTypeError: if its suffix is that of no format.
    """
    from PIL import Image
    if Path(text).suffix.lower() in Image.registered_extensions():
        return Path(text)
    raise argparse.ArgumentTypeError(f'{text} must end in the suffix of a picture, as in .png')


def follow(steps, total: int, what: str) -> None:
    """
    Do all steps of an iterator and show how far it is.

    :param steps: yields how much more is done; the first time, what was done before.
    :param total: how much that is in the end.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn,
        TimeRemainingColumn)
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TextColumn('left'), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, interrupts() as interrupted:
        task = progress.add_task(what, total=total)
        for number, count in enumerate(steps):
            if interrupted:
                raise KeyboardInterrupt
            if number:
                progress.advance(task, count)
            else:
                progress.reset(task, completed=count)


@contextmanager
def interrupts():
    """Give a list of the Ctrl-C that came; some libraries swallow what is raised of one."""
    came = []

    def interrupt(number, frame):
        came.append(number)
        default(number, frame)

    default = signal.getsignal(signal.SIGINT)
    if callable(default):
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, default)


def open_and_follow(path, mode: str):
    """Open a file; on a terminal, show how much of it has been read."""
    from rich.console import Console
    from rich.progress import open as open_with_bar
    console = Console(stderr=True)
    return open_with_bar(path, mode, description='indexing', console=console, transient=True,
                         disable=not console.is_terminal)
