# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Learn: from a few examples to a version that knows them and has forgotten nothing.

Learning always begins with the base, the network that was there before anything was learned, and
takes all examples of the store: errors do not add up, and an example that is set aside is gone.
"""
from pathlib import Path

from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.learning.lesson import Bounds, FOLDS, Lesson
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import lower
import torch


def learn(folder, running: str, rehearsal: str = '', bounds: Bounds = Bounds()) -> dict:
    """
    Learn all examples of a folder, and keep the network as a new version if it is good.

    Torch has one thread from then on.

    :param folder: with `examples/` (ExampleStore); `models/` (Versions) and `rehearsal/` are made.
    :param running: the checkpoint that runs now: a shipped model, a path, or a version.
    :param rehearsal: clip set of the old gestures; empty: simulated people.
    :returns: `version`, path of its weights, or None; `refused`, why it is not good, or empty;
        and `figures`.
    :raises ValueError: if the examples or the checkpoint cannot be learned from.
    """
    torch.set_num_threads(1)        # its matrices are too small for more
    folder, file = Path(folder), Path(running).expanduser()
    running = str(file.resolve()) if file.is_file() else running
    versions = Versions(folder / 'models')
    base = (versions.record(running) or {'base': running})['base']
    store = ExampleStore(folder / 'examples')
    names, shown = store.names(), store.counts()
    few = [f'{label} has {count}' for label, count in sorted(shown.items()) if count < FOLDS]
    if few or not shown:
        raise ValueError(f'a label needs {FOLDS} examples: {", ".join(few) or "there is none"}')
    lesson = Lesson(base, store.clips(), folder, rehearsal)
    net, figures, refused = lesson.best(bounds)
    figures = {'examples': dict(sorted(shown.items())), **figures}
    if refused:
        return {'version': None, 'refused': refused, 'figures': figures}
    path = versions.next_path()
    record = {'base': base, 'parent': running, 'examples': names, 'figures': figures}
    before = {name: value for name, value in lesson.card.training.items()
              if name != 'real recordings'}     # they were of the network before
    card = ModelCard(**{**vars(lesson.card), 'labels': lesson.labels, 'training': {
        **before, 'learned': record,
        'data': f'{lesson.card.training.get("data", "unknown")}, examples shown to the robot'}})
    save_checkpoint(path, net, card)
    exported(path).write_bytes(lower(net, card).SerializeToString())
    versions.finish(path, record)
    return {'version': str(path), 'refused': '', 'figures': figures}
