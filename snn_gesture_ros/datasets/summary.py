# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What clips there are."""
from collections import Counter

from snn_gesture_ros.datasets.clip_set import SPLITS


def summarise(clips: list) -> str:
    """
    Return a table of the number of clips by label and split, and totals.

    :param clips: of Clip.
    """
    counts = count_clips(clips)
    wide = max(map(len, counts['labels']), default=0)
    lines = [' ' * wide + ''.join(f'{split:>12}' for split in SPLITS)]
    lines += [f'{label:<{wide}}' + ''.join(f'{row[split]:>12}' for split in SPLITS)
              for label, row in counts['labels'].items()]
    persons = len({clip.person for clip in clips})
    return '\n'.join([*lines, f'{len(clips)} clips of {persons} persons, '
                      f'{counts["minutes"]:.1f} minutes'])


def count_clips(clips: list) -> dict:
    """Return the same as JSON can hold it, with the persons of each split and all sources."""
    counts = Counter((clip.label, clip.split) for clip in clips)
    return {
        'clips': len(clips),
        'minutes': sum(clip.duration_us for clip in clips) / 60e6,
        'labels': {label: {split: counts[label, split] for split in SPLITS}
                   for label in sorted({clip.label for clip in clips})},
        'persons': {split: len({clip.person for clip in clips if clip.split == split})
                    for split in SPLITS},
        'sources': sorted({clip.source for clip in clips}),
    }
