# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers in the arguments of verbs."""
import argparse


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
