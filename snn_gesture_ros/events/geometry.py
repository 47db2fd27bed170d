# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry: the pixel of the network's frame for each pixel of the sensor."""
from dataclasses import dataclass, replace
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.events.packet import MAX_SIDE
from snn_gesture_ros.settings import setting, settings_of

OUTSIDE = -1 << 28
"""So low that a column or a row that is outside makes their sum negative."""
MODES = {'square': 'the largest centered one', 'whole': 'the whole sensor',
         'region': 'the rectangle of the parameter region'}
ROTATIONS = (0, 90, 180, 270)


class Turn(NamedTuple):
    """How the camera of one recording was mounted; None where it is not known."""

    rotation: Optional[int] = None
    flip_x: Optional[bool] = None


@dataclass(frozen=True)
class Geometry:
    """
    The region of interest of the sensor, and how it is mapped to the frame.

    `square` is the largest centered square, `whole` the whole sensor and `region` a rectangle of
    it. The region is turned, scaled to fit the frame with its proportions kept, and centered; the
    frame is then flipped.
    """

    mode: str = setting(
        'square', 'Region of the sensor that is used', name='geometry', choices=MODES, live=True)
    region: tuple = setting(
        (0, 0, 0, 0), 'x, y, width and height of the region, for geometry region', unit='pixels',
        live=True)
    flip_x: bool = setting(False, 'Mirror the image left to right', live=True)
    flip_y: bool = setting(False, 'Turn the image upside down', live=True)
    width: int = setting(
        128, 'Width of the mapped image, a multiple of that of the frames of the network',
        unit='pixels', minimum=8, maximum=MAX_SIDE)
    height: int = setting(
        128, 'Height of the mapped image, likewise', unit='pixels', minimum=8, maximum=MAX_SIDE)
    rotation: int = setting(
        0, 'Turn the image clockwise before it is mirrored: as far as the camera, seen from '
        'behind, is turned clockwise', unit='degrees', choices=ROTATIONS, live=True)

    def __post_init__(self):
        """
        Check the settings that do not depend on the sensor.

        :raises ValueError: with the setting that is wrong.
        """
        for each in settings_of(Geometry):
            if each.choices is not None:
                each.check(getattr(self, each.field))
        if self.mode == 'region' and (len(self.region) != 4 or min(self.region[:2]) < 0
                                      or min(self.region[2:]) < 1):
            raise ValueError('region must be x, y, width, height in pixels of the sensor')

    def turned(self, turn: Turn) -> 'Geometry':
        """Return the same for a recording, with what is known of its camera instead."""
        return replace(self, **{
            name: value for name, value in turn._asdict().items() if value is not None})

    @property
    def is_sideways(self) -> bool:
        """Whether columns of the sensor become rows of the frame."""
        return self.rotation in (90, 270)

    def part(self, sensor_width: int, sensor_height: int) -> tuple:
        """
        Return the region of a sensor before it is turned: x, y, width, height in pixels.

        :raises ValueError: if the region is not on the sensor.
        """
        if self.mode == 'whole':
            return 0, 0, sensor_width, sensor_height
        if self.mode == 'square':
            side = min(sensor_width, sensor_height)
            return (sensor_width - side) // 2, (sensor_height - side) // 2, side, side
        x, y, width, height = self.region
        if x + width > sensor_width or y + height > sensor_height:
            raise ValueError(f'region {list(self.region)} does not fit on the sensor of '
                             f'{sensor_width}x{sensor_height} pixels')
        return x, y, width, height

    def scale(self, sensor_width: int, sensor_height: int) -> float:
        """
        Return the width, and height, of a pixel of the frame in pixels of the sensor.

        :raises ValueError: if the region is not on the sensor.
        """
        _, _, part_width, part_height = self.part(sensor_width, sensor_height)
        if self.is_sideways:
            part_width, part_height = part_height, part_width
        return max(part_width / self.width, part_height / self.height)

    def tables(self, sensor_width: int, sensor_height: int) -> tuple:
        """
        Return the frame's pixel of sensor pixels: columns[x] + rows[y], or below 0 outside.

        Turned by 90 or 270 degrees, x decides the frame's row, and y its column.

        :returns: int32 [sensor_width], the share of x in the pixel's number, which is row * width
            + column, and int32 [sensor_height], that of y.
        :raises ValueError: if the region is not on the sensor.
        """
        left, top, part_width, part_height = self.part(sensor_width, sensor_height)
        scale = self.scale(sensor_width, sensor_height)
        flip_column = self.flip_x != (self.rotation in (90, 180))
        flip_row = self.flip_y != (self.rotation in (180, 270))
        across, down = (part_height, part_width) if self.is_sideways else (part_width, part_height)
        of_column = _scaled(across, scale, self.width, flip_column)
        of_row = _scaled(down, scale, self.height, flip_row) * self.width
        columns = np.full(sensor_width, OUTSIDE, np.int32)
        rows = np.full(sensor_height, OUTSIDE, np.int32)
        of_x, of_y = (of_row, of_column) if self.is_sideways else (of_column, of_row)
        columns[left:left + part_width] = of_x
        rows[top:top + part_height] = of_y
        return columns, rows


def turn_counts(counts: np.ndarray, rotation: int) -> np.ndarray:
    """Turn event counts [..., H, W] clockwise by one of ROTATIONS, as Geometry turns pixels."""
    return np.rot90(counts, -rotation // 90, (-2, -1))


def _scaled(length: int, scale: float, size: int, flip: bool) -> np.ndarray:
    """Scale positions 0..length-1 by 1/scale, center them in 0..size-1, flip them if asked."""
    margin = (size - length / scale) / 2
    positions = np.floor((np.arange(length) + 0.5) / scale + margin).astype(np.int32)
    positions = positions.clip(0, size - 1)
    return size - 1 - positions if flip else positions
