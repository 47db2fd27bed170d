# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The window cutter: from the clips of a set to windows of frames and their classes."""
from bisect import bisect_left

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.frames.accumulation import (
    check_resolution, frames_by_count, frames_by_time, network_input)
from snn_gesture_ros.labels import MIRRORED, NONE
from snn_gesture_ros.training.augmentation import Augmentation, augmented

UNKNOWN = -1
"""Class of a time step that shows no single label."""
SETTLING_US = 100_000
"""After its onset, a gesture cannot be recognized for this long."""
FADING_US = 450_000
"""After its end, a gesture is not over for this long: the arm is still moving down."""


class WindowCutter:
    """Cut windows of frames from the clips of a set, as the nodes slice their events."""

    def __init__(self, clips: ClipSet, settings, labels: tuple):
        """
        Check the sizes and assign classes to the clips.

        :param clips: ClipSet, all its labels among `labels`.
        :param settings: Settings.
        :param labels: names of the classes, in their order.
        :raises ValueError: if the size of the clips is not a whole multiple of that of a frame.
        """
        self.clips = clips
        self.settings = settings
        self.classes = np.array([labels.index(clip.label) for clip in clips.clips], int)
        self._none = labels.index(NONE) if NONE in labels else None
        names = [MIRRORED.get(label, label) for label in labels]
        self.mirrored = np.array(
            [labels.index(name) if name in labels else UNKNOWN for name in names])
        """Class of each class in a mirror, UNKNOWN if the mirrored gesture has no label."""
        check_resolution(clips.SIZE, clips.SIZE, settings.size)
        self._steps = settings.time_steps * settings.sequence
        self._frame_us = round(1000 * settings.window_ms / settings.time_steps)
        self._frame_events = settings.window_events // settings.time_steps
        self.window_us = self._frame_us * self._steps
        """Duration of a sequence of windows, for slicing by time."""

    def starts(self, i: int, stretch: float = 1.0) -> tuple:
        """
        Return the first and the last possible start of a window in clip i.

        :param stretch: factor of duration of its augmentation.
        :returns: both in µs or, for slicing by count, in events.
        """
        clip, times_us = self.clips.clips[i], self.clips.events(i)['dt_us']
        if self.settings.slicing == 'number':
            return 0, 0
        if self.settings.slicing == 'time':
            window, onset, end = self.window_us / stretch, clip.onset_us, clip.end_us
            length = clip.duration_us
        else:
            window, length = self._frame_events * self._steps, len(times_us)
            onset, end = (bisect_left(times_us, t_us) for t_us in (clip.onset_us, clip.end_us))
        if self._none is not None:
            onset, end = 0, length
        last = max(0, int(end - window))
        return min(onset, last), last

    def truths(self, i: int, start: int, stretch: float = 1.0) -> np.ndarray:
        """
        Return the true classes of the time steps of a window of clip i.

        :param start: of the window, as from `starts`.
        :param stretch: factor of duration of its augmentation.
        :returns: classes [T]: `none` before and after a gesture, UNKNOWN while it starts and ends.
        """
        clip, times_us = self.clips.clips[i], self.clips.events(i)['dt_us']
        counted = np.arange(1, self._steps + 1)
        if self.settings.slicing == 'time':
            ends_us = start + counted * self._frame_us / stretch
        elif self.settings.slicing == 'count' and len(times_us):
            ends = np.minimum(start + counted * self._frame_events, len(times_us))
            ends_us = times_us[ends - 1].astype(np.int64)
        else:
            ends_us = np.full(self._steps, clip.end_us)
        offset_us = clip.offset_us or np.inf
        begun = ends_us > clip.onset_us + (SETTLING_US if clip.onset_us else 0)
        rests = (ends_us <= clip.onset_us) | (ends_us > offset_us + FADING_US)
        rest = UNKNOWN if self._none is None else self._none
        return np.where(begun & (ends_us <= offset_us), self.classes[i],
                        np.where(rests, rest, UNKNOWN))

    def cut(self, i: int, start: int, augmentation: Augmentation, rng) -> np.ndarray:
        """
        Return the frames of a window of clip i, as the input of the network.

        :param start: of the window, as from `starts`.
        :param rng: numpy Generator for the augmentation.
        :returns: float32 [T, 2, size, size].
        """
        events, steps, size = self.clips.events(i), self._steps, self.settings.size
        clip_size, scale = self.clips.SIZE, self.clips.clips[i].scale
        if self.settings.slicing == 'time':
            window_us = self.window_us / augmentation.stretch
            first = bisect_left(events['dt_us'], start)
            last = bisect_left(events['dt_us'], start + window_us, lo=first)
            events = events[first:last].copy()
            events['dt_us'] -= np.uint32(start)
            events = augmented(events, augmentation, window_us, rng)
            frames = frames_by_time(events, clip_size, steps, size, self._frame_us, scale)
        else:
            if self.settings.slicing == 'count':
                events = events[start:start + self._frame_events * steps]
            duration_us = int(events['dt_us'][-1]) + 1 if len(events) else 0
            events = augmented(events, augmentation, duration_us, rng)
            frames = frames_by_count(events, clip_size, steps, size, scale)
        return network_input(frames, self.settings.frame_value)
