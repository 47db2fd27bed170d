# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Write files while the power is cut, at each change of a file in turn; see power_cut.c.

`LD_PRELOAD=LIBRARY python power_cuts.py LIBRARY FOLDER SCENARIO MOST` prints how many cuts there
were, in each of two rounds at most MOST, spread over all changes. A cut kills the process; in the
second round it also takes what was not on the disk yet, as the worst file system may: names stay,
contents are lost.
"""
import ctypes
import os
from pathlib import Path
import shutil
import signal
import sys

import numpy as np
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPE
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.recordings.bag_writer import BagWriter, Journal
from snn_gesture_ros.recordings.converting import Conversion
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording

MESSAGES = 20
NEVER = 1_000_000_000
"""More changes than there are."""


def events_of(number: int) -> np.ndarray:
    """Return the events of an example, other ones for each number."""
    events = np.zeros(1000, PACKED_EVENT)
    events['dt_us'] = np.arange(1000) * 1000
    events['pixel'] = number
    return events


def add(store: ExampleStore, number: int) -> None:
    """Add an example."""
    store.add('wave', 'someone', str(number), events_of(number), 1_000_000)


class Example:
    """An example is added to two others."""

    loses = True
    shown = 2

    def prepare(self, folder):
        """Make what is there before."""
        store = ExampleStore(folder)
        for number in range(self.shown):
            add(store, number)

    def change(self, folder):
        """Do what is interrupted."""
        add(ExampleStore(folder), self.shown)

    def check(self, folder):
        """Check what is left."""
        store = ExampleStore(folder)
        assert len(store.names()) in (self.shown, self.shown + 1)
        add(store, self.shown + 1)
        clips = store.clips()
        assert len(clips) == len(store.names()) > self.shown
        for clip, events in clips:
            assert (events == events_of(int(clip.recording))).all()


class FirstExample(Example):
    """The store is made, and its first example is added."""

    shown = 0

    def prepare(self, folder):
        """Leave the folder empty."""


class ExampleSetAside(Example):
    """The newest example is set aside."""

    def change(self, folder):
        """Do what is interrupted."""
        ExampleStore(folder).set_aside_newest()

    def check(self, folder):
        """Check what is left."""
        store = ExampleStore(folder)
        assert len(store.names()) in (self.shown - 1, self.shown)
        add(store, self.shown)
        assert len(store.clips()) == len(store.names())


class Checkpoint:
    """A checkpoint replaces another one."""

    loses = True

    def __init__(self):
        """Make two networks; torch is needed here alone."""
        from snn_gesture_ros.network.gesture_net import GestureNet
        from snn_gesture_ros.network.model_card import ModelCard
        import torch
        torch.set_num_threads(1)
        self._nets = [GestureNet(3, 16, 4) for _ in range(2)]
        self._card = ModelCard(('left', 'right', 'none'), 4, 80.0, 16, 'binary', 'time',
                               'softmax', {'channels': 4})

    def prepare(self, folder):
        """Make what is there before."""
        self._save(folder, 0)

    def change(self, folder):
        """Do what is interrupted."""
        self._save(folder, 1)

    def check(self, folder):
        """Check what is left."""
        from snn_gesture_ros.network.checkpoint import load_checkpoint
        net, _ = load_checkpoint(str(folder / 'net.safetensors'))
        assert any(self._are_equal(net, each) for each in self._nets)

    def _save(self, folder, number):
        from snn_gesture_ros.network.checkpoint import save_checkpoint
        save_checkpoint(folder / 'net.safetensors', self._nets[number], self._card)

    @staticmethod
    def _are_equal(one, other):
        weights = other.state_dict()
        return all((value == weights[name]).all() for name, value in one.state_dict().items())


class Version(Checkpoint):
    """A network that was learned is stored."""

    def prepare(self, folder):
        """Make what is there before."""
        self._store(folder, 0, 'fast')

    def change(self, folder):
        """Do what is interrupted."""
        self._store(folder, 1, str(folder / '0001.safetensors'))

    def check(self, folder):
        """Check what is left."""
        import onnx
        from snn_gesture_ros.network.checkpoint import load_checkpoint
        newest = Versions(folder).newest_after('fast')
        net, _ = load_checkpoint(str(newest))
        assert self._are_equal(net, self._nets[int(newest.stem) - 1])
        onnx.checker.check_model(str(exported(newest)))
        self._store(folder, 0, str(newest))
        assert Versions(folder).newest_after('fast') > newest

    def _store(self, folder, number, parent):
        from snn_gesture_ros.learning.learn import store_version
        versions = Versions(folder)
        store_version(versions.next_path(), self._nets[number], self._card,
                      {'base': 'fast', 'parent': parent})


def write_bag(path: Path, seed: int) -> None:
    """Write a recording of MESSAGES messages."""
    rng = np.random.default_rng(seed)
    events = np.zeros(MESSAGES * 50, EVENT)
    events['t'] = np.sort(rng.integers(0, MESSAGES * 1000, len(events)))
    events['x'], events['y'] = rng.integers(0, 128, (2, len(events)))
    writer = BagWriter(path, '/events', EVENT_PACKET_TYPE, 128, 128)
    writer.write(events)
    writer.close()


def read(path: Path) -> np.ndarray:
    """Return all events of a recording."""
    with open_recording(path) as recording:
        return np.concatenate(list(recording.events()))


class Finished:
    """A recording is finished, in place of another one."""

    loses = True
    name = 'out.mcap'

    def prepare(self, folder):
        """Make what is there before."""
        write_bag(folder / 'journal.mcap', 1)
        write_bag(folder / 'old.mcap', 2)
        self._convert(folder, 'old.mcap')

    def change(self, folder):
        """Do what is interrupted."""
        self._convert(folder, 'journal.mcap')

    def check(self, folder):
        """Check what is left: what it is made of, and the old output or the new one."""
        new, old = read(folder / 'journal.mcap'), read(folder / 'old.mcap')
        if (folder / self.name).exists() or (folder / self.name).suffix:
            left = read(folder / self.name)
            assert any(len(left) == len(each) and (left == each).all() for each in (old, new))

    def _convert(self, folder, source):
        with open_recording(folder / source) as recording:
            for _ in Conversion(recording, folder / self.name).steps(replace=True):
                pass


class FinishedDatabase(Finished):
    """The same as a database."""

    name = 'out.db3'


class FinishedArchive(Finished):
    """The same as npz."""

    name = 'out.npz'


class FinishedFolder(Finished):
    """The same as a folder, which cannot be replaced at once: for a moment there is none."""

    name = 'out'


class Recorded:
    """A camera is recorded; what was not handed to the disk is lost at a power cut."""

    loses = False

    def prepare(self, folder):
        """Make what is read from."""
        write_bag(folder / 'source.mcap', 1)

    def change(self, folder):
        """Do what is interrupted."""
        journal = Journal(folder / 'journal.mcap', '/events', EVENT_PACKET_TYPE)
        with open_recording(folder / 'source.mcap') as recording:
            for number, message in enumerate(recording.messages(['/events'])):
                journal.write(message.t_ns, message.data)
                journal.flush()
                (folder / str(number)).touch()
        journal.close()

    def check(self, folder):
        """Check that all messages are there that were flushed."""
        flushed = sum((folder / str(number)).exists() for number in range(MESSAGES))
        try:
            with open_recording(folder / 'journal.mcap') as recording:
                data = self._messages(recording)
        except (UnreadableRecording, OSError):
            data = []
        assert flushed <= len(data) <= flushed + 1
        with open_recording(folder / 'source.mcap') as recording:
            assert self._messages(recording)[:len(data)] == data

    @staticmethod
    def _messages(recording):
        data = []
        try:
            data.extend(message.data for message in recording.messages(['/events']))
        except UnreadableRecording:     # it ends in the middle of a message
            pass
        return data


SCENARIOS = {each.__name__: each for each in (
    Example, FirstExample, ExampleSetAside, Checkpoint, Version, Finished, FinishedDatabase,
    FinishedArchive, FinishedFolder, Recorded)}


def lose_what_is_not_on_the_disk(folder: Path, log: str) -> None:
    """Cut all files down to what was on the disk before their latest change."""
    on_disk, changed = {}, {}
    for line in log.splitlines():
        what, inode, size = line.split()
        if what == 'disk':
            on_disk[inode] = int(size)
        changed[inode] = what == 'change'
    for path in folder.rglob('*'):
        inode = str(path.stat().st_ino)
        if path.is_file() and changed.get(inode):
            os.truncate(path, on_disk.get(inode, 0))


def changes_until_cut(library, scenario, template, work, log, number: int) -> int:
    """
    Run a scenario in a process until the power is cut, or to its end.

    :param number: of changes before the cut.
    :returns: how many changes there were.
    """
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(template, work)
    descriptor = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    pid = os.fork()
    if not pid:
        library.cut_power_after(ctypes.c_long(number), str(work).encode(), descriptor)
        try:
            scenario.change(work)
            os.write(descriptor, f'left {library.changes_left()} 0'.encode())
        except BaseException as error:
            print(f'cut {number}: {error!r}', file=sys.stderr)
            os._exit(1)
        os._exit(0)
    os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    if status == 0:
        *_, last = log.read_text().splitlines()
        return number - int(last.split()[1])
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
    return number


def cut_power(library, scenario, folder: Path, most: int) -> int:
    """Interrupt a scenario at its changes, and check what is left; return how often."""
    template, work, log = folder / 'template', folder / 'work', folder / 'log'
    template.mkdir()
    scenario.prepare(template)
    cuts, changes = 0, changes_until_cut(library, scenario, template, work, log, NEVER)
    numbers = np.unique(np.linspace(0, changes, min(changes + 1, most)).astype(int)).tolist()
    for loses in (False, True)[:1 + scenario.loses]:
        for number in numbers:
            changes_until_cut(library, scenario, template, work, log, number)
            if loses:
                lose_what_is_not_on_the_disk(work, log.read_text())
            left = sorted(str(path.relative_to(work)) for path in work.rglob('*'))
            try:
                scenario.check(work)
            except Exception as error:
                raise AssertionError(f'cut {number}, {"and" if loses else "nothing"} lost, leaves '
                                     f'{left}: {error!r}') from error
            cuts += 1
    return cuts


if __name__ == '__main__':
    path, folder, name, most = sys.argv[1:]
    print(cut_power(ctypes.CDLL(path), SCENARIOS[name](), Path(folder).resolve(), int(most)))
