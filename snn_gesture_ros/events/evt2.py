# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
EVT 2.0 and 2.1, two formats of Prophesee's sensors.

| bits of evt2 | bits of evt21 | |
| --- | --- | --- |
| 28-31 | 60-63 | code: 0 OFF, 1 ON, 8 upper time, 10 trigger |
| 0-27 | 32-59 | of an upper time: bits 6-33 of the sensor time in microseconds |
| 22-27 | 54-59 | of an event or a trigger: bits 0-5 of its time |
| 11-21, 0-10 | 43-53, 32-42 | of an event: x and y |
| | 0-31 | which of the 32 pixels from x on have fired |
| 0 | 32 | of a trigger: 1 for a rising edge |

Other codes are skipped, and so are words before the first upper time. Source: Prophesee's
descriptions of EVT 2.0 and EVT 2.1.
"""
import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.codec_state import add_trigger, emit, with_high_bits

OFF, ON, TIME_HIGH, TRIGGER = 0, 1, 8, 10
VECTOR = 32


@njit(nogil=True)
def decode_evt2(words, base_us, base_ns, width, height, states, events):
    """Decode uint32[n] into `events`; return how many they are."""
    state = states[0]
    count = 0
    for word in words:
        code = word >> 28
        value = np.int64(word & 0xfffffff)
        if code == TIME_HIGH:
            state.time_us = with_high_bits(state.time_us, value, 6, 28, state.has_high)
            state.has_high = True
        elif not state.has_high:
            continue
        elif code <= ON:
            count = emit(events, count, state.time_us | value >> 22, value >> 11 & 0x7ff,
                         value & 0x7ff, code, width, height, state)
        elif code == TRIGGER:
            add_trigger(state, state.time_us | value >> 22, value & 1)
    return count


@njit(nogil=True)
def decode_evt21(words, base_us, base_ns, width, height, states, events):
    """Decode uint64[n] into `events`; return how many they are."""
    state = states[0]
    count = 0
    for word in words:
        code = np.int64(word >> np.uint64(60))
        value = np.int64(word >> np.uint64(32) & np.uint64(0xfffffff))
        fired = np.int64(word & np.uint64(0xffffffff))
        if code == TIME_HIGH:
            state.time_us = with_high_bits(state.time_us, value, 6, 28, state.has_high)
            state.has_high = True
        elif not state.has_high:
            continue
        elif code <= ON:
            for i in range(VECTOR):
                if fired >> i & 1:
                    count = emit(events, count, state.time_us | value >> 22,
                                 (value >> 11 & 0x7ff) + i, value & 0x7ff, code,
                                 width, height, state)
        elif code == TRIGGER:
            add_trigger(state, state.time_us | value >> 22, value & 1)
    return count


def most_events_evt2(words):
    """Return how many events uint32[n] can hold at most."""
    return len(words)


def most_events_evt21(words):
    """Return how many events uint64[n] can hold at most."""
    return VECTOR * int(np.count_nonzero(words >> 60 <= ON))
