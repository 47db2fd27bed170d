# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Texts of others in terminals and logs: control characters in them must not act there."""
from contextlib import contextmanager, redirect_stderr, redirect_stdout
import sys
import unicodedata

KEPT = '\n\t'


def printable(text: str) -> str:
    r"""
    Return a text with escapes, such as `\x1b`, instead of characters that are not printable.

    These are control characters, those that turn the direction of a line, and what stands for
    the bytes of a file name that is not UTF-8. Spaces of any width, tabs and line ends stay.
    """
    if text.isprintable():
        return text
    return ''.join(
        each if each.isprintable() or each in KEPT or unicodedata.category(each) == 'Zs'
        else each.encode('unicode_escape').decode() for each in text)


class PrintableStream:
    """A stream to which only printable text is written."""

    def __init__(self, stream):
        """Write to another stream of text."""
        self.rich_proxied_file = stream
        """A console of rich writes its colors here; see command_line.terminal.make_console."""

    def write(self, text: str) -> int:
        """Write a text; return its length."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def __getattr__(self, name):
        """Have the other attributes of the stream."""
        return getattr(self.rich_proxied_file, name)


@contextmanager
def only_printable():
    """Write only printable text to the standard output and error."""
    out, error = PrintableStream(sys.stdout), PrintableStream(sys.stderr)
    with redirect_stdout(out), redirect_stderr(error):
        yield
