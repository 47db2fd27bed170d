# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bad usage: one line, and exit status 2."""
import argparse
from contextlib import contextmanager
from pathlib import Path
import re

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
