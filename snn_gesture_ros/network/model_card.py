# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: the input that a network expects and the facts about it, without torch."""
from dataclasses import asdict, dataclass, field
import json

from snn_gesture_ros.events.packet import MAX_SIDE
from snn_gesture_ros.network.checkpoint_files import CheckpointError

CARD_KEY = 'snn_gesture'
FRAME_VALUES = ('binary', 'count')
READOUTS = ('softmax', 'firing_rate')
SLICINGS = ('time', 'count')
MAX_SIZE = MAX_SIDE
"""Maximum width and height of a frame, in pixels."""
MAX_TIME_STEPS = 1000
MIN_WINDOW_MS, MAX_WINDOW_MS = 1, 3_600_000
MAX_WINDOW_EVENTS = 100_000_000
MAX_LABELS, MAX_LABEL_LENGTH = 1000, 100
DECIMAL = (int, float)
RANGES = {'time_steps': (int, 1, MAX_TIME_STEPS), 'size': (int, 1, MAX_SIZE),
          'window_ms': (DECIMAL, MIN_WINDOW_MS, MAX_WINDOW_MS),
          'readout_steps': (DECIMAL, 0, MAX_TIME_STEPS),
          'window_events': (int, 0, MAX_WINDOW_EVENTS)}
"""Type, minimum and maximum of the fields that are numbers."""


def check_number(name: str, value, kind, minimum, maximum) -> None:
    """
    Check a number from a file; in JSON it can also be infinite or NaN.

    :param kind: int or DECIMAL.
    :raises CheckpointError: if it has another type or is not in the range.
    """
    if (isinstance(value, bool) or not isinstance(value, kind)
            or not minimum <= value <= maximum):
        raise CheckpointError(f'{name} must be a {"whole " if kind is int else ""}number between '
                              f'{minimum} and {maximum}')


def check_labels(labels) -> None:
    """
    Check the names of the outputs, which are copied into messages.

    :raises CheckpointError: if they are not different, printable names.
    """
    if not isinstance(labels, (list, tuple)) or not 0 < len(labels) <= MAX_LABELS or not all(
            isinstance(label, str) and label.isprintable() and 0 < len(label) <= MAX_LABEL_LENGTH
            for label in labels):
        raise CheckpointError(f'labels must be a list of 1 to {MAX_LABELS} names, each of 1 to '
                              f'{MAX_LABEL_LENGTH} printable characters')
    if len(set(labels)) < len(labels):
        raise CheckpointError('labels must be different names')


@dataclass(frozen=True)
class ModelCard:
    """The input that a network expects and the facts about it."""

    labels: tuple
    """Names of the outputs, in the order of the outputs."""
    time_steps: int
    """T, the number of frames in a window."""
    window_ms: float
    """Duration of a window in training."""
    size: int
    """Width and height of a frame in pixels."""
    frame_value: str
    """`binary`: whether a pixel has events; `count`: its number of events."""
    slicing: str
    """How training sliced a window: by `time` (equal durations) or `count` (equal events)."""
    readout: str
    """`softmax` of the mean logits, or `firing_rate` of the output neurons, normalized."""
    architecture: dict
    """Arguments of GestureNet, or {'model': 'DVSGestureNet', ...} for SpikingJelly's."""
    readout_steps: float = 0.0
    """Time constant in time steps of the readout's exponential average over the outputs; 0: the
    mean over the window."""
    window_events: int = 0
    """Events of a window if training sliced by `count`; 0 for `time`."""
    license: str = 'unknown'
    training: dict = field(default_factory=dict)
    """Free text and figures: data, seeds, results."""

    def __post_init__(self):
        """
        Check the fields.

        :raises CheckpointError: if one is wrong; the message names it.
        """
        check_labels(self.labels)
        object.__setattr__(self, 'labels', tuple(self.labels))
        for name, bounds in RANGES.items():
            check_number(name, getattr(self, name), *bounds)
        for name, known in (('frame_value', FRAME_VALUES), ('slicing', SLICINGS),
                            ('readout', READOUTS)):
            if getattr(self, name) not in known:
                raise CheckpointError(f'{name} must be one of {", ".join(known)}')
        if self.slicing == 'count' and self.window_events < self.time_steps:
            raise CheckpointError('slicing by count needs window_events')
        for name, kind in (('architecture', dict), ('training', dict), ('license', str)):
            if not isinstance(getattr(self, name), kind):
                raise CheckpointError(f'{name} must be a {kind.__name__}')

    def to_json(self) -> str:
        """Return the card as JSON, as it is stored in files."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'ModelCard':
        """
        Return the card in the JSON text of a file.

        :raises CheckpointError: if it is not a card.
        """
        try:
            card = cls(**json.loads(text))
            card.to_json()      # raises RecursionError if values are nested too deeply
        except CheckpointError:
            raise
        except (ValueError, RecursionError):
            raise CheckpointError('its model card is not JSON') from None
        except TypeError as error:
            raise CheckpointError(f'its model card is of another version: {error}') from None
        return card
