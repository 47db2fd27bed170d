# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal: usage errors in one line with exit status 2, and progress bars."""
import argparse
from contextlib import contextmanager
from pathlib import Path
import re
import signal

from snn_gesture_ros.printable import one_line, printable

USAGE_STATUS = 2


class UsageError(ValueError):
    """Arguments are wrong or exclude each other, whatever the files contain."""


class Parser(argparse.ArgumentParser):
    """A parser that reports usage errors in one line."""

    def error(self, message: str) -> None:
        """Exit with the error."""
        self.exit(USAGE_STATUS, f'{usage_message(self.prog, message)}\n')


def usage_message(command: str, message) -> str:
    """Return the line for a usage error."""
    return one_line(f'{command}: error: {message}; see {command} --help')


@contextmanager
def usage():
    """
    Convert a ValueError of a check of arguments.

    :raises UsageError: instead of a ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise UsageError(str(error)) from None


def device_name(text: str) -> str:
    """
    Return the name of a device, which need not exist.

    :raises ArgumentTypeError: if it is not a valid name.
    """
    if re.fullmatch(r'auto|cpu|cuda(:\d+)?', text):
        return text
    raise argparse.ArgumentTypeError(f'device {text!r} is not auto, cpu, cuda or cuda:n')


def image_file(text: str) -> Path:
    """
    Return the path of an image.

    :raises ArgumentTypeError: if its suffix is not that of an image format.
    """
    from PIL import Image
    if Path(text).suffix.lower() in Image.registered_extensions():
        return Path(text)
    raise argparse.ArgumentTypeError(f'{text} must end in the suffix of an image, such as .png')


def make_console(**options):
    """Return a console of rich for texts of others: they are printable, and without markup."""
    from rich.console import Console

    class TextConsole(Console):
        def render_str(self, text, **options):
            return super().render_str(printable(text), **options)

    return TextConsole(markup=False, emoji=False, **options)


def show_progress(steps, total: int, what: str) -> None:
    """
    Run an iterator to its end and show a progress bar.

    :param steps: yields first what was done before, then the progress of each step.
    :param total: sum of all that is yielded.
    :param what: label of the bar.
    :raises KeyboardInterrupt: on Ctrl-C.
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
    """Yield a list that grows on Ctrl-C; some libraries swallow its exception."""
    received = []

    def interrupt(number, frame):
        received.append(number)
        default(number, frame)

    default = signal.getsignal(signal.SIGINT)
    if callable(default):
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, default)


def open_and_follow(path, mode: str):
    """Open a file; on a terminal, show a progress bar of what has been read."""
    from rich.console import Console
    from rich.progress import open as open_with_bar
    console = Console(stderr=True)
    return open_with_bar(path, mode, description='indexing', console=console, transient=True,
                         disable=not console.is_terminal)
