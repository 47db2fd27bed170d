# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated event camera that looks at a person making gestures."""

import numpy as np

from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.simulation.activities import ACTIVITIES, IDLE_ACTIVITIES
from snn_gesture_ros.simulation.person import (
    CAPSULES, draw_materials, draw_measures, FOREARM, put_person, SHOULDER, UPPER_ARM)
from snn_gesture_ros.simulation.pose import blend, CAMERA_YAW, CAMERA_Z, LIGHT, RIGHT, smooth_step, WRIST
from snn_gesture_ros.simulation.rendering import (
    BACKGROUND_M, FOCAL_PX, LIGHT_X, LIGHT_Y, paint_background, paint_scene, project, ROUNDNESS,
    TEXELS_PER_M)
from snn_gesture_ros.simulation.sensor import NOISE_BLOCK_US, Sensor
from snn_gesture_ros.simulation.textures import draw_background, draw_materials_textures

FRAME_US = 3333     # one picture; between two pictures the light changes linearly


class _Started:
    """A motion that began at some time of the camera's clock."""

    def __init__(self, motion, start_s):
        self._motion, self._start_s = motion, start_s

    def __call__(self, t):
        return self._motion(t - self._start_s)

    def at(self, now_s):
        return self


class _Blended:
    """A motion that goes over to another."""

    def __init__(self, before, after, start_s, duration_s):
        self._before, self._after = before, after
        self._start_s, self._duration_s = start_s, duration_s

    def __call__(self, t):
        weight = smooth_step((t - self._start_s) / self._duration_s)
        return blend(self._before(t), self._after(t), weight)

    def at(self, now_s):
        """Return the motion without what is over by now."""
        return self if now_s < self._start_s + self._duration_s else self._after


class View:
    """Where the camera stands, its lens, and the light: drawn once, then fixed."""

    def __init__(self, rng, width, height, aim):
        """Look at the upper body, or (aim [3] in metres) from near at a place before it."""
        short = min(width, height)
        if aim is None:
            aim = np.array([rng.normal(0, 0.1), rng.normal(-0.08, 0.12), 0.15])
            distance = np.exp(rng.uniform(np.log(0.75), np.log(2.2)))
            px_per_m = np.exp(rng.uniform(np.log(68), np.log(175)))
        else:
            distance = rng.uniform(0.33, 0.8)
            px_per_m = np.exp(rng.uniform(np.log(130), np.log(330)))
            aim = aim + rng.normal(0, 0.15 * 128 / px_per_m, 3) * [1, 1, 0]
        focal = np.clip(px_per_m * distance, 60, 300) * short / 128
        from_side, from_above = rng.normal(0, 0.18), rng.normal(0.0, 0.14)
        back = np.array([np.sin(from_side), np.sin(from_above), 1.0])
        back /= np.linalg.norm(back)
        self.position = aim + back * distance
        across = np.cross([0.0, 1.0, 0.0], back)
        across /= np.linalg.norm(across)
        up = np.cross(back, across)
        roll = rng.normal(0, 0.05)
        self.rotation = np.array([
            np.cos(roll) * across + np.sin(roll) * up,
            np.sin(roll) * across - np.cos(roll) * up,
            -back])
        self.lens = np.empty(6)
        self.lens[FOCAL_PX] = focal
        self.lens[BACKGROUND_M] = self.position[2] + rng.uniform(0.3, 3.0)
        self.lens[LIGHT_X], self.lens[LIGHT_Y] = rng.normal(0, 0.15), rng.normal(-0.12, 0.12)
        self.lens[ROUNDNESS] = rng.uniform(0.05, 0.5)
        self.lens[TEXELS_PER_M] = np.clip(1.2 * focal / distance, 60, 260)


class SimulatedCamera:
    """
    An event camera in front of one person in one place, both fixed by the seed.

    The same seed and the same calls give the same events, however time is sliced.
    """

    def __init__(self, width=128, height=128, seed=0, doing=NONE, close_to=None):
        """
        Draw a person, a place and a sensor of width x height pixels.

        doing is what the person does at first, as in perform. close_to names an activity; the camera then is near to where its hands move, and most
        of the person is out of the picture. Otherwise it sees the upper body.
        """
        rng = np.random.default_rng([seed, 0])
        self.width, self.height = width, height
        self._measures = draw_measures(rng)
        self._materials = draw_materials(rng)
        self._textures = draw_materials_textures(rng)
        background_size = 512 if min(width, height) < 300 else 1024
        self._background = draw_background(rng, background_size)
        self._texels_per_pixel = (
            rng.uniform(0.5, 1.3) * 128 / min(width, height) * background_size / 512)
        self._background_offset = rng.uniform(0, background_size, 2)
        self._sensor = Sensor(width, height, rng)
        self._motion_rng = rng.spawn(1)[0]
        self._planned = {}
        aim = None
        if close_to is not None:
            self._planned[close_to] = self._draw(close_to)
            aim = self._place_of_hands(self._planned[close_to])
        self._view = View(rng, width, height, aim)

        self._wall = np.empty((height, width), np.float32)
        self._wall_pose = None
        self._light = np.empty((height, width), np.float32)
        self._covered = np.empty((height, width), np.float32)
        self._capsules = np.empty((CAPSULES, 8))
        self._projected = np.empty((CAPSULES, 9))

        self._now_us = 0
        self._frames = 0            # painted so far; frame k is the picture at k * FRAME_US
        self._noise_blocks = 0
        # Events that are known already, but later than now.
        self._signal = self._noise = np.empty(0, EVENT)
        self._motion = _Started(self._draw(doing), 0.0)
        poses = self._motion(np.zeros(1))
        self._paint(poses.arms[0], poses.scene[0])
        self._sensor.start(self._light)

    def perform(self, label, blend_s=None):
        """
        Let the person do something else from now on; it blends in within blend_s seconds.

        label is 'none' (rest), a gesture, or another of activities.ACTIVITIES. The blend takes
        a random 0.3 to 0.7 s where blend_s is None. Raises ValueError for an unknown label.
        """
        activity = self._draw(label)
        if blend_s is None:
            blend_s = self._motion_rng.uniform(0.3, 0.7)
        now_s = self._now_us * 1e-6
        self._motion = _Blended(
            self._motion.at(now_s), _Started(activity, now_s), now_s, blend_s)

    def advance(self, duration_us):
        """Let time go on; return the events [n] of this slice, t in µs since the start."""
        self._now_us += duration_us
        noise = [self._noise]
        first, last = self._frames + 1, -(-self._now_us // FRAME_US)
        poses = self._motion(np.arange(first, last + 1) * (FRAME_US * 1e-6))
        for frame, arms, scene in zip(range(first, last + 1), *poses):
            self._paint(arms, scene)
            self._sensor.expose(self._light, (frame - 1) * FRAME_US, frame * FRAME_US)
        self._frames = last
        while self._noise_blocks * NOISE_BLOCK_US < self._now_us:
            noise.append(self._sensor.noise(self._noise_blocks))
            self._noise_blocks += 1
        signal, self._signal = self._until_now([self._signal, self._sensor.take()])
        noise, self._noise = self._until_now(noise)
        events = np.concatenate([signal, noise])
        return events[np.argsort(events['t'], kind='stable')]

    def _draw(self, label):
        if label not in ACTIVITIES:
            raise ValueError(f"unknown gesture '{label}': known are {', '.join(ACTIVITIES)}")
        return self._planned.pop(label, None) or ACTIVITIES[label](self._motion_rng)

    def _until_now(self, batches):
        events = np.concatenate(batches)
        end = np.searchsorted(events['t'], self._now_us)
        return events[:end], events[end:]

    def picture(self):
        """Return the latest picture [H, W] in log luminance (a copy)."""
        return self._light.copy()

    def _place_of_hands(self, motion):
        """Return where [3] the hands of a motion are on average, the livelier hand above all."""
        wrists = motion(np.linspace(0, 4, 64)).arms[:, :, WRIST]
        wrists *= self._measures[UPPER_ARM] + self._measures[FOREARM]
        wrists[:, :, 0] += self._measures[SHOULDER]
        wrists[:, RIGHT, 0] *= -1.0
        liveliness = wrists.var(axis=0).sum(axis=-1)
        return (liveliness / liveliness.sum()) @ wrists.mean(axis=0)

    def _paint(self, arms, scene):
        view = self._view
        camera_pose = scene[CAMERA_YAW:CAMERA_Z + 1].tobytes()
        if camera_pose != self._wall_pose:
            paint_background(self._background, scene, view.lens, self._background_offset,
                             self._texels_per_pixel, self._wall)
            self._wall_pose = camera_pose
        put_person(arms, scene, self._measures, self._capsules)
        project(self._capsules, scene, view.position, view.rotation, view.lens, self.width,
                self.height, self._projected)
        paint_scene(self._projected, self._materials, self._textures, view.lens, self._wall,
                    scene[LIGHT], self._light, self._covered)


def random_clip(label, seed, duration_us, width=128, height=128, onset_us=0):
    """
    Return a clip of a random person who does what the label says, for training sets.

    The person rests until onset_us and then begins; with onset_us 0 the clip begins in the
    middle of the movement. 'none' draws one of IDLE_ACTIVITIES, moving cameras included.
    Returns events [n], t in µs from 0 to duration_us.
    """
    rng = np.random.default_rng([seed, 1])
    activity = label
    if label == NONE:
        chances = [chance for _, chance in IDLE_ACTIVITIES.values()]
        activity = str(rng.choice(list(IDLE_ACTIVITIES), p=chances))
    close_share = 0.45 if label.endswith('wave') else 0.2
    close_to = activity if rng.random() < close_share else None
    if onset_us == 0:
        return SimulatedCamera(width, height, seed, activity, close_to).advance(duration_us)
    camera = SimulatedCamera(width, height, seed, NONE, close_to)
    rest = camera.advance(onset_us)
    camera.perform(activity)
    return np.concatenate([rest, camera.advance(duration_us - onset_us)])
