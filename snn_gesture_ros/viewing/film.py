# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Films: events in shots of equal duration, with what is recognized, as GIF, MP4 or PNG files."""
from fractions import Fraction
from itertools import chain
from typing import NamedTuple, Optional

import numpy as np
from PIL import Image
from snn_gesture_ros.decision.pipeline import NodeSettings, Pipeline
from snn_gesture_ros.events.geometry import turn_counts
from snn_gesture_ros.events.messages import is_possible
from snn_gesture_ros.events.timeline import steady_times
from snn_gesture_ros.files import naming
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.recordings.recording import cut_slices, find_sensor_size, UnreadableRecording
from snn_gesture_ros.recordings.stored_messages import as_messages, BATCH_US, EVENTS_TYPE
from snn_gesture_ros.viewing.image import (
    BACKGROUND, draw_events, Gesture, PALETTE, QUIET, save_strip, TEXT, TILES, write_caption)

MAX_SILENCE_S = 2.0
"""At most so much of a pause without events is shown."""
MAX_TILES = 8 * TILES
TILE_PX = 240
GIF_COLORS = np.concatenate([
    PALETTE.reshape(-1, 3), *(np.linspace(BACKGROUND, color, 8) for color in (TEXT, QUIET))
]).astype(np.uint8)
"""All that occur: those of events, and the soft edges of texts."""


class Exposure:
    """Counts of the events since the last image."""

    def __init__(self):
        """Start without events and without a size."""
        self._counts = None

    def add(self, events: np.ndarray, width: int, height: int) -> None:
        """Count EVENT[n] of a sensor; those outside it are left out."""
        events = events[(events['x'] < width) & (events['y'] < height)]
        rows = (events['p'] != 0) * np.int64(height) + events['y']
        self.add_pixels(rows * width + events['x'], width, height)

    def add_pixels(self, pixels: np.ndarray, width: int, height: int) -> None:
        """Count events by their places in flat counts [2, height, width], as in StreamPacket."""
        if self._counts is None or self._counts.shape[1:] != (height, width):
            self._counts = np.zeros((2, height, width), np.int32)
        counts = self._counts.reshape(-1)
        np.add.at(counts, pixels[pixels < counts.size], 1)

    def take(self):
        """Return the counts, int32 [2, H, W], and reset them; None before any size is known."""
        counts = self._counts
        if counts is not None:
            self._counts = np.zeros_like(counts)
        return counts


class Recognition:
    """Recognize gestures as both nodes do, in the events of a film."""

    def __init__(self, classifier: SpikingClassifier, width: int, height: int,
                 rotation: int = 0):
        """
        Start before the first event of a sensor of this size.

        :param rotation: of event_stream, whose other parameters have their defaults.
        """
        self._size = width, height
        self._pipeline = Pipeline(EVENTS_TYPE, classifier, NodeSettings.of({'rotation': rotation}))
        self._gesture = None

    def name(self, events: np.ndarray):
        """
        Process the next EVENT[n].

        :returns: the Gesture of the latest decision, None before the first.
        :raises ValueError: if the network's frames do not fit those of event_stream.
        """
        for t_ns, data in as_messages(cut_slices([events], BATCH_US), *self._size):
            self._follow(self._pipeline.process_message(data, t_ns))
        return self._gesture

    def wait(self, t_us: int):
        """Let camera time pass without events; return what `name` returns."""
        self._follow(self._pipeline.pass_time(1000 * t_us))
        return self._gesture

    def _follow(self, decisions):
        for _, recognized in decisions:
            if recognized is not None:
                self._gesture = self._named(recognized.scores)

    def _named(self, scores: np.ndarray) -> Gesture:
        gesture_filter = self._pipeline.recognition.gesture_filter
        label = gesture_filter.gesture or gesture_filter.labels[int(scores.argmax())]
        return Gesture(label, float(scores[gesture_filter.labels.index(label)]),
                       gesture_filter.gesture is not None)


class Shot(NamedTuple):
    """The events of a short time, as counts."""

    t_s: float
    """Its start, in seconds of the film."""
    counts: np.ndarray
    """Event counts, [2, H, W], channel 0 OFF and 1 ON."""
    gesture: Optional[Gesture] = None

    def draw(self) -> np.ndarray:
        """Draw the events, the gesture and the time; RGB, uint8 [height, width, 3]."""
        return write_caption(draw_events(self.counts), self.gesture, f'{self.t_s:.2f} s')


def film(recording, shot_us: int, topic=None, start_s: float = 0.0, end_s=None, watch=None,
         rotation: int = 0):
    """
    Yield a Shot for each part of a recording, also for those without events.

    Camera time that falls back, as where the camera was restarted, goes on in the film.

    :param recording: an open Recording.
    :param shot_us: duration of a shot.
    :param topic: of a bag; needed where it has several with events.
    :param start_s: begin, in seconds after the recording's first event.
    :param end_s: end, likewise; None for the recording's.
    :param watch: function of the width and height of the sensor that returns a Recognition.
    :param rotation: degrees by which the events are turned clockwise.
    :raises UnreadableRecording: if the file is damaged, or the topic is not clear.
    """
    topic = recording.choose_topic(topic)
    width, height = find_sensor_size(recording, topic)
    if not is_possible(width, height):
        raise UnreadableRecording(f'{recording.path}: a sensor of {width}x{height} pixels does '
                                  'not exist')
    recognition = watch(width, height) if watch else None
    nothing = turn_counts(np.zeros((2, height, width), np.int32), rotation)
    exposure = Exposure()
    for number, slot, events in _numbered(*_slices_from(recording, shot_us, topic, start_s),
                                          shot_us):
        t_s, until_s = number * shot_us / 1e6, (number + 1) * shot_us / 1e6
        if end_s is not None and t_s >= end_s:
            return
        if until_s <= start_s:
            continue
        if events is None:
            gesture = recognition.wait((slot + 1) * shot_us) if recognition else None
            yield Shot(t_s, nothing, gesture)
            continue
        exposure.add(events, width, height)
        gesture = recognition.name(events) if recognition else None
        yield Shot(t_s, turn_counts(exposure.take(), rotation), gesture)


def at_steady_rate(shots, shot_us: int):
    """Yield shots that came late, as a live topic's may, as often as their duration asks for."""
    number = 0
    for shot in shots:
        while number * shot_us <= round(shot.t_s * 1e6):
            yield shot
            number += 1


def _slices_from(recording, shot_us: int, topic, start_s: float) -> tuple:
    """Return slices from about a time on, and the place in camera time of the first of all."""
    slices = recording.slices(shot_us, topic)
    first = next(slices, None)
    if first is None:
        return (), 0
    slot = _slot_of(first, shot_us)
    if not start_s:
        return chain([first], slices), slot
    return recording.slices(shot_us, topic, slot * shot_us + round(start_s * 1e6)), slot


def _slot_of(events: np.ndarray, shot_us: int) -> int:
    """Return the place of a shot in camera time."""
    return int(steady_times(events['t']).max()) // shot_us


def _numbered(slices, first_slot: int, shot_us: int):
    """
    Yield of each shot its number, its place in camera time and its events, None in silence.

    :param first_slot: the place of shot 0.
    """
    max_silent = round(MAX_SILENCE_S * 1e6 / shot_us)
    number, slot = -1, first_slot - 1
    for events in slices:
        before, slot = slot, _slot_of(events, shot_us)
        passed = max(slot - before, 1)
        for silent in range(1, min(passed, max_silent + 1)):
            yield number + silent, before + silent, None
        number += passed
        yield number, slot, events


def save_gif(shots, path, shot_ms: float) -> None:
    """
    Save shots as a GIF, whose times are hundredths of a second: their sum is exact.

    Pillow holds all of it in memory, about half a megabyte for a shot of 640x480 pixels.
    """
    frames = _gif_frames(shots, shot_ms)
    with naming(path):
        next(frames).save(path, format='GIF', save_all=True, append_images=frames, loop=0)


def _gif_frames(shots, shot_ms: float):
    palette = Image.new('P', (1, 1))
    palette.putpalette(GIF_COLORS.tobytes())
    for number, shot in enumerate(shots):
        frame = Image.fromarray(shot.draw()).quantize(palette=palette, dither=0)
        from_ms, until_ms = (10 * round(end * shot_ms / 10) for end in (number, number + 1))
        frame.info['duration'] = max(until_ms - from_ms, 10)
        yield frame


def save_mp4(shots, path, shot_ms: float) -> None:
    """
    Save shots as an MP4 that every player reads: H.264, with even width and height.

    :raises ValueError: if PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ValueError(f'to write MP4, pip install av, or choose .gif ({error})') from None
    with av.open(str(path), 'w', format='mp4') as container:
        stream = container.add_stream('libx264', Fraction(1000 / shot_ms).limit_denominator(1000))
        for number, shot in enumerate(shots):
            image = shot.draw()
            image = image[:image.shape[0] // 2 * 2, :image.shape[1] // 2 * 2]
            if not number:
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = 'yuv420p'
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), 'rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def save_png(shots, path, shot_ms: float) -> None:
    """Save shots as rows of small images that are evenly spread over the film."""
    kept = thin_out(shots, MAX_TILES)
    rows = []
    for start in range(0, len(kept), TILES):
        row = kept[start:start + TILES]
        started = dict.fromkeys(shot.gesture.label for shot in row
                                if shot.gesture is not None and shot.gesture.started)
        rows.append((f'{row[0].t_s:.2f} s  {", ".join(started)}', TEXT,
                     [shot.counts for shot in row]))
    save_strip(rows, path, TILE_PX)


def thin_out(items, max_items: int) -> list:
    """Return at most `max_items` of an iterator, evenly spread over its unknown length."""
    kept, every = [], 1
    for number, item in enumerate(items):
        if number % every == 0 and len(kept) == max_items:
            kept, every = kept[::2], 2 * every
        if number % every == 0:
            kept.append(item)
    return kept


FORMATS = {'.gif': save_gif, '.mp4': save_mp4, '.png': save_png}
"""By the suffix of the file; they take shots, at least one, the path and a shot's duration."""
