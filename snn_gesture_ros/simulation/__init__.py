# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated event camera and a person who makes gestures in front of it."""
from snn_gesture_ros.simulation.camera import FRAMINGS, random_clip, SimulatedCamera
from snn_gesture_ros.simulation.sensor import SENSORS

__all__ = ['FRAMINGS', 'random_clip', 'SENSORS', 'SimulatedCamera']
