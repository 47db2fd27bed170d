# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `import`: make a clip set from recordings with labels."""
from pathlib import Path
import sys

from snn_gesture_ros.command_line.options import add_file_options, add_geometry, geometry_of, share
from snn_gesture_ros.command_line.terminal import open_and_follow, show_progress, usage
from snn_gesture_ros.datasets.clip_set import ClipSet, summarize
from snn_gesture_ros.datasets.cutting import Cleaning, RAW
from snn_gesture_ros.datasets.dvs128_gesture import (
    Dvs128Gesture, ExtractedDvs128, find_download, find_extracted)
from snn_gesture_ros.datasets.importing import import_recordings
from snn_gesture_ros.datasets.labeled_recordings import check_shares, LabeledRecordings, TABLE
from snn_gesture_ros.events.noise_settings import NoiseSettings

EXAMPLE = 'snn-gesture import my_recordings SET'
MAX_NOTES = 10


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('source', metavar='SOURCE',
                        help='DvsGesture.tar.gz or its folder, events_np as SpikingJelly '
                             'extracts it, or a folder of recordings with '
                             f'{TABLE} (file,start_s,end_s,label[,person,split,topic,sensor])')
    parser.add_argument('folder', metavar='FOLDER', help='folder of the clip set')
    add_file_options(parser)
    for split in ('validation', 'test'):
        parser.add_argument(f'--{split}', type=share, default=0.1, metavar='SHARE',
                            help=f'share of the persons for {split} if {TABLE} has no split '
                                 '(default: %(default)s); DVS128 Gesture has its own')
    parser.add_argument('--raw', action='store_true',
                        help='keep hot pixels and noise, which event_stream removes by default')
    add_geometry(parser)


def run(arguments) -> int:
    """
    Import, and print what was imported, skipped and missing.

    :raises ValueError: if recordings are missing or damaged, after all others are imported.
    """
    source = open_source(arguments)
    try:
        show_progress(import_recordings(source, arguments.folder), len(source.parts), 'importing')
    except KeyboardInterrupt:
        print('finished parts are kept: the same command continues', file=sys.stderr)
        raise
    for note in source.notes[:MAX_NOTES]:
        print(note, file=sys.stderr)
    if len(source.notes) > MAX_NOTES:
        print(f'and {len(source.notes) - MAX_NOTES} more', file=sys.stderr)
    if source.faults:
        raise ValueError(f'{len(source.faults)} missing or damaged, all others are in the set; '
                         'once repaired, the same command adds them: ' + '; '.join(source.faults))
    print(summarize(ClipSet(arguments.folder).clips))
    return 0


def open_source(arguments):
    """
    Return the source, indexed, by its content.

    :raises ValueError: if it is neither DVS128 Gesture nor a folder with a table, or if the
        geometry is impossible.
    """
    path = Path(arguments.source)
    with usage():
        cleaning = cleaning_of(arguments)
        check_shares(arguments.validation, arguments.test)
    path.stat()
    if find_download(path):
        return Dvs128Gesture(path, cleaning, open_and_follow)
    if find_extracted(path):
        return ExtractedDvs128(find_extracted(path), cleaning)
    if path.suffix == '.csv' or (path / TABLE).exists():
        return LabeledRecordings(path, arguments.validation, arguments.test, cleaning,
                                 arguments.encoding, arguments.size)
    raise ValueError(f'{path}: this is neither DvsGesture.tar.gz or its folder, nor events_np of '
                     'SpikingJelly, nor a folder of '
                     f'recordings with a {TABLE} (columns file,start_s,end_s,label)')


def cleaning_of(arguments) -> Cleaning:
    """
    Return the filters and the geometry of the events.

    :raises ValueError: if the geometry is impossible.
    """
    return Cleaning(geometry_of(arguments), RAW if arguments.raw else NoiseSettings())
