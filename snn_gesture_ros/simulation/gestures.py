# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The eleven gestures of DVS128 Gesture as movements of two arms.

Each function takes a random generator and returns the arms [n, 2, ARM_SIZE] as a function of
the times t [n] in seconds. Every call draws another manner of doing the same gesture.
"""
import numpy as np
from snn_gesture_ros.labels import CLOCKWISE_SEEN_BY
from snn_gesture_ros.simulation.motion import Rhythm, Steps, Wander
from snn_gesture_ros.simulation.person import arm, directions, hinged_arm, LEFT, RIGHT, vectors

MIDLINE = -0.35     # x of the middle of the body, in arm lengths outward from a shoulder


def resting_arm(rng):
    """Hold an arm still: hanging, on the hip, before the belly, on a table."""
    wrists = np.array([
        [0.08, -0.94, 0.12], [0.02, -0.92, 0.2], [0.30, -0.66, 0.05], [-0.25, -0.55, 0.38],
        [-0.02, -0.55, 0.55], [0.05, -0.72, 0.4]])
    manner = rng.choice(len(wrists), p=[0.3, 0.2, 0.1, 0.15, 0.15, 0.1])
    place = wrists[manner] + rng.normal(0, 0.03, 3)
    pole = np.array([1.0 if manner == 2 else 0.3, -0.2, -0.8]) + rng.normal(0, 0.15, 3)
    palm = directions(vectors(-1.0, 0.0, rng.uniform(-0.5, 1.0)))
    curl = rng.uniform(0.1, 0.8)
    sway = [Wander(rng, 0.1, 0.7) for _ in range(3)]
    depth = rng.uniform(0.002, 0.012)

    def at(t):
        return arm(t, place + depth * vectors(*(s(t) for s in sway)), pole, palm=palm, curl=curl)
    return at


def _both(right, left):
    def at(t):
        return np.stack([right(t), left(t)], axis=1)
    return at


def _one_arm(side, moving, resting):
    return _both(moving, resting) if side == RIGHT else _both(resting, moving)


def _one_of(*kinds):
    """Return a gesture that is one of several kinds, each with its chance."""
    chances, makers = zip(*kinds)

    def gesture(rng):
        return makers[rng.choice(len(makers), p=chances)](rng)
    return gesture


def _waving_arm(rng):
    """Wave the whole arm, the forearm, or the hand in line with them."""
    rhythm = Rhythm(rng, 1.0, 4.2)
    manner = rng.choice(['forearm', 'hand', 'both', 'arm'], p=[0.4, 0.1, 0.35, 0.15])
    drop = rng.uniform(-0.1, 1.0) if manner != 'arm' else rng.uniform(-0.8, 0.1)
    upper = vectors(rng.uniform(0.0, 1.0), -drop, rng.uniform(0.05, 0.9))
    middle = rng.normal(0.05, 0.22)
    reach = rng.uniform(np.radians(16), np.radians(54)) * (0.25 if manner == 'hand' else 1.0)
    flap = rng.uniform(0.3, 0.9) if manner in ('hand', 'both') else rng.uniform(0.0, 0.2)
    lag = rng.uniform(0.0, 1.0)
    forward = rng.uniform(-0.1, 1.0) ** 2 * 1.2
    shoulder = rng.uniform(0.0, 0.12) if manner != 'arm' else rng.uniform(0.1, 0.5)
    turned = np.radians(rng.choice([rng.normal(0, 25), rng.uniform(-90, 90)]))
    palm = vectors(np.sin(turned), rng.normal(0, 0.2), np.cos(turned))
    curl = rng.choice([rng.uniform(0.0, 0.15), rng.uniform(0.1, 0.5)])
    finger_tilt = rng.normal(0, 0.15)

    def at(t):
        swing = rhythm.swing(t)
        angle = middle + reach * swing
        forearm = vectors(np.sin(angle), np.cos(angle), forward)
        upper_now = upper + shoulder * vectors(swing, 0.0, 0.0)
        hand = vectors(flap * rhythm.swing(t, lag) * np.cos(angle) + finger_tilt, 0.0, 0.0)
        return hinged_arm(t, upper_now, forearm, hand=hand, palm=palm, curl=curl)
    return at


def _waving_hand(rng):
    """Hold the forearm nearly still; flap the hand at the wrist, twist it, or fold its fingers."""
    rhythm = Rhythm(rng, 2.2, 4.6)
    sizes = rng.uniform([0.15, 0.25, 0.15], [0.7, 1.0, 0.5])
    main = rng.integers(3)
    beside = rng.random(3) < 0.35
    flap, twist, fold = np.where(np.arange(3) == main, 1.0, 0.5 * beside) * sizes
    upper = vectors(rng.uniform(0.0, 1.0), rng.uniform(-1.0, 0.1), rng.uniform(0.05, 0.9))
    middle, reach = rng.normal(0.05, 0.22), rng.uniform(0.0, 0.12)
    forward = rng.uniform(-0.1, 1.0) ** 2 * 1.2
    turned = np.radians(rng.choice([rng.normal(0, 25), rng.uniform(-90, 90)], p=[0.75, 0.25]))
    nod, tilt = rng.normal(0, 0.2), rng.normal(0, 0.2)
    curl = rng.choice([rng.uniform(0.0, 0.15), rng.uniform(0.1, 0.5)])
    lags = rng.uniform(0.0, 1.0, 3)

    def at(t):
        angle = middle + reach * rhythm.swing(t, lags[0])
        forearm = vectors(np.sin(angle), np.cos(angle), forward)
        side = flap * rhythm.swing(t) + tilt
        hand = vectors(side * np.cos(angle), -side * np.sin(angle), 0.0)
        turn = turned + twist * rhythm.swing(t, lags[1])
        palm = vectors(np.sin(turn), nod, np.cos(turn))
        folded = curl + fold * (1.0 + rhythm.swing(t, lags[2]))
        return hinged_arm(t, upper, forearm, hand=hand, palm=palm, curl=folded)
    return at


def _circling_arm(rng, outward_at_top, width=1.0):
    """Turn an arm; outward_at_top is 1 where the hand moves outward at the circle's top."""
    rhythm = Rhythm(rng, 0.7, 2.4)
    manner = rng.choice(['arm', 'forearm', 'windmill'], p=[0.5, 0.2, 0.3])
    if manner == 'arm':
        radius = rng.uniform(0.32, 0.7)
        center = vectors(rng.uniform(-0.2, 0.35), rng.uniform(-0.3, 0.2), rng.uniform(0.4, 0.75))
    elif manner == 'forearm':
        radius = rng.uniform(0.2, 0.38)
        center = vectors(rng.uniform(-0.2, 0.4), rng.uniform(-0.5, 0.1), rng.uniform(0.45, 0.7))
    else:
        radius = rng.uniform(0.65, 0.95)
        center = vectors(rng.uniform(0.0, 0.15), rng.uniform(-0.1, 0.1), rng.uniform(0.15, 0.35))
    radius *= width
    turned = np.radians(rng.normal(8, 18))
    across = radius * rng.uniform(0.8, 1.15) * vectors(np.cos(turned), 0.0, np.sin(turned))
    tilted = np.radians(rng.normal(0, 15))
    up = radius * vectors(0.0, np.cos(tilted), np.sin(tilted))
    drift = [Wander(rng, 0.1, 0.4) for _ in range(3)]
    depth = rng.uniform(0.0, 0.04)
    pole = vectors(rng.uniform(0.2, 1.0), rng.uniform(-1.0, -0.3), -0.3)
    palm = directions(vectors(rng.normal(0, 0.5), rng.normal(-0.3, 0.5), rng.uniform(-0.5, 1.0)))
    curl = rng.choice([rng.uniform(0, 0.3), rng.uniform(0.6, 1.0)])
    bend = rng.normal(0, 0.15, 3)

    def at(t):
        phase, size = rhythm.phase(t), rhythm.size(t)
        wrist = (center + depth * vectors(*(d(t) for d in drift))
                 + np.multiply.outer(size * np.sin(phase) * outward_at_top, across)
                 + np.multiply.outer(size * np.cos(phase), up))
        return arm(t, wrist, pole, hand=bend, palm=palm, curl=curl)
    return at


def _wave(side):
    waving_arm = _one_of((0.6, _waving_arm), (0.4, _waving_hand))

    def gesture(rng):
        return _one_arm(side, waving_arm(rng), resting_arm(rng))
    return gesture


def _circle(side, clockwise):
    # A person sees their right hand move outward over the top of a clockwise circle.
    outward = 1.0 if clockwise == (side == RIGHT) else -1.0
    if CLOCKWISE_SEEN_BY == 'camera':
        outward = -outward
    width = 1.0 if side == RIGHT else 0.82      # the weaker arm of most people circles less widely

    def gesture(rng):
        return _one_arm(side, _circling_arm(rng, outward, width), resting_arm(rng))
    return gesture


def _clapping_hands(rng):
    """Clap before the chest, evenly or with one hand moving more."""
    rhythm = Rhythm(rng, 1.4, 4.6)
    apart = rng.uniform(0.05, 0.25)
    place = vectors(MIDLINE, rng.uniform(-0.55, 0.2), rng.uniform(0.4, 0.75))
    share = rng.choice([0.5, rng.uniform(0.15, 0.85)])
    fingers = vectors(rng.uniform(0.0, 0.25), rng.uniform(-0.2, 1.2), rng.uniform(-0.2, 0.4))
    palm = directions(vectors(-1.0, rng.normal(0, 0.2), rng.normal(0.0, 0.25)))
    lift = rng.uniform(-0.12, 0.12)
    pole = vectors(rng.uniform(0.2, 1.0), rng.uniform(-1.0, -0.4), -0.2)
    drift = Wander(rng, 0.1, 0.5)

    def clapping_arm(part, up):
        def at(t):
            opened = apart * part * (rhythm.swing(t) + 1.0) + 0.035
            wrist = place + vectors(opened, up * lift * opened + 0.02 * drift(t), 0.0)
            return arm(t, wrist, pole, hand=fingers, palm=palm, curl=0.05)
        return at
    return _both(clapping_arm(share, 1.0), clapping_arm(1.0 - share, -1.0))


def _beating_hand(rng):
    """Hold one hand still, its palm up, and beat down on it with the other."""
    rhythm = Rhythm(rng, 1.8, 4.8)
    height = rng.uniform(0.06, 0.2)
    place = vectors(MIDLINE, rng.uniform(-0.55, 0.1), rng.uniform(0.4, 0.75))
    slant = vectors(rng.normal(0.1, 0.3), 1.0, rng.normal(0.0, 0.15))
    give = rng.uniform(0.0, 0.15)
    across = vectors(rng.uniform(-0.9, 0.0), rng.uniform(-0.1, 0.4), rng.uniform(0.0, 0.6))
    tilt = rng.normal(0, 0.3, 2)
    flick = rng.uniform(0.0, 0.5)
    poles = [vectors(rng.uniform(0.2, 1.0), rng.uniform(-1.0, -0.4), -0.2) for _ in range(2)]
    curl = rng.uniform(0.0, 0.3)

    def beating(t):
        opened = height * (rhythm.swing(t) + 1.0)
        wrist = place + vectors(0.05, 0.06, 0.0) + np.multiply.outer(opened, slant)
        hand = across + vectors(0.0, flick * rhythm.swing(t, 0.6), 0.0)
        return arm(t, wrist, poles[0], hand=hand, palm=(tilt[0], -1.0, 0.1), curl=0.05)

    def held(t):
        wrist = place + np.multiply.outer(give * height * rhythm.swing(t, 2.8), slant)
        return arm(t, wrist, poles[1], hand=across, palm=(tilt[1], 1.0, 0.2), curl=curl)
    return _one_arm(RIGHT if rng.random() < 0.7 else LEFT, beating, held)


def _rolling_hands(rng):
    """Turn the hands about each other before the chest."""
    rhythm = Rhythm(rng, 0.9, 3.4)
    radius = rng.uniform(0.08, 0.24)
    place = vectors(MIDLINE + rng.uniform(-0.12, 0.1), rng.uniform(-0.5, 0.1),
                    rng.uniform(0.4, 0.6))
    sense = rng.choice([-1.0, 1.0])
    pole = vectors(1.0, rng.uniform(-0.9, 0.0), 0.2)
    elbow = rng.uniform(0.0, 0.5)
    curl = rng.choice([rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.4)])
    hand = vectors(rng.uniform(-0.2, 0.3), 0.0, 0.0)
    flat = rng.uniform(0.6, 1.1)

    def rolling_arm(lag):
        def at(t):
            phase, size = rhythm.phase(t) - lag, radius * rhythm.size(t)
            up, forward = size * np.sin(phase), sense * flat * size * np.cos(phase)
            wrist = place + vectors(0.0, up, forward)
            poles = pole + elbow * vectors(0.0, np.sin(phase), np.cos(phase) * sense)
            return arm(t, wrist, poles, hand=hand, palm=(0.0, 0.3, -1.0), curl=curl)
        return at
    return _both(rolling_arm(0.0), rolling_arm(np.pi))


def _rolling_forearms(rng):
    """Turn level forearms about each other; each hand is past the other by its length."""
    rhythm = Rhythm(rng, 1.3, 3.6)
    radius = rng.uniform(0.1, 0.25)
    elbow = vectors(rng.uniform(0.05, 0.3), rng.uniform(-0.5, -0.2), rng.uniform(0.1, 0.4))
    inward = vectors(-1.0, rng.uniform(-0.1, 0.25), rng.uniform(0.15, 0.6))
    give = rng.uniform(0.1, 0.7)
    sense = rng.choice([-1.0, 1.0])
    flat = rng.uniform(0.5, 1.1)
    curl = rng.choice([rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.4)])

    def rolling_arm(lag):
        def at(t):
            phase, size = rhythm.phase(t) - lag, radius * rhythm.size(t)
            turn = vectors(0.0, size * np.sin(phase), sense * flat * size * np.cos(phase))
            upper = elbow + give * turn
            forearm = 0.48 * directions(inward) + (1.0 - give) * turn
            return hinged_arm(t, upper, forearm, palm=(0.0, -0.7, -0.7), curl=curl)
        return at
    return _both(rolling_arm(0.0), rolling_arm(np.pi))


def _drumming_wrists(rng):
    """Beat down with both hands in turn."""
    rhythm = Rhythm(rng, 1.5, 4.4)
    height = rng.uniform(0.09, 0.28)
    place = vectors(rng.uniform(-0.25, 0.15), rng.uniform(-0.6, 0.05), rng.uniform(0.45, 0.7))
    flick = rng.uniform(0.0, 0.6)
    curl = rng.choice([rng.uniform(0.7, 1.0), rng.uniform(0.1, 0.5)], p=[0.75, 0.25])
    roam = rng.choice([0.0, rng.uniform(0.03, 0.15)])
    pole = vectors(rng.uniform(0.1, 0.9), -0.8, -0.5)
    sideways = rng.normal(0.0, 0.1)

    def drumming_arm(lag):
        wander = Wander(rng, 0.2, 0.7)

        def at(t):
            up = rhythm.swing(t, lag)
            wrist = place + vectors(
                roam * wander(t) + sideways * height * up, height * up, -0.2 * height * up)
            hand = vectors(-0.15, flick * rhythm.swing(t, lag + 0.6), 0.0)
            return arm(t, wrist, pole, hand=hand, palm=(0.0, -1.0, 0.3), curl=curl)
        return at
    return _both(drumming_arm(0.0), drumming_arm(np.pi + rng.normal(0, 0.2)))


def _drumming_forearms(rng):
    """Beat from the shoulder to the waist with both fists in turn, the elbows nearly still."""
    rhythm = Rhythm(rng, 1.8, 4.0)
    elbow = vectors(rng.uniform(0.0, 0.35), rng.uniform(-1.0, -0.6), rng.uniform(-0.1, 0.5))
    lowest, highest = rng.uniform(-0.6, 0.1), rng.uniform(0.7, 1.4)
    inward = rng.uniform(-0.5, 0.2)
    give = rng.uniform(0.0, 0.2)
    flick = rng.uniform(0.0, 0.4)
    curl = rng.choice([rng.uniform(0.7, 1.0), rng.uniform(0.1, 0.5)], p=[0.85, 0.15])

    def drumming_arm(lag):
        def at(t):
            up = rhythm.swing(t, lag)
            angle = 0.5 * (lowest + highest) + 0.5 * (highest - lowest) * up
            forearm = vectors(inward, np.sin(angle), np.cos(angle))
            upper = elbow + give * vectors(0.0, up, 0.5 * up)
            hand = vectors(0.0, flick * rhythm.swing(t, lag + 0.6), 0.0)
            return hinged_arm(t, upper, forearm, hand=hand, palm=(-0.7, -0.7, 0.3), curl=curl)
        return at
    return _both(drumming_arm(0.0), drumming_arm(np.pi + rng.normal(0, 0.2)))


def _strumming_wrist(rng):
    """Strum before the belly, mostly with the right hand; the other holds the neck."""
    rhythm = Rhythm(rng, 1.7, 4.6)
    stroke = rng.uniform(0.06, 0.18)
    body = vectors(rng.uniform(-0.35, -0.1), rng.uniform(-0.8, -0.45), rng.uniform(0.25, 0.45))
    strum_pole = vectors(1.0, rng.uniform(-0.4, 0.3), -0.3)
    flick = rng.uniform(0.0, 0.6)
    neck = vectors(rng.uniform(0.15, 0.7), rng.uniform(-0.45, 0.15), rng.uniform(0.25, 0.6))
    slide = Wander(rng, 0.15, 0.8)
    slide_size = rng.uniform(0.0, 0.09)
    fingers = Wander(rng, 0.8, 3.0)
    slant = rng.uniform(-0.5, 0.2)

    def strumming(t):
        up = rhythm.swing(t)
        wrist = body + stroke * np.multiply.outer(up, vectors(slant, 1.0, 0.1))
        hand = vectors(-0.2, flick * rhythm.swing(t, 0.6), 0.0)
        return arm(t, wrist, strum_pole, hand=hand, palm=(-0.3, 0.0, -1.0), curl=0.5)

    def holding(t):
        wrist = neck + slide_size * np.multiply.outer(slide(t), vectors(0.85, 0.5, 0.1))
        return arm(t, wrist, (0.4, -1.0, 0.0), hand=(-0.2, 0.4, 0.0), palm=(-0.3, 0.8, -0.5),
                   curl=0.5 + 0.12 * fingers(t))
    return _one_arm(RIGHT if rng.random() < 0.88 else LEFT, strumming, holding)


def _strumming_arm(rng):
    """Sweep a hand from the chest to the hip, mostly the right one; the other stands aside."""
    rhythm = Rhythm(rng, 1.5, 4.2)
    middle = vectors(rng.uniform(-0.3, -0.05), rng.uniform(-0.7, -0.4), rng.uniform(0.25, 0.45))
    sweep = rng.uniform(0.2, 0.36) * directions(
        vectors(rng.uniform(-0.7, 0.3), 1.0, rng.uniform(-0.1, 0.3)))
    pole = vectors(1.0, rng.uniform(-0.6, 0.3), -0.4)
    flick = rng.uniform(0.0, 0.6)
    neck = vectors(rng.uniform(0.3, 0.85), rng.uniform(-0.35, 0.15), rng.uniform(0.15, 0.5))
    sway = [Wander(rng, 0.2, 0.9) for _ in range(3)]
    sway_size = rng.uniform(0.005, 0.05)
    curl = rng.uniform(0.1, 0.8)

    def strumming(t):
        up = rhythm.swing(t)
        wrist = middle + np.multiply.outer(up, sweep)
        hand = vectors(-0.2, flick * rhythm.swing(t, 0.6), 0.0)
        return arm(t, wrist, pole, hand=hand, palm=(-0.3, 0.0, -1.0), curl=0.5)

    def holding(t):
        wrist = neck + sway_size * vectors(*(s(t) for s in sway))
        return arm(t, wrist, (0.4, -1.0, 0.0), hand=(0.1, 0.2, 0.0), palm=(0.0, 1.0, 0.1),
                   curl=curl)
    return _one_arm(RIGHT if rng.random() < 0.88 else LEFT, strumming, holding)


def _wandering_arm(rng):
    """Move an arm smoothly and irregularly through the space before the body."""
    center = vectors(rng.uniform(-0.2, 0.5), rng.uniform(-0.4, 0.4), rng.uniform(0.35, 0.6))
    slowest = rng.uniform(0.5, 1.1)
    courses = [Wander(rng, slowest, 2.2 * slowest + 0.5) for _ in range(3)]
    sizes = rng.uniform([0.2, 0.2, 0.05], [0.5, 0.5, 0.3])
    curl = rng.uniform(0.0, 1.0)
    palm = directions(rng.normal(0, 1, 3) + [0.0, 0.0, 0.8])

    def at(t):
        wrist = center + sizes * vectors(*(c(t) for c in courses))
        return arm(t, wrist, (0.5, -1.0, -0.2), palm=palm, curl=curl)
    return at


def _pointing_arm(rng):
    """Point here and there, or box: go fast from place to place."""
    if rng.random() < 0.5:      # punches
        places = np.array([[-0.1, -0.25, 0.3], [-0.2, 0.0, 0.9]] * 6) + rng.normal(0, 0.1, (12, 3))
        steps = Steps(rng, places, hold_s=(0.0, 0.25), move_s=(0.12, 0.35))
        curl = 1.0
    else:                       # zig-zags and pointing
        places = rng.uniform([-0.5, -0.6, 0.25], [0.7, 0.7, 0.75], (12, 3))
        steps = Steps(rng, places, hold_s=(0.0, 0.3), move_s=(0.15, 0.45))
        curl = rng.uniform(0.0, 0.6)

    def at(t):
        return arm(t, steps(t), (0.4, -1.0, -0.3), palm=(-0.5, -0.6, 0.4), curl=curl)
    return at


def other_gestures(rng):
    """Do something of one's own with one arm or both: none of the ten named gestures."""
    manner = rng.choice(['wander', 'point', 'two waves', 'wings', 'lift', 'two circles'],
                        p=[0.28, 0.25, 0.14, 0.12, 0.11, 0.1])
    if manner == 'two waves':
        return _both(_waving_arm(rng), _waving_arm(rng))
    if manner == 'two circles':
        sense = rng.choice([-1.0, 1.0])
        return _both(_circling_arm(rng, sense), _circling_arm(rng, sense))
    if manner == 'wings':
        rhythm = Rhythm(rng, 0.6, 1.6)
        size, middle = rng.uniform(0.5, 1.0), rng.uniform(-0.6, 0.4)

        def wing(t):
            angle = middle + size * rhythm.swing(t)
            return arm(t, 0.95 * vectors(np.cos(angle), np.sin(angle), 0.2))
        return _both(wing, wing)
    if manner == 'lift':
        rhythm = Rhythm(rng, 0.6, 1.7)
        place = vectors(rng.uniform(-0.2, 0.3), rng.uniform(-0.3, 0.2), rng.uniform(0.4, 0.6))
        course = rng.normal(0, 0.2, 3) + [0.0, rng.uniform(0.25, 0.5), 0.0]

        def lifting(t):
            return arm(t, place + np.multiply.outer(rhythm.swing(t), course))
        return _both(lifting, lifting)
    make = _wandering_arm if manner == 'wander' else _pointing_arm
    if rng.random() < 0.65:
        return _both(make(rng), make(rng))
    return _one_arm(rng.choice([RIGHT, LEFT]), make(rng), resting_arm(rng))


GESTURES = {
    'hand_clapping': _one_of((0.6, _clapping_hands), (0.4, _beating_hand)),
    'right_hand_wave': _wave(RIGHT),
    'left_hand_wave': _wave(LEFT),
    'right_arm_clockwise': _circle(RIGHT, clockwise=True),
    'right_arm_counter_clockwise': _circle(RIGHT, clockwise=False),
    'left_arm_clockwise': _circle(LEFT, clockwise=True),
    'left_arm_counter_clockwise': _circle(LEFT, clockwise=False),
    'arm_roll': _one_of((0.5, _rolling_hands), (0.5, _rolling_forearms)),
    'air_drums': _one_of((0.5, _drumming_wrists), (0.5, _drumming_forearms)),
    'air_guitar': _one_of((0.5, _strumming_wrist), (0.5, _strumming_arm)),
    'other_gestures': other_gestures,
}
