# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Large recordings are read in little memory, in every format that is written in parts.

SNN_GESTURE_LARGE_MB=6000 makes the files so large; in the suite they are small, and the bound is
what a small file may cost more than a tiny one.
"""
import os
from pathlib import Path
import subprocess
import sys

from event_files import ARRAY, make_events
import numpy as np
from peak_memory import SOURCE
import pytest
from snn_gesture_ros.recordings.aedat4 import Aedat4Writer
from snn_gesture_ros.recordings.bag_writer import BagWriter
from snn_gesture_ros.recordings.hdf5 import Hdf5Writer
from snn_gesture_ros.recordings.npz import NpzWriter
from snn_gesture_ros.recordings.prophesee_raw import RawWriter
from snn_gesture_ros.recordings.text import CsvWriter

LARGE_MB = int(os.environ.get('SNN_GESTURE_LARGE_MB', 24))
MAX_MB = 500
PART = 1 << 18
"""Events that are written at once."""
READ = SOURCE + """
import sys
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
with open_recording(sys.argv[1]) as recording:
    facts = gather_facts(recording)
print(facts.events, facts.damage, peak_kb() // 1024)
"""


def write_dat(path, width, height):
    return DatWriter(path)


class DatWriter:
    """Append events to a DAT file."""

    def __init__(self, path):
        self._file = path.open('wb')
        self._file.write(b'% Data file containing CD events.\n% Version 2\n\x0c\x08')

    def write(self, events):
        words = np.zeros((len(events), 2), '<u4')
        words[:, 0] = events['t']
        words[:, 1] = (events['x'] | events['y'].astype(np.uint32) << 14
                       | events['p'].astype(np.uint32) << 28)
        self._file.write(words.tobytes())

    def close(self):
        self._file.close()


WRITERS = {
    'h5': Hdf5Writer, 'npz': NpzWriter, 'aedat4': Aedat4Writer, 'raw': RawWriter,
    'csv': CsvWriter, 'dat': write_dat,
    'mcap': lambda path, *size: BagWriter(path, '/events', ARRAY, *size),
    'db3': lambda path, *size: BagWriter(path, '/events', ARRAY, *size)}


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob('*') if file.is_file())


@pytest.mark.parametrize('suffix', WRITERS)
def test_large_recording_is_read_in_little_memory(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    writer = WRITERS[suffix](path, 640, 480)
    part = make_events(PART, duration_us=20_000)
    count = 0
    while count == 0 or size_of(tmp_path) < LARGE_MB << 20:
        writer.write(part)
        part['t'] += 20_000
        count += len(part)
        if suffix in ('npz',) and 13 * count > LARGE_MB << 20:
            break       # its columns are in files without a name until the end
    writer.close()
    read = subprocess.run([sys.executable, '-c', READ, str(path)], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    events, damage, used_mb = read.stdout.split()
    print(f'{suffix}: {path.stat().st_size >> 20} MB, {events} events, {used_mb} MB of memory')
    path.unlink()
    assert (int(events), damage) == (count, 'None')
    assert int(used_mb) < MAX_MB
