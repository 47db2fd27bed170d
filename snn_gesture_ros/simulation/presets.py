# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sensors as they are sold, and one that is any of them: what a simulated sensor is drawn from."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class SensorPreset:
    """
    A kind of event camera; each pair is the range that one camera and its bias are drawn from.

    The ranges are what users of such cameras report, not a maker's promise.
    """

    width: int
    height: int
    contrast_threshold: tuple
    """Change of log luminance that makes an event."""
    bandwidth_hz: tuple
    """Cut-off of a pixel that sees white in a lit room; a darker pixel is slower."""
    refractory_us: tuple
    rebound: tuple
    """Chance that an ON event follows an OFF event within milliseconds, as the pixel's memory
    swings back too far; 0.2 to 0.7 in most recordings of a DVS128."""
    leak_hz: tuple
    """ON events of a pixel whose memory leaks."""
    shot_hz: tuple
    """Noise of either polarity of a pixel in the dark, from a well lit to a dim room."""
    readout_us: tuple = (1, 1)
    """Events are read out, and stamped, in bursts that start this far apart."""

    def resized(self, width, height):
        """Return the same sensor with another number of pixels."""
        return replace(self, width=width, height=height)


SENSORS = {
    'dvs128': SensorPreset(128, 128, (0.125, 0.175), (200, 600), (1000, 8000), (0.0, 0.7),
                           (0.03, 0.08), (0.03, 0.15)),
    'davis346': SensorPreset(346, 260, (0.14, 0.30), (150, 600), (100, 1000), (0.0, 0.03),
                             (0.03, 0.15), (0.03, 0.3)),
    'dvxplorer': SensorPreset(320, 240, (0.14, 0.30), (200, 800), (100, 1000), (0.0, 0.03),
                              (0.02, 0.1), (0.03, 0.5), (100, 300)),
    'dvxplorer_vga': SensorPreset(640, 480, (0.14, 0.30), (200, 800), (100, 1000), (0.0, 0.03),
                                  (0.02, 0.1), (0.03, 0.5), (100, 400)),
    'genx320': SensorPreset(320, 320, (0.10, 0.25), (200, 1000), (50, 500), (0.0, 0.3),
                            (0.02, 0.1), (0.03, 1.0), (20, 200)),
    'evk4': SensorPreset(1280, 720, (0.12, 0.28), (200, 1000), (50, 500), (0.0, 0.3),
                         (0.01, 0.1), (0.02, 0.5), (20, 200)),
    # For training: what all of them may do, on the picture that the network sees.
    'any': SensorPreset(128, 128, (0.06, 0.38), (60, 800), (100, 10_000), (0.0, 0.7),
                        (0.02, 0.4), (0.04, 2.5), (1, 400)),
}
