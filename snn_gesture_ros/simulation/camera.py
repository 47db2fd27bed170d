# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated event camera that looks at a person making gestures, and clips of it."""
import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.simulation.activities import ACTIVITIES, IDLE_ACTIVITIES, ROOM_ACTIVITIES
from snn_gesture_ros.simulation.motion import Blended, Started
from snn_gesture_ros.simulation.person import (
    CAMERA_YAW, CAMERA_Z, CAPSULES, draw_materials, draw_measures, LIGHT, PALMS, PERSON,
    put_person)
from snn_gesture_ros.simulation.rendering import (
    BACKGROUND_M, draw_background, draw_textures, FOCAL_PX, LIGHT_X, LIGHT_Y, paint_background,
    paint_scene, project, ROUNDNESS, TEXELS_PER_M)
from snn_gesture_ros.simulation.sensor import Sensor, SENSORS

FRAME_US = 4000
"""From one image to the next; between them the light changes linearly."""
LARGE_SENSOR_FRAME_US = 6667
LARGE_SENSOR_PIXELS = 100_000
UPPER_BODY = (0.0, -0.02, 0.15)
"""What the camera looks at, in the person's coordinates, in meters."""
FRAMINGS = {
    # Distance to the camera (m), scale (px/m on 128 pixels), how far off the middle (m), and how
    # far the camera stands aside (radians).
    'near': ((0.33, 0.85), (130.0, 420.0), 0.0, 0.25),
    'upper_body': ((0.75, 2.2), (65.0, 150.0), 0.14, 0.18),
    'far': ((1.8, 4.5), (38.0, 72.0), 0.25, 0.18),
    'data_set': ((1.1, 1.8), (92.0, 120.0), 0.05, 0.08),    # as in DVS128 Gesture
    'arm': ((0.33, 3.5), (45.0, 420.0), 0.0, 0.25),     # nothing else moves, so it alone is seen
}
"""How much of the person is in sight."""
MAX_ASIDE = 0.32
"""How far the camera may look aside, as part of the frame's width."""
WAVE_FRAMINGS = {'near': 0.4, 'upper_body': 0.35, 'far': 0.25}
"""How often a training set shows each framing of waves, which people make near the camera."""
OTHER_FRAMINGS = {'near': 0.15, 'upper_body': 0.6, 'far': 0.25}
"""The same of all other activities."""


class View:
    """The place of the camera, its lens and the light: drawn once, then fixed."""

    def __init__(self, rng, width, height, framing, aim, looking_aside=0.0):
        """
        Draw a view of a place of the person.

        :param width: of the image in pixels, like the height.
        :param framing: one of FRAMINGS.
        :param aim: the place in the person's coordinates, in meters, [3].
        :param looking_aside: part of the way from there to the middle of the body by which the
            camera looks aside; MAX_ASIDE limits it.
        """
        short = min(width, height)
        distances, scales, off, aside = FRAMINGS[framing]
        distance = np.exp(rng.uniform(*np.log(distances)))
        px_per_m = np.exp(rng.uniform(*np.log(scales)))
        off = off or 0.17 * 128 / px_per_m
        aim = aim + rng.normal(0, off, 3) * [1, 1, 0]
        most = MAX_ASIDE * 128 / px_per_m
        aim[0] -= np.clip(looking_aside * aim[0], -most, most)
        focal = np.clip(px_per_m * distance, 60, 300) * short / 128
        from_side, from_above = rng.normal(0, aside), rng.normal(0, 0.8 * aside)
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

    The same seed and the same calls return the same events, however time is sliced.
    """

    def __init__(self, preset=SENSORS['dvs128'], seed=0, doing=NONE, framing='upper_body',
                 near_to=None, room='any'):
        """
        Draw a person, a place and a sensor.

        :param preset: SensorPreset.
        :param doing: what the person does at first, as in `perform`.
        :param framing: one of FRAMINGS. With `near` and `arm`, the camera looks at where the
            hands move; with `arm`, body and head keep still.
        :param near_to: activity whose hands those are; None: doing.
        :param room: as in `draw_background`.
        :raises ValueError: if a label is unknown.
        """
        rng = np.random.default_rng([seed, 0])
        width, height = self.width, self.height = preset.width, preset.height
        self._measures = draw_measures(rng)
        self._materials = draw_materials(rng)
        self._textures = draw_textures(rng)
        background_size = 512 if min(width, height) < 300 else 1024
        self._background = draw_background(rng, background_size, room)
        self._texels_per_pixel = (
            rng.uniform(0.5, 1.3) * 128 / min(width, height) * background_size / 512)
        self._background_offset = rng.uniform(0, background_size, 2)
        self._sensor = Sensor(preset, rng)
        self._motion_rng = rng.spawn(1)[0]
        self._planned = {}
        aim, aside = UPPER_BODY, 0.0
        if framing in ('near', 'arm'):
            near_to = near_to or doing
            self._planned[near_to] = self._draw(near_to)
            aim = self._place_of_hands(self._planned[near_to])
            # Who waves near a camera mostly stands before it, the hand to one side.
            aside = rng.choice([0.0, rng.uniform(0.1, 0.7)], p=[0.4, 0.6])
        self._view = View(rng, width, height, framing, aim, aside)

        self._wall = np.empty((height, width), np.float32)
        self._wall_pose = None
        self._light = np.empty((height, width), np.float32)
        self._covered = np.empty((height, width), np.float32)
        self._capsules = np.empty((CAPSULES, 8))
        self._projected = np.empty((CAPSULES, 9))

        large = width * height > LARGE_SENSOR_PIXELS
        self._frame_us = LARGE_SENSOR_FRAME_US if large else FRAME_US
        self._now_us = 0
        self._frames = 0            # painted so far; frame k is of the time k * frame_us
        self._later = np.empty(0, EVENT)    # events that are known already, but later than now
        self._motion = Started(self._draw(doing), 0.0)
        poses = self._motion(np.zeros(1))
        self._still = poses.scene[0, PERSON].copy() if framing == 'arm' else None
        self._paint(poses.arms[0], poses.scene[0])
        self._sensor.start(self._light)

    def perform(self, label, blend_s=None):
        """
        Let the person do something else from now on.

        :param label: one of activities.ACTIVITIES: `none` (rest), a gesture, or another.
        :param blend_s: duration of the blend from one to the other; None: random, 0.3 to 0.7 s.
        :raises ValueError: if the label is unknown.
        """
        activity = self._draw(label)
        if blend_s is None:
            blend_s = self._motion_rng.uniform(0.3, 0.7)
        now_s = self._now_us * 1e-6
        self._motion = Blended(self._motion, Started(activity, now_s), now_s, blend_s)

    def advance(self, duration_us):
        """Let time pass; return the events of it, EVENT[n], t in µs since the start."""
        self._now_us += duration_us
        first, last = self._frames + 1, -(-self._now_us // self._frame_us)
        poses = self._motion(np.arange(first, last + 1) * (self._frame_us * 1e-6))
        if self._still is not None:
            poses.scene[:, PERSON] = self._still
        for frame, arms, scene in zip(range(first, last + 1), *poses):
            self._paint(arms, scene)
            self._sensor.expose(
                self._light, (frame - 1) * self._frame_us, frame * self._frame_us)
        self._frames = last
        self._motion = self._motion.without_the_past(self._now_us * 1e-6)
        events = np.concatenate([self._later, self._sensor.take()])
        end = np.searchsorted(events['t'], self._now_us)
        self._later = events[end:]
        return events[:end]

    def _draw(self, label):
        if label not in ACTIVITIES:
            raise ValueError(f"unknown gesture '{label}': known are {', '.join(ACTIVITIES)}")
        return self._planned.pop(label, None) or ACTIVITIES[label](self._motion_rng)

    def _place_of_hands(self, motion):
        """Return the mean place of the hands of a motion, [3], weighted by how they move."""
        poses = motion(np.linspace(0, 4, 64))
        capsules = np.empty((64, CAPSULES, 8))
        for arms, scene, person in zip(*poses, capsules):
            put_person(arms, scene, self._measures, person)
        palms = capsules[:, PALMS, 3:6]
        liveliness = palms.var(axis=0).sum(axis=-1)
        return (liveliness / liveliness.sum()) @ palms.mean(axis=0)

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


def random_clip(label, seed, duration_us, sensor='any', framing=None, onset_us=0,
                offset_us=0):
    """
    Return a clip of a random person who does what the label names, for training sets.

    :param label: one of activities.ACTIVITIES; `none` draws one of IDLE_ACTIVITIES, moving
        cameras included.
    :param sensor: one of SENSORS.
    :param framing: one of FRAMINGS; None: a random one.
    :param onset_us: until then the person rests; 0: the clip starts within the movement.
    :param offset_us: from then on the person rests again; 0: never.
    :returns: EVENT[n], t in µs from 0 to duration_us.
    :raises ValueError: if the label is unknown.
    """
    rng = np.random.default_rng([seed, 1])
    activity = label
    if label == NONE:
        chances = [chance for _, chance in IDLE_ACTIVITIES.values()]
        activity = str(rng.choice(list(IDLE_ACTIVITIES), p=chances))
    framings = WAVE_FRAMINGS if label.endswith('wave') else OTHER_FRAMINGS
    drawn = str(rng.choice(list(framings), p=list(framings.values())))
    room = 'laboratory' if framing == 'data_set' else 'any'
    if activity in ROOM_ACTIVITIES and rng.random() < 0.8:
        room = 'full'
    doing = NONE if onset_us else activity
    camera = SimulatedCamera(SENSORS[sensor], seed, doing, framing or drawn, activity, room)
    parts = []
    if onset_us:
        parts.append(camera.advance(onset_us))
        camera.perform(activity)
    parts.append(camera.advance((offset_us or duration_us) - onset_us))
    if offset_us:
        camera.perform(NONE)
        parts.append(camera.advance(duration_us - offset_us))
    return np.concatenate(parts)
