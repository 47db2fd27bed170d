# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A progress bar with the time that is left, on the terminal."""
from contextlib import contextmanager
import signal


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
