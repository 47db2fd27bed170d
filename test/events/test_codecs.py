# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The codecs, word by word and over several packets."""
import numpy as np
import pytest
from snn_gesture_ros.events.codecs import Decoder, ENCODINGS
from snn_gesture_ros.events.encoders import ENCODERS
from snn_gesture_ros.events.event import EVENT, MalformedMessage

ADDR_Y, ADDR_X, VECT_BASE_X, VECT_12, VECT_8, TIME_LOW, TIME_HIGH, TRIGGER = (
    0x0000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x8000, 0xA000)
ON = 0x800


def payload(*words):
    return np.array(words, '<u2').view(np.uint8)


def decode(decoder, *words, time_base_ns=0):
    return [tuple(e.tolist()) for e in decoder.decode(payload(*words), time_base_ns)]


def make_events(count=2000, start_us=0, duration_us=20_000, seed=0):
    generator = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events['t'] = start_us + np.sort(generator.integers(0, duration_us, count))
    events['x'] = generator.integers(0, 640, count)
    events['y'] = generator.integers(0, 480, count)
    events['p'] = generator.integers(0, 2, count)
    return events


def test_every_encoding_has_an_encoder():
    assert ENCODERS.keys() == set(ENCODINGS)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('count', [0, 1, 2000])
def test_events_come_back(encoding, count):
    decoder = Decoder(encoding, 640, 480)
    for packet in range(3):
        start_us = 5_000_000 + packet * 20_000
        events = make_events(count, start_us, seed=packet)
        decoded = decoder.decode(
            ENCODERS[encoding](events, start_us * 1000), start_us * 1000)
        assert (decoded == events).all() and len(decoded) == count
    assert decoder.out_of_range == 0


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_events_outside_the_sensor_are_dropped_and_counted(encoding):
    events = make_events()
    inside = (events['x'] < 320) & (events['y'] < 240)
    decoder = Decoder(encoding, 320, 240)
    assert (decoder.decode(ENCODERS[encoding](events, 0), 0) == events[inside]).all()
    assert decoder.out_of_range == np.count_nonzero(~inside)


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_random_words_never_leave_the_sensor(encoding):
    generator = np.random.default_rng(0)
    decoder = Decoder(encoding, 200, 100)
    for units in generator.integers(0, 500, 50):
        words = np.frombuffer(generator.bytes(decoder.unit_bytes * units), np.uint8)
        events = decoder.decode(words, int(generator.integers(0, 2**62)))
        assert (events['x'] < 200).all() and (events['y'] < 100).all() and (events['p'] < 2).all()


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_payload_that_ends_within_an_event_is_malformed(encoding):
    decoder = Decoder(encoding, 640, 480)
    for size in (1, decoder.unit_bytes + decoder.unit_bytes // 2):
        with pytest.raises(MalformedMessage, match=f'{encoding} payload of {size} bytes'):
            decoder.decode(np.zeros(size, np.uint8), 0)


def test_unknown_encoding_names_the_known_ones():
    with pytest.raises(ValueError, match=f"'evt9' is not one of {', '.join(ENCODINGS)}"):
        Decoder('evt9', 640, 480)


def test_evt3_words():
    decoder = Decoder('evt3', 640, 480)
    assert decode(decoder, TIME_HIGH | 2, TIME_LOW | 5, ADDR_Y | 7, ADDR_X | ON | 9,
                  ADDR_X | 10, TIME_LOW | 6, ADDR_X | 11) == [
        (8197, 9, 7, 1), (8197, 10, 7, 0), (8198, 11, 7, 0)]


def test_evt3_state_carries_over_to_the_next_packet():
    decoder = Decoder('evt3', 640, 480)
    assert decode(decoder, TIME_HIGH, TIME_LOW | 5, ADDR_Y | 7, VECT_BASE_X | ON | 100) == []
    assert decode(decoder, ADDR_X | 1, VECT_8 | 1) == [(5, 1, 7, 0), (5, 100, 7, 1)]


def test_evt3_vectors_advance_their_base():
    decoder = Decoder('evt3', 640, 480)
    events = decode(decoder, TIME_HIGH, TIME_LOW, ADDR_Y | 3, VECT_BASE_X | ON | 100,
                    VECT_12 | 0x801, VECT_8 | 0xF82, VECT_12 | 1)
    assert [e[1] for e in events] == [100, 111, 113, 119, 120]
    assert {e[2:] for e in events} == {(3, 1)}


def test_evt3_vector_is_cut_at_the_edge_of_the_sensor():
    decoder = Decoder('evt3', 640, 480)
    events = decode(decoder, TIME_HIGH, TIME_LOW, ADDR_Y, VECT_BASE_X | 636, VECT_12 | 0xFFF)
    assert [e[1] for e in events] == [636, 637, 638, 639]
    assert decoder.out_of_range == 8


def test_evt3_words_before_the_time_are_dropped():
    decoder = Decoder('evt3', 640, 480)
    assert decode(decoder, ADDR_Y | 1, ADDR_X | 1, TIME_LOW | 9, ADDR_X | 1, TRIGGER,
                  TIME_HIGH | 1, ADDR_X | 1, TIME_LOW | 2, ADDR_Y | 4, ADDR_X | 5) == [
        (4098, 5, 4, 0)]
    assert decoder.triggers_falling == 0


def test_evt3_time_goes_on_where_the_sensor_rolls_over():
    decoder = Decoder('evt3', 640, 480)
    for turn in range(3):
        words = [TIME_HIGH | 0x800, TIME_HIGH | 0xFFF, TIME_LOW | 1, ADDR_Y, ADDR_X,
                 TIME_HIGH, TIME_LOW, ADDR_X]
        assert [e[0] for e in decode(decoder, *words)] == [
            (turn << 24) + (0xFFF << 12) + 1, turn + 1 << 24]


def test_evt3_time_may_step_back_a_little():
    decoder = Decoder('evt3', 640, 480)
    events = decode(decoder, TIME_HIGH | 20, TIME_LOW, ADDR_Y, ADDR_X, TIME_HIGH | 18, ADDR_X)
    assert [e[0] for e in events] == [20 << 12, 18 << 12]


def test_evt3_time_may_step_back_to_before_a_roll_over():
    decoder = Decoder('evt3', 640, 480)
    words = [0x800, 0xFFE, 1, 0xFFF, 2]
    events = decode(decoder, *(
        word for high in words for word in (TIME_HIGH | high, TIME_LOW, ADDR_Y, ADDR_X)))
    assert [e[0] >> 12 for e in events] == [0x800, 0xFFE, 0x1001, 0xFFF, 0x1002]


def test_time_goes_back_where_it_falls_by_less_than_half_its_range():
    decoder = Decoder('evt3', 640, 480)
    events = decode(decoder, TIME_HIGH | 2000, TIME_LOW, ADDR_Y, ADDR_X, TIME_HIGH | 1000, ADDR_X)
    assert [e[0] for e in events] == [2000 << 12, 1000 << 12]


def test_evt3_reset_forgets_the_row_and_keeps_time_monotonic():
    decoder = Decoder('evt3', 640, 480)
    decode(decoder, TIME_HIGH | 20, TIME_LOW, ADDR_Y | 5, TRIGGER | 1)
    decoder.reset()
    assert decode(decoder, ADDR_X | 1) == []
    assert decode(decoder, TIME_HIGH | 18, TIME_LOW, ADDR_X | 1, ADDR_Y | 6, ADDR_X | 2) == [
        ((1 << 24) + (18 << 12), 2, 6, 0)]
    assert decoder.triggers_rising == 1


def test_evt3_triggers_are_counted():
    decoder = Decoder('evt3', 640, 480)
    decode(decoder, TIME_HIGH, TIME_LOW | 10, TRIGGER | 0x601, TIME_LOW | 20, TRIGGER | 0x600,
           TRIGGER | 1)
    assert (decoder.triggers_rising, decoder.triggers_falling) == (2, 1)
    assert decoder.trigger_time_sum_us == 50


def test_libcaer_cmp_words():
    decoder = Decoder('libcaer_cmp', 346, 260)
    words = [0x2000 | ON | 9, 0x3000 | ON | 7, 0x1000 | 3, 0x3000 | 8, 0x0000 | 1, 0x3000 | 9,
             0x4000 | ON | 16, 0x5000 | 0x81, 0x5000 | 1]
    expected = [(0, 9, 7, 1), (3, 9, 8, 0), (4099, 9, 9, 0), (4099, 9, 16, 1), (4099, 9, 23, 1),
                (4099, 9, 24, 1)]
    for base_us in (0, 1_744_227_144_732_712):
        assert decode(decoder, *words, time_base_ns=base_us * 1000) == [
            (base_us + t, x, y, p) for t, x, y, p in expected]


def test_libcaer_skips_invalid_events_and_rolls_over_within_a_packet():
    decoder = Decoder('libcaer', 346, 260)
    word = 9 << 17 | 7 << 2 | 1 << 1
    words = np.array([word | 1, 2**31 - 1, word, 0, word | 1, 3], '<u4').view(np.uint8)
    events = decoder.decode(words, 1_000_000_999)
    assert events.tolist() == [(1_000_000 + 2**31 - 1, 9, 7, 1), (1_000_000 + 2**31 + 3, 9, 7, 1)]


def test_mono_adds_nanoseconds_before_it_cuts_to_microseconds():
    decoder = Decoder('mono', 640, 480)
    words = np.array([600, 9 | 7 << 16 | 1 << 31, 2**32 - 1, 0], '<u4').view(np.uint8)
    assert decoder.decode(words, 1_500).tolist() == [
        (2, 9, 7, 1), ((1_500 + 2**32 - 1) // 1000, 0, 0, 0)]
