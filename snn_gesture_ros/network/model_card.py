# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: what a network expects and what is known of it, without torch."""
from dataclasses import asdict, dataclass, field
import json

from snn_gesture_ros.events.packet import MAX_SIDE
from snn_gesture_ros.network.checkpoint_files import CheckpointError

CARD_KEY = 'snn_gesture'
FRAME_VALUES = ('binary', 'count')
READOUTS = ('softmax', 'firing_rate')
SLICINGS = ('time', 'count')
MAX_SIZE = MAX_SIDE
"""Of a frame, in pixels."""
MAX_TIME_STEPS = 1000
MIN_WINDOW_MS, MAX_WINDOW_MS = 1, 3_600_000
MAX_WINDOW_EVENTS = 100_000_000
MAX_LABELS, MAX_LABEL_LENGTH = 1000, 100
DECIMAL = (int, float)
RANGES = {'time_steps': (int, 1, MAX_TIME_STEPS), 'size': (int, 1, MAX_SIZE),
          'window_ms': (DECIMAL, MIN_WINDOW_MS, MAX_WINDOW_MS),
          'readout_steps': (DECIMAL, 0, MAX_TIME_STEPS),
          'window_events': (int, 0, MAX_WINDOW_EVENTS)}
"""Of the fields that are numbers: kind, minimum and maximum."""


def check_number(name: str, value, kind, minimum, maximum) -> None:
    """
    Check a number that a file holds; JSON knows infinite ones and NaN, too.

    :param kind: int or DECIMAL.
    :raises CheckpointError: if it is not one or not in its range.
    """
    if (isinstance(value, bool) or not isinstance(value, kind)
            or not minimum <= value <= maximum):
        raise CheckpointError(f'{name} must be a {"whole " if kind is int else ""}number between '
                              f'{minimum} and {maximum}')


def check_labels(labels) -> None:
    """
    Check names of outputs, which go into messages as they are.

    :raises CheckpointError: if they are not different names that can be printed.
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
    """What a network expects and what is known of it."""

    labels: tuple
    """Names of the outputs, in their order."""
    time_steps: int
    """T, the frames of one window."""
    window_ms: float
    """Duration of one window that the network was trained with."""
    size: int
    """Width and height of a frame in pixels."""
    frame_value: str
    """`binary`: a pixel fired or not; `count`: how often it fired."""
    slicing: str
    """How training cut a window into frames: `time` (equal durations) or `count` (of events)."""
    readout: str
    """`softmax` of the mean logits, or `firing_rate` of the output neurons, normalised."""
    architecture: dict
    """Arguments of GestureNet, or {'model': 'DVSGestureNet', ...} for SpikingJelly's."""
    readout_steps: float = 0.0
    """Time constant of the running average that the readout takes over the outputs, in time
    steps; 0: the mean over the window."""
    window_events: int = 0
    """Events of a window cut by `count`; 0 where training cut by `time`."""
    license: str = 'unknown'
    training: dict = field(default_factory=dict)
    """Free text and figures: data, seeds, results."""

    def __post_init__(self):
        """
        Refuse what no network could have been trained with.

        :raises CheckpointError: says which field is wrong.
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
        """Return the card as files hold it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'ModelCard':
        """
        Read the card of a file.

        :raises CheckpointError: if it is none.
        """
        try:
            card = cls(**json.loads(text))
            card.to_json()      # what is nested too deeply could not be shown
        except CheckpointError:
            raise
        except (ValueError, RecursionError):
            raise CheckpointError('its model card is not JSON') from None
        except TypeError as error:
            raise CheckpointError(f'its model card is of another version: {error}') from None
        return card
