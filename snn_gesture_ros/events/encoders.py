# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders: events as payloads of EventPacket, for simulated cameras, tests and the benchmark."""
import numpy as np


def encode_evt3(events: np.ndarray) -> np.ndarray:
    """Return EVENT[n] as evt3, uint8[m]; each payload begins with the full time."""
    return _encode_changes([
        0x8000 | events['t'] >> 12 & 0xfff,
        0x6000 | events['t'] & 0xfff,
        events['y'],
        0x2000 | events['p'] * 0x800 | events['x']])


def encode_libcaer_cmp(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as libcaer_cmp, uint8[m]; they last less than 2^24 us."""
    elapsed_us = events['t'] - time_base_ns // 1000
    return _encode_changes([
        elapsed_us >> 12,
        0x1000 | elapsed_us & 0xfff,
        0x2000 | events['x'],
        0x3000 | events['p'] * 0x800 | events['y']])


def encode_libcaer(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as libcaer, uint8[8 n]; they last less than 2^31 us."""
    words = np.empty((len(events), 2), '<u4')
    x, y, p = (events[name].astype('<u4') for name in 'xyp')
    words[:, 0] = x << 17 | y << 2 | p << 1 | 1
    words[:, 1] = events['t'] - time_base_ns // 1000
    return words.view(np.uint8).ravel()


def encode_mono(events: np.ndarray, time_base_ns: int) -> np.ndarray:
    """Return EVENT[n] as mono, uint8[8 n]; they last less than 2^32 ns, 4.3 s."""
    words = np.empty((len(events), 2), '<u4')
    x, y, p = (events[name].astype('<u4') for name in 'xyp')
    words[:, 0] = events['t'] * 1000 - time_base_ns
    words[:, 1] = x | y << 16 | p << 31
    return words.view(np.uint8).ravel()


def _encode_changes(parts):
    """Send of each event only the words that differ from the last event's, and the last word."""
    words = np.stack(parts, axis=1).astype('<u2')
    sent = np.ones(words.shape, bool)
    sent[1:, :-1] = words[1:, :-1] != words[:-1, :-1]
    return words[sent].view(np.uint8)
