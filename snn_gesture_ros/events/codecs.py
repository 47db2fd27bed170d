# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoders of the encodings of EventPacket: a state goes from word to word and on."""
import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.event import EVENT, MalformedMessage

STATE = np.dtype([
    ('x', 'i8'), ('y', 'i8'), ('vector', 'i8'), ('polarity', 'u1'),
    ('time_us', 'i8'), ('has_high', '?'), ('has_time', '?'),
    ('out_of_range', 'i8'), ('triggers_rising', 'i8'), ('triggers_falling', 'i8'),
    ('trigger_time_sum_us', 'i8')])
"""What one word leaves behind for the words after it, and what was counted."""

STEP_BACK = 16
"""How far a sensor steps back without a reason, in units of the upper bits of its time."""
UNKNOWN = 1 << 16
"""A coordinate not yet sent: out of range, so that no event is made with it."""
OFF, ON, TIME_HIGH, TRIGGER = 0, 1, 8, 10
VECTOR = 32


class Decoder:
    """
    Decode the payloads of one camera, packet after packet.

    Use one for each stream, and `reset` it where a packet was lost.
    """

    def __init__(self, encoding: str, width: int, height: int):
        """
        Start a stream.

        :param encoding: one of ENCODINGS.
        :param width: of the sensor in pixels, like the height; events outside are dropped.
        :raises ValueError: if the encoding is not known.
        """
        if encoding not in _CODECS:
            raise ValueError(f'encoding {encoding!r} is not one of {", ".join(ENCODINGS)}')
        self.encoding = encoding
        self.width = width
        self.height = height
        self._word, self.unit_bytes, self._max_events, self._decode_words = _CODECS[encoding]
        self._state = np.zeros(1, STATE)
        self.reset()

    def reset(self) -> None:
        """Forget what a lost packet may have changed. Counters and unwrapped time go on."""
        for field in ('x', 'y', 'vector'):
            self._state[field] = UNKNOWN
        self._state['has_high'] = self._state['has_time'] = False

    def decode(self, payload: np.ndarray, time_base_ns: int) -> np.ndarray:
        """
        Return the events of one packet as an array of EVENT.

        :param payload: the packet's `events`, uint8[n].
        :param time_base_ns: the packet's `time_base`; those of evt do not use it.
        :raises MalformedMessage: if the payload ends within a word or an event.
        """
        if len(payload) % self.unit_bytes:
            raise MalformedMessage(f'{self.encoding} payload of {len(payload)} bytes is cut off')
        words = payload.view(self._word)
        events = np.empty(self._max_events(words), EVENT)
        kept = self._decode_words(words, *divmod(time_base_ns, 1000), self.width, self.height,
                                  self._state, events)
        return events[:kept]

    @property
    def out_of_range(self) -> int:
        """Events outside the sensor so far, all dropped."""
        return int(self._state['out_of_range'][0])

    @property
    def triggers_rising(self) -> int:
        """Rising edges at the camera's trigger input so far."""
        return int(self._state['triggers_rising'][0])

    @property
    def triggers_falling(self) -> int:
        """Falling edges at the camera's trigger input so far."""
        return int(self._state['triggers_falling'][0])

    @property
    def trigger_time_sum_us(self) -> int:
        """Sum of the sensor times of all triggers so far."""
        return int(self._state['trigger_time_sum_us'][0])


@njit(nogil=True)
def _with_high_bits(time_us, high, low_bits, high_bits, in_sequence):
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
def _emit(events, count, time_us, x, y, polarity, width, height, state):
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
def _add_trigger(state, time_us, is_rising):
    """Count an edge at the camera's trigger input."""
    state.triggers_rising += is_rising
    state.triggers_falling += 1 - is_rising
    state.trigger_time_sum_us += time_us


@njit(nogil=True)
def _decode_evt2(words, base_us, base_ns, width, height, states, events):
    """Decode uint32[n] into `events`; return how many they are."""
    state = states[0]
    count = 0
    for word in words:
        code = word >> 28
        value = np.int64(word & 0xfffffff)
        if code == TIME_HIGH:
            state.time_us = _with_high_bits(state.time_us, value, 6, 28, state.has_high)
            state.has_high = True
        elif not state.has_high:
            continue
        elif code <= ON:
            count = _emit(events, count, state.time_us | value >> 22, value >> 11 & 0x7ff,
                          value & 0x7ff, code, width, height, state)
        elif code == TRIGGER:
            _add_trigger(state, state.time_us | value >> 22, value & 1)
    return count


@njit(nogil=True)
def _decode_evt21(words, base_us, base_ns, width, height, states, events):
    """Decode uint64[n] into `events`; return how many they are."""
    state = states[0]
    count = 0
    for word in words:
        code = np.int64(word >> np.uint64(60))
        value = np.int64(word >> np.uint64(32) & np.uint64(0xfffffff))
        fired = np.int64(word & np.uint64(0xffffffff))
        if code == TIME_HIGH:
            state.time_us = _with_high_bits(state.time_us, value, 6, 28, state.has_high)
            state.has_high = True
        elif not state.has_high:
            continue
        elif code <= ON:
            for i in range(VECTOR):
                if fired >> i & 1:
                    count = _emit(events, count, state.time_us | value >> 22,
                                  (value >> 11 & 0x7ff) + i, value & 0x7ff, code,
                                  width, height, state)
        elif code == TRIGGER:
            _add_trigger(state, state.time_us | value >> 22, value & 1)
    return count


@njit(nogil=True)
def _decode_evt3(words, base_us, base_ns, width, height, states, events):
    state = states[0]
    y, base, polarity, time_us = state.y, state.vector, state.polarity, state.time_us
    count = 0
    for word in words:
        code = word >> 12
        value = np.int64(word & 0xfff)
        if code == 6:  # TIME_LOW
            time_us = time_us & ~0xfff | value
            state.has_time = state.has_high
        elif code == 8:  # TIME_HIGH
            time_us = _with_high_bits(time_us, value, 12, 12, state.has_high)
            state.has_high = True
        elif not state.has_time:
            continue
        elif code == 2:  # ADDR_X
            count = _emit(events, count, time_us, value & 0x7ff, y, value >> 11,
                          width, height, state)
        elif code == 0:  # ADDR_Y
            y = value & 0x7ff
        elif code == 3:  # VECT_BASE_X
            base = value & 0x7ff
            polarity = value >> 11
        elif code == 4 or code == 5:  # VECT_12, VECT_8
            size = 12 if code == 4 else 8
            for i in range(size):
                if value >> i & 1:
                    count = _emit(events, count, time_us, base + i, y, polarity,
                                  width, height, state)
            base += size
        elif code == 10:  # EXT_TRIGGER
            _add_trigger(state, time_us, value & 1)
    state.y, state.vector, state.polarity, state.time_us = y, base, polarity, time_us
    return count


@njit(nogil=True)
def _decode_libcaer_cmp(words, base_us, base_ns, width, height, states, events):
    state = states[0]
    x, base, polarity = state.x, state.vector, state.polarity
    time_us = 0
    count = 0
    for word in words:
        code = word >> 12
        value = np.int64(word & 0xfff)
        if code == 0:  # TIME_HIGH
            time_us = value << 12 | time_us & 0xfff
        elif code == 1:  # TIME_LOW
            time_us = time_us & ~0xfff | value
        elif code == 2:  # ADDR_X
            x = value & 0x7ff
        elif code == 3:  # ADDR_Y
            count = _emit(events, count, base_us + time_us, x, value & 0x7ff, value >> 11,
                          width, height, state)
        elif code == 4:  # VECT_BASE_Y
            base = value & 0x7ff
            polarity = value >> 11
        elif code == 5:  # VECT_8
            for i in range(8):
                if value >> i & 1:
                    count = _emit(events, count, base_us + time_us, x, base + i, polarity,
                                  width, height, state)
            base += 8
    state.x, state.vector, state.polarity = x, base, polarity
    return count


@njit(nogil=True)
def _decode_libcaer(words, base_us, base_ns, width, height, states, events):
    rolled_us = 0
    newest = 0
    count = 0
    for i in range(0, len(words), 2):
        time = np.int64(words[i + 1])
        if time < newest - (1 << 30):
            rolled_us += 1 << 31
        newest = time
        pixel = np.int64(words[i])
        if pixel & 1:
            count = _emit(events, count, base_us + rolled_us + time, pixel >> 17,
                          pixel >> 2 & 0x7fff, pixel >> 1 & 1, width, height, states[0])
    return count


@njit(nogil=True)
def _decode_mono(words, base_us, base_ns, width, height, states, events):
    count = 0
    for i in range(0, len(words), 2):
        pixel = np.int64(words[i + 1])
        time = base_us + (base_ns + np.int64(words[i])) // 1000
        count = _emit(events, count, time, pixel & 0xffff, pixel >> 16 & 0x7fff, pixel >> 31,
                      width, height, states[0])
    return count


@njit(nogil=True)
def _max_events(words, events_by_code):
    """Return how many events the words can hold at most."""
    count = 0
    for word in words:
        count += events_by_code[word >> 12]
    return count


def _max_events_evt3(words):
    return _max_events(words, _EVT3_EVENTS)


def _max_events_libcaer_cmp(words):
    return _max_events(words, _LIBCAER_CMP_EVENTS)


def _max_events_evt2(words):
    """Return how many events uint32[n] can hold at most."""
    return len(words)


def _max_events_evt21(words):
    """Return how many events uint64[n] can hold at most."""
    return VECTOR * int(np.count_nonzero(words >> 60 <= ON))


def _max_events_in_pairs(words):
    return len(words) // 2


_EVT3_EVENTS = np.array([0, 0, 1, 0, 12, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
_LIBCAER_CMP_EVENTS = np.array([0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

_CODECS = {
    # encoding: type of a word, bytes of the smallest unit, limit of events, decoder
    'evt3': ('<u2', 2, _max_events_evt3, _decode_evt3),
    'libcaer_cmp': ('<u2', 2, _max_events_libcaer_cmp, _decode_libcaer_cmp),
    'libcaer': ('<u4', 8, _max_events_in_pairs, _decode_libcaer),
    'mono': ('<u4', 8, _max_events_in_pairs, _decode_mono),
    'evt2': ('<u4', 4, _max_events_evt2, _decode_evt2),
    'evt21': ('<u8', 8, _max_events_evt21, _decode_evt21),
}
ENCODINGS = tuple(_CODECS)
