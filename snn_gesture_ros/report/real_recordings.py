# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real recordings in a report: what `snn-gesture evaluate` measures, by set and label."""
import numpy as np
from snn_gesture_ros.decision.pipeline import NodeSettings
from snn_gesture_ros.evaluation.evaluating import evaluate
from snn_gesture_ros.evaluation.results import delays_of, make_results, quantile, ratio
from snn_gesture_ros.evaluation.sources import find_sources, Labels
from snn_gesture_ros.labels import NONE


class RealSets:
    """Sets of real recordings, and their evaluation with each checkpoint."""

    def __init__(self, paths: dict):
        """
        Find the recordings and their labels.

        :param paths: of recordings, folders of them or tables, by the names of the sets.
        :raises ValueError: if there are none, or one has no label.
        """
        self._sources = {name: find_sources([path], Labels())[0] for name, path in paths.items()}
        for source in self.sources:
            if not source.parts:
                raise ValueError(f'{source.name}: it has no label: name its gesture in the name '
                                 'of the file, or list it in a labels.csv')
        self._evaluated = {}

    @property
    def sources(self) -> list:
        """All recordings, as list of evaluation.sources.Source."""
        return [source for sources in self._sources.values() for source in sources]

    def evaluate(self, checkpoint: str, workers: int):
        """
        Evaluate all recordings with a checkpoint and the default parameters of the nodes.

        :returns: a generator that yields 0, and then 1 for each recording as it is finished.
        :raises ValueError: if a recording cannot be read, or the checkpoint cannot be used.
        """
        results = self._evaluated[checkpoint] = []
        yield from evaluate(self.sources, NodeSettings.of({'checkpoint': checkpoint}), workers,
                            None, results)
        faults = [each.fault for each in results if each.fault]
        if faults:
            raise ValueError('; '.join(faults))

    def figures(self, checkpoint: str, labels: tuple) -> dict:
        """
        Return the figures of a checkpoint.

        :param labels: of the checkpoint.
        :returns: `gestures` and `none`: returned by `measure`, of all sets together; `sets`: a
            row for each set and label; `without_recording`: gestures that no recording shows.
        """
        evaluated = self._evaluated.get(checkpoint, [])
        sets, first = [], 0
        for name, sources in self._sources.items():
            of_set, first = evaluated[first:first + len(sources)], first + len(sources)
            results = make_results(of_set, labels, {})
            shown = {part.label for source in sources for part in source.parts}
            sets += [{'set': name, 'label': label, **count(sources, label),
                      **measure(results, [label])} for label in sorted(shown)]
        gestures = {row['label'] for row in sets} - {NONE}
        results = make_results(evaluated, labels, {})
        return {'gestures': measure(results, gestures), 'none': measure(results, [NONE]),
                'sets': sets,
                'without_recording': [label for label in labels
                                      if label not in gestures and label != NONE]}


def count(sources: list, label: str) -> dict:
    """Return how many recordings and people show a label; people are None if unknown."""
    shown = [source for source in sources if any(part.label == label for part in source.parts)]
    people = {person for source in shown for person in source.people}
    return {'recordings': len({source.path for source in shown}),
            'mirrored': sum(bool(source.turn.flip_x) for source in shown),
            'people': len(people) if all(source.people for source in shown) else None}


def measure(results: dict, shown) -> dict:
    """
    Return the figures of the parts of recordings that show some labels.

    :param results: returned by `make_results`.
    :param shown: labels of the parts that count.
    """
    entries = [entry for entry in results['recordings'] if entry['truth'] in shown
               and entry['right_decisions'] is not None]
    delays_s = delays_of(entries)
    minutes = sum(entry['end_s'] - entry['start_s'] for entry in entries) / 60
    false = sum(item['verdict'] == 'false' and item['path'] == entry['path']
                and entry['start_s'] <= item['t_s'] <= entry['end_s']
                for item in results['announcements'] for entry in entries)
    return {
        'parts': len(entries), 'minutes': minutes,
        'right': sum(entry['predicted'] == entry['truth'] for entry in entries),
        'decisions_right': ratio(sum(entry['right_decisions'] for entry in entries),
                                 sum(entry['decisions'] for entry in entries)),
        'announced': int(np.isfinite(delays_s).sum()),
        'median_s': quantile(delays_s, 0.5),
        'false': false, 'false_per_minute': ratio(false, minutes)}
