# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the codecs share: the state between two words, the time, and the event that is made."""
import numpy as np
from snn_gesture_ros.compiled import njit

STATE = np.dtype([
    ('x', 'i8'), ('y', 'i8'), ('base', 'i8'), ('polarity', 'u1'),
    ('time_us', 'i8'), ('has_high', '?'), ('has_time', '?'),
    ('out_of_range', 'i8'), ('triggers_rising', 'i8'), ('triggers_falling', 'i8'),
    ('trigger_time_sum_us', 'i8')])
"""What one word leaves behind for the words after it, and what was counted."""

STEP_BACK = 16
"""How far a sensor steps back without a reason, in units of the upper bits of its time."""
UNKNOWN = 1 << 16
"""A coordinate not yet sent: out of range, so that no event is made with it."""


@njit(nogil=True)
def with_high_bits(time_us, high, low_bits, high_bits, in_sequence):
    """
    Return `time_us` with the bits above its lowest set to `high`, one more turn at a roll-over.

    They fall by almost all their range then; where they fall by less than half of it, time goes
    back, as in a file of two recordings. Across lost packets it cannot go back. Sensors step back
    a little now and then, also to before a roll-over.
    """
    bits = low_bits + high_bits
    old = time_us >> low_bits & ((1 << high_bits) - 1)
    turns = time_us >> bits
    if high < old - (1 << high_bits - 1 if in_sequence else 0):
        turns += 1
    elif turns > 0 and in_sequence and high > old + (1 << high_bits) - STEP_BACK:
        turns -= 1
    return turns << bits | high << low_bits | time_us & ((1 << low_bits) - 1)


@njit(nogil=True)
def emit(events, count, time_us, x, y, polarity, width, height, state):
    """Write an event at `count` if it is on the sensor, and return the new count."""
    if x >= width or y >= height:
        state.out_of_range += 1
        return count
    event = events[count]
    event.t = time_us
    event.x = x
    event.y = y
    event.p = polarity
    return count + 1


@njit(nogil=True)
def add_trigger(state, time_us, is_rising):
    """Count an edge at the camera's trigger input."""
    state.triggers_rising += is_rising
    state.triggers_falling += 1 - is_rising
    state.trigger_time_sum_us += time_us
