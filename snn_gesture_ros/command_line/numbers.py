# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers in the arguments of verbs."""
import argparse

MOST = (1 << 31) - 1
"""Of whole numbers."""


def number_from(text: str, least: float, most: float) -> float:
    """
    Read a number.

    :raises ArgumentTypeError: if it is none or out of range.
    """
    try:
        if least <= float(text) <= most:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f'{text} is no number from {least:g} to {most:g}')


def whole_from(text: str, least: int) -> int:
    """
    Read a whole number.

    :raises ArgumentTypeError: if it is none, or too small or large.
    """
    try:
        if least <= int(text) <= MOST:
            return int(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f'{text} is no whole number of {least} or more')


def positive(text: str) -> int:
    """
    Read a whole number of at least 1.

    :raises ArgumentTypeError: if it is none.
    """
    return whole_from(text, 1)


def seed(text: str) -> int:
    """
    Read a seed.

    :raises ArgumentTypeError: if it is none.
    """
    return whole_from(text, 0)


def share(text: str) -> float:
    """
    Read a part of one.

    :raises ArgumentTypeError: if it is none.
    """
    return number_from(text, 0.0, 1.0)
