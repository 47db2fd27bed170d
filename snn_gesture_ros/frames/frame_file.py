# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of frames: npz with an array `frames` [T, 2, H, W], as SpikingJelly writes them."""
from pathlib import Path
import zipfile

import numpy as np
from snn_gesture_ros.files import check_regular


def holds_frames(path: Path) -> bool:
    """Return whether a file is an npz with frames."""
    try:
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            return 'frames.npy' in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def summarise_frames(path: Path) -> dict:
    """
    Return what is known of a file of frames, as JSON can hold it.

    :raises ValueError: if it is damaged or has another shape.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            frames = arrays['frames']
    except Exception as error:
        raise ValueError(f'{path}: the npz file is cut off or damaged ({error})') from None
    if frames.ndim != 4 or frames.shape[1] != 2 or frames.dtype.kind not in 'iufb':
        raise ValueError(f'{path}: frames must be numbers [T, 2, H, W]; these are '
                         f'{frames.dtype} {list(frames.shape)}')
    counts = frames.sum(axis=(2, 3), dtype=float)
    time_steps, _, height, width = frames.shape
    return {'shape': list(frames.shape), 'type': str(frames.dtype), 'time_steps': time_steps,
            'height': height, 'width': width, 'off': counts[:, 0].sum(), 'on': counts[:, 1].sum(),
            'events_a_frame': counts.sum(axis=1).tolist()}
