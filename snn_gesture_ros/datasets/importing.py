# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all imports have in common: they can be resumed, and list faults at the end."""
from snn_gesture_ros.datasets.clip_set import ClipSetWriter


class Source:
    """Labeled recordings of which a clip set can be made."""

    description = {}
    """How the set is made, for its folder."""
    parts = []
    """A name for each recording that is there."""

    def __init__(self):
        """Start without faults and notes."""
        self.faults = []
        """What is missing or damaged, a line each; the set lacks it."""
        self.notes = []
        """What was left out on purpose, a line each."""

    def recordings(self, wanted):
        """
        Yield the name of each wanted recording, and a function that returns its clips.

        The function is called before the next name is asked for, or not at all. It returns a
        list of Clip and events, and raises ValueError or OSError for a damaged recording.
        """
        raise NotImplementedError


def import_recordings(source: Source, folder):
    """
    Make a clip set, without the recordings that are in it already.

    Recordings that are missing or damaged are listed in `source.faults`; all others are imported.

    :returns: a generator of the number of recordings that were there, and then of 1 for each.
    :raises ValueError: if the folder has something else in it.
    """
    writer = ClipSetWriter(folder, source.description)
    unfinished = [part for part in source.parts if not writer.has(part)]
    yield len(source.parts) - len(unfinished)
    for part, read in source.recordings(unfinished):
        try:
            writer.write(part, read())
        except OSError as error:
            source.faults.append(f'{error.filename}: {error.strerror}')
        except ValueError as error:
            source.faults.append(str(error))
        yield 1
