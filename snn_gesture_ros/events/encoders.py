# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Encoders: events as payloads of EventPacket, for simulated cameras, tests and the benchmark.

Each takes EVENT[n] and the time base of the packet; evt has the time in its words.
"""
import numpy as np


def encode_evt3(events: np.ndarray, time_base_ns: int = 0) -> np.ndarray:
    """Return EVENT[n] as evt3, uint8[m]; each payload begins with the full time."""
    t, x, y, p = _columns(events)
    return _encode_changes([0x8000 | t >> 12 & 0xfff, 0x6000 | t & 0xfff, y, 0x2000 | p << 11 | x])


def encode_evt2(events: np.ndarray, time_base_ns: int = 0) -> np.ndarray:
    """Return EVENT[n] as evt2, uint8[8 n], the upper time before each."""
    t, x, y, p = _columns(events)
    return _encode_pairs(8 << 28 | t >> 6, p << 28 | (t & 0x3f) << 22 | x << 11 | y)


def encode_evt21(events: np.ndarray, time_base_ns: int = 0) -> np.ndarray:
    """Return EVENT[n] as evt21, uint8[16 n], the upper time before each, a vector for each."""
    t, x, y, p = _columns(events)
    words = [np.zeros_like(t), 8 << 28 | t >> 6, np.ones_like(t),
             p << 28 | (t & 0x3f) << 22 | x << 11 | y]
    return np.stack(words, axis=1).astype('<u4').ravel().view(np.uint8)


def encode_libcaer_cmp(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as libcaer_cmp, uint8[m]; they last less than 2^24 us."""
    t, x, y, p = _columns(events)
    t -= time_base_ns // 1000
    return _encode_changes([t >> 12, 0x1000 | t & 0xfff, 0x2000 | x, 0x3000 | p << 11 | y])


def encode_libcaer(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as libcaer, uint8[8 n]; they last less than 2^31 us."""
    t, x, y, p = _columns(events)
    return _encode_pairs(x << 17 | y << 2 | p << 1 | 1, t - time_base_ns // 1000)


def encode_mono(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as mono, uint8[8 n]; they last less than 2^32 ns, 4.3 s."""
    t, x, y, p = _columns(events)
    return _encode_pairs(t * 1000 - time_base_ns, x | y << 16 | p << 31)


def _columns(events):
    return [events[name].astype(np.int64) for name in 'txyp']


def _encode_pairs(first, second):
    return np.stack([first, second], axis=1).astype('<u4').ravel().view(np.uint8)


def _encode_changes(parts):
    """Send of each event only the words that differ from the last event's, and the last word."""
    words = np.stack(parts, axis=1).astype('<u2')
    sent = np.ones(words.shape, bool)
    sent[1:, :-1] = words[1:, :-1] != words[:-1, :-1]
    return words[sent].view(np.uint8)


ENCODERS = {'evt3': encode_evt3, 'libcaer_cmp': encode_libcaer_cmp, 'libcaer': encode_libcaer,
            'mono': encode_mono, 'evt2': encode_evt2, 'evt21': encode_evt21}
"""By encoding; each of `codecs.ENCODINGS` has one."""
