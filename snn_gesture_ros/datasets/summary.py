# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is in a clip set."""
from collections import Counter

from snn_gesture_ros.datasets.clip_set import ClipSet, SPLITS


def summarise(clips: ClipSet) -> str:
    """Return a table of the number of clips by label and split, and totals."""
    counts = Counter((clip.label, clip.split) for clip in clips.clips)
    labels = sorted({clip.label for clip in clips.clips})
    wide = max(map(len, labels))
    lines = [' ' * wide + ''.join(f'{split:>12}' for split in SPLITS)]
    lines += [f'{label:<{wide}}' + ''.join(f'{counts[label, split]:>12}' for split in SPLITS)
              for label in labels]
    minutes = sum(clip.duration_us for clip in clips.clips) / 60e6
    return '\n'.join([*lines, f'{len(clips)} clips of '
                      f'{len({clip.person for clip in clips.clips})} persons, '
                      f'{minutes:.1f} minutes'])


def count_clips(clips: ClipSet) -> dict:
    """Return the same as JSON can hold it, with the persons of each split and all sources."""
    labels = sorted({clip.label for clip in clips.clips})
    return {
        'clips': len(clips),
        'minutes': sum(clip.duration_us for clip in clips.clips) / 60e6,
        'labels': {label: {split: len(clips.select(split, [label])) for split in SPLITS}
                   for label in labels},
        'persons': {split: len({clip.person for clip in clips.select(split).clips})
                    for split in SPLITS},
        'sources': sorted({clip.source for clip in clips.clips}),
        'descriptions': clips.descriptions,
    }
