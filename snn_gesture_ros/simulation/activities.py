# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Everything that can happen in the scene: the gestures, and what is not a gesture.

An activity is a function of a random generator; it returns a motion: a function that returns
the Poses at the times t [n], in seconds since the activity began.
"""
import numpy as np
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.simulation.gestures import GESTURES, resting_arm
from snn_gesture_ros.simulation.motion import Rhythm, Steps, TURN, Wander
from snn_gesture_ros.simulation.person import (
    arm, BODY_PITCH, BODY_ROLL, BODY_X, BODY_Y, BODY_YAW, BODY_Z, CAMERA_PITCH, CAMERA_ROLL,
    CAMERA_X, CAMERA_Y, CAMERA_YAW, CAMERA_Z, HEAD_PITCH, HEAD_YAW, LEFT, LIGHT, Poses, RIGHT,
    SCENE_SIZE, vectors)

OUT_OF_SIGHT_M = 50.0


def _standing(rng, liveliness=1.0):
    """Stand or sit: breathe, sway, and move the head a little."""
    sway = rng.uniform(0.2, 1.0) * liveliness
    breath_hz = rng.uniform(0.2, 0.4)
    spread = {
        BODY_X: 0.006, BODY_Z: 0.005, BODY_YAW: 0.012, BODY_PITCH: 0.005, BODY_ROLL: 0.006,
        HEAD_YAW: 0.04, HEAD_PITCH: 0.025}
    courses = {field: (size * sway, Wander(rng, 0.1, 0.6)) for field, size in spread.items()}

    def at(t):
        scene = np.zeros((len(t), SCENE_SIZE))
        for field, (size, course) in courses.items():
            scene[:, field] = size * course(t)
        scene[:, BODY_Y] = 0.002 * np.sin(TURN * breath_hz * t)
        return scene
    return at


def _resting_arms(rng):
    right, left = resting_arm(rng), resting_arm(rng)

    def at(t):
        return np.stack([right(t), left(t)], axis=1)
    return at


def _gesture(arms_of):
    def activity(rng):
        arms = arms_of(rng)
        standing = _standing(rng, rng.uniform(0.5, 2.5))
        follow = rng.uniform(0.0, 0.09) * np.array([0.25, 1.0, 0.5, 0.4])

        def at(t):
            moving, scene = arms(t), standing(t)
            # The trunk follows the arms' weight.
            across = moving[:, LEFT, 0] - moving[:, RIGHT, 0]
            lifted = moving[:, LEFT, 1] - moving[:, RIGHT, 1]
            reach = moving[:, LEFT, 2] - moving[:, RIGHT, 2]
            scene[:, BODY_X] += follow[0] * across
            scene[:, BODY_ROLL] += 0.5 * follow[1] * lifted
            scene[:, BODY_YAW] += follow[2] * reach
            scene[:, HEAD_YAW] += follow[3] * across
            return Poses(moving, scene)
        return at
    return activity


def still(rng):
    """Rest, and seldom change the posture."""
    arms, standing = _resting_arms(rng), _standing(rng)

    def at(t):
        return Poses(arms(t), standing(t))
    return at


def walking_by(rng):
    """Walk through the image, sideways or to the camera, with swinging arms."""
    arms, standing = _resting_arms(rng), _standing(rng, 2.0)
    way = Rhythm(rng, 0.08, 0.25)
    course = vectors(rng.uniform(0.3, 1.1), 0.0, rng.uniform(-0.35, 0.35))
    step = Rhythm(rng, 0.7, 1.1)
    swing, bob = rng.uniform(0.0, 0.3), rng.uniform(0.01, 0.03)
    turned = rng.uniform(-1.4, 1.4)

    def at(t):
        moving, scene = arms(t), standing(t)
        scene[:, [BODY_X, BODY_Y, BODY_Z]] += np.multiply.outer(np.sin(way.phase(t)), course)
        scene[:, BODY_Y] += bob * np.sin(2.0 * step.phase(t))
        scene[:, BODY_ROLL] += 0.03 * step.swing(t)
        scene[:, BODY_YAW] += turned * np.tanh(3.0 * np.cos(way.phase(t)))
        moving[:, RIGHT, 2] += swing * step.swing(t)
        moving[:, LEFT, 2] -= swing * step.swing(t)
        return Poses(moving, scene)
    return at


def reaching(rng):
    """Reach for something, scratch the head, rub the face, fold the arms: once at a time."""
    arms, standing = _resting_arms(rng), _standing(rng, 1.5)
    side = rng.choice([RIGHT, LEFT])
    places = [
        [-0.3, 0.35, 0.3], [-0.35, 0.2, 0.35], [-0.1, 0.4, 0.05], [-0.5, -0.2, 0.3],
        rng.uniform([-0.3, -0.7, 0.5], [0.7, 0.1, 0.9]), [0.1, -0.9, 0.15]]
    order = rng.permutation(len(places))
    steps = Steps(rng, np.array(places)[order] + rng.normal(0, 0.05, (len(places), 3)),
                  hold_s=(0.1, 1.0), move_s=(0.4, 1.2))
    scratch = Rhythm(rng, 2.0, 5.0)
    scratch_size = rng.choice([0.0, rng.uniform(0.005, 0.03)])
    curl = rng.uniform(0.2, 0.9)

    def at(t):
        moving = arms(t)
        wrist = steps(t) + scratch_size * np.multiply.outer(
            scratch.swing(t), vectors(0.5, 0.8, 0.0))
        moving[:, side] = arm(t, wrist, (0.6, -0.9, 0.0), palm=(-0.4, 0.2, -1.0), curl=curl)
        return Poses(moving, standing(t))
    return at


def shifting(rng):
    """Shift the posture: lean, turn, look around, step aside."""
    arms, standing = _resting_arms(rng), _standing(rng, 1.5)
    fields = [BODY_X, BODY_Z, BODY_YAW, BODY_PITCH, BODY_ROLL, HEAD_YAW, HEAD_PITCH]
    spread = [0.08, 0.08, 0.3, 0.1, 0.12, 0.5, 0.25]
    steps = Steps(rng, rng.normal(0, 1, (8, len(fields))) * spread,
                  hold_s=(0.1, 1.0), move_s=(0.4, 1.4))

    def at(t):
        scene = standing(t)
        scene[:, fields] += steps(t)
        return Poses(arms(t), scene)
    return at


def raising_arm(rng):
    """Raise an arm or both once, hold, and lower again."""
    arms, standing = _resting_arms(rng), _standing(rng)
    sides = [[RIGHT], [LEFT], [RIGHT, LEFT]][rng.integers(3)]
    up = rng.uniform([-0.3, -0.3, 0.1], [0.5, 0.9, 0.7])
    down = vectors(0.05, -0.93, 0.15)
    steps = Steps(rng, [up, down] * 4, hold_s=(0.4, 1.5), move_s=(0.5, 1.5))
    curl = rng.uniform(0, 1)

    def at(t):
        moving = arms(t)
        for side in sides:
            moving[:, side] = arm(t, steps(t), (0.5, -0.9, -0.2), curl=curl)
        return Poses(moving, standing(t))
    return at


def _maybe_away(rng, scene, chance):
    if rng.random() < chance:
        scene = scene.copy()
        scene[BODY_X] = OUT_OF_SIGHT_M
    return scene


def camera_shake(rng):
    """Hold the camera in an unsteady hand, or on a shaking table; someone may be in sight."""
    arms, standing = _resting_arms(rng), _standing(rng)
    constant = _maybe_away(rng, np.zeros(SCENE_SIZE), 0.5)
    size = np.exp(rng.uniform(np.log(0.006), np.log(0.09)))
    fastest = np.exp(rng.uniform(np.log(1.0), np.log(20.0)))
    fields = {CAMERA_YAW: 1.0, CAMERA_PITCH: 0.8, CAMERA_ROLL: 0.7, CAMERA_X: 0.3, CAMERA_Y: 0.3}
    courses = {field: (weight * rng.uniform(0.2, 1.0) * size, Wander(rng, 0.3, fastest))
               for field, weight in fields.items()}

    def at(t):
        scene = standing(t) + constant
        for field, (spread, course) in courses.items():
            scene[:, field] = spread * course(t)
        return Poses(arms(t), scene)
    return at


def camera_pan(rng):
    """Turn or carry the camera through a scene; someone may be in sight."""
    arms, standing = _resting_arms(rng), _standing(rng)
    constant = _maybe_away(rng, np.zeros(SCENE_SIZE), 0.7)
    speed = np.exp(rng.uniform(np.log(0.08), np.log(2.0)))
    direction = rng.uniform(0, TURN)
    forward = rng.choice([0.0, rng.uniform(-0.6, 0.6)])
    turn_hz = rng.uniform(0.05, 0.5)
    start = rng.uniform(0, TURN)
    hand = [Wander(rng, 0.5, 4.0) for _ in range(3)]
    trembling = rng.uniform(0.0, 0.02)
    rolling = rng.choice([0.0, rng.uniform(-0.5, 0.5)])

    def at(t):
        scene = standing(t) + constant
        turned = np.sin(TURN * turn_hz * t + start) / (TURN * turn_hz)
        scene[:, CAMERA_YAW] = speed * np.cos(direction) * turned + trembling * hand[0](t)
        scene[:, CAMERA_PITCH] = 0.6 * speed * np.sin(direction) * turned + trembling * hand[1](t)
        scene[:, CAMERA_ROLL] = rolling * turned * speed + 0.5 * trembling * hand[2](t)
        scene[:, CAMERA_Z] = np.clip(forward * turned, -0.5, 0.3)
        return Poses(arms(t), scene)
    return at


def flicker(rng):
    """Let the light flicker, or switch it on and off."""
    arms, standing = _resting_arms(rng), _standing(rng)
    constant = _maybe_away(rng, np.zeros(SCENE_SIZE), 0.4)
    if rng.random() < 0.5:
        rhythm, depth = Rhythm(rng, 0.5, 100.0), rng.uniform(0.05, 0.6)

        def light(t):
            return depth * rhythm.swing(t)
    else:
        light = Steps(rng, rng.uniform(-0.8, 0.3, 10), hold_s=(0.1, 1.5), move_s=(0.02, 0.3))

    def at(t):
        scene = standing(t) + constant
        scene[:, LIGHT] = light(t)
        return Poses(arms(t), scene)
    return at


def empty(rng):
    """Leave the image empty: noise alone."""
    arms = _resting_arms(rng)
    constant = np.zeros(SCENE_SIZE)
    constant[BODY_X] = OUT_OF_SIGHT_M

    def at(t):
        return Poses(arms(t), np.tile(constant, (len(t), 1)))
    return at


IDLE_ACTIVITIES = {
    'still': (still, 0.10),
    'walking_by': (walking_by, 0.12),
    'reaching': (reaching, 0.22),
    'shifting': (shifting, 0.12),
    'raising_arm': (raising_arm, 0.18),
    'camera_shake': (camera_shake, 0.10),
    'camera_pan': (camera_pan, 0.10),
    'flicker': (flicker, 0.04),
    'empty': (empty, 0.02),
}
"""What is not a gesture, and how often a training set shows it."""

ROOM_ACTIVITIES = ('camera_shake', 'camera_pan', 'flicker')
"""Activities in which the room itself causes events; a full room makes them harder."""

ACTIVITIES = {
    NONE: still,
    **{name: _gesture(GESTURES[name]) for name in DVS128_GESTURES},
    **{name: activity for name, (activity, _) in IDLE_ACTIVITIES.items()},
}
