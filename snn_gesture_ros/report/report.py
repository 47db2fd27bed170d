# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report: from checkpoints to a page with figures, and report.json."""
import json
from pathlib import Path

from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.files import naming
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.model_facts import gather_model_facts
from snn_gesture_ros.report.chapter import gather, make_chapter, tasks_for
from snn_gesture_ros.report.event_sets import simulate_sets, simulations
from snn_gesture_ros.report.figures import draw_figures
from snn_gesture_ros.report.pages import write_pages
from snn_gesture_ros.report.real_recordings import RealSets
from snn_gesture_ros.report.replay import replay
from snn_gesture_ros.worker_processes import in_processes

SPLITS_BY_PREFERENCE = ('test', 'validation', None)


class Report:
    """
    The report of some checkpoints.

    Call `evaluate_real`, `simulate` and `replay`, in this order, and then `make`.
    """

    def __init__(self, checkpoints: list, extent, data=(), recordings=None, real=()):
        """
        Read the cards of the checkpoints and open the sets of the user.

        :param checkpoints: paths, or names of shipped models.
        :param extent: Extent of the simulated sets.
        :param data: folders of the user's sets.
        :param recordings: ClipSet of recordings without a gesture, or None.
        :param real: paths of real recordings with labels, of folders of them, or of tables.
        :raises ValueError: if a checkpoint or a set cannot be used, or two have the same name.
        """
        self.checkpoints = by_name(checkpoints)
        self.cards = {name: load_checkpoint(checkpoint)[1]
                      for name, checkpoint in self.checkpoints.items()}
        self.extent = extent
        self._data = {name: clips_of_test(ClipSet(path)) for name, path in by_name(data).items()}
        self._recordings = recordings
        self.real = RealSets(by_name(real))
        self._simulated = {}
        self._results = []

    def evaluate_real(self, workers: int):
        """
        Evaluate the real recordings with all checkpoints.

        :returns: a generator that yields 0, and then 1 for each recording as it is finished.
        :raises ValueError: if one cannot be read.
        """
        for checkpoint in self.checkpoints.values():
            yield from self.real.evaluate(checkpoint, workers)

    def simulate(self, folder, workers: int):
        """
        Simulate the sets that are not in a folder yet.

        :returns: a generator that yields the number of clips that exist, and then that of each
            part as it is finished.
        :raises ValueError: if the folder has other sets, or a worker ends by itself.
        """
        yield from simulate_sets(simulations(self.extent), folder, workers)
        self._simulated = {name: ClipSet(Path(folder) / name)
                           for name in simulations(self.extent)}

    def tasks(self) -> list:
        """Return the list of Task that are to be replayed."""
        sets = {**self._simulated,
                **{f'data {name}': clips for name, (_, clips) in self._data.items()}}
        if self._recordings is not None:
            sets['recordings'] = self._recordings
        return [task for name, checkpoint in self.checkpoints.items()
                for task in tasks_for(checkpoint, self.cards[name], sets, self.extent.sensors)]

    def replay(self, workers: int):
        """
        Replay all clips with all checkpoints.

        :returns: a generator that yields 0, and then the number of clips as they are replayed.
        :raises ValueError: if a worker ends by itself.
        """
        yield 0
        for result in in_processes(replay, [(task,) for task in self.tasks()], workers):
            self._results.append(result)
            yield len(result[1])

    def make(self, command: str) -> dict:
        """
        Return the report, as JSON can hold it.

        :param command: that makes the report.
        :raises ValueError: if the windows of a checkpoint are longer than the clips.
        """
        replays = gather(self._results)
        return {
            'command': command,
            'sets': {name: describe(clips) for name, clips in self._simulated.items()},
            'data': {name: {'split': split, 'persons': len({c.person for c in clips.clips}),
                            'sources': sorted({c.source for c in clips.clips})}
                     for name, (split, clips) in self._data.items()},
            'checkpoints': {name: self._chapter(name, {
                key[1:]: of_key for key, of_key in replays.items()
                if key[0] == checkpoint}) for name, checkpoint in self.checkpoints.items()},
        }

    def _chapter(self, name: str, replays: dict) -> dict:
        chapter = make_chapter(replays, self.cards[name], self.extent, list(self._data))
        if not chapter['held_out']['windows']:
            raise ValueError(f'{self.checkpoints[name]}: its windows are longer than the clips '
                             f'of {self.extent.held_out_us / 1e6:g} s: nothing can be reported')
        card = self.cards[name]
        return {'card': gather_model_facts(self.checkpoints[name]),
                'real': self.real.figures(self.checkpoints[name], card.labels), **chapter}


def write_report(report: dict, output) -> None:
    """
    Write OUTPUT.md, and the figures and report.json into the folder OUTPUT.

    :param report: returned by Report.make.
    """
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder):
        for name, chapter in report['checkpoints'].items():
            draw_figures(chapter, chapter['card']['labels'], folder, name)
        (folder / 'report.json').write_text(json.dumps(report, indent=1) + '\n')
        folder.with_name(f'{folder.name}.md').write_text(write_pages(report, folder.name))


def clips_of_test(clips: ClipSet) -> tuple:
    """Return a split of a set and its clips: test, else validation, else all of them."""
    for split in SPLITS_BY_PREFERENCE:
        chosen = clips.select(split)
        if len(chosen):
            break
    return split or 'train', chosen


def describe(clips: ClipSet) -> dict:
    """Return the size of a simulated set, its first and last seed, and how it was made."""
    seeds = [int(clip.person.split()[-1]) for clip in clips.clips]
    return {'clips': len(clips), 'minutes': sum(c.duration_us for c in clips.clips) / 60e6,
            'seeds': [min(seeds), max(seeds)], 'description': clips.descriptions[0]}


def by_name(paths) -> dict:
    """Return paths by their names without suffix; raise ValueError if two have the same."""
    named = {Path(path).stem: str(path) for path in paths}
    if len(named) < len(paths):
        raise ValueError(f'two of {", ".join(map(str, paths))} have the same name: rename one')
    return named
