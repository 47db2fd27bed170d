# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: what a network expects and what is known of it, without torch."""
from dataclasses import asdict, dataclass, field
import json

from snn_gesture_ros.network.checkpoint_files import CheckpointError

CARD_KEY = 'snn_gesture'
FRAME_VALUES = ('binary', 'count')
READOUTS = ('softmax', 'firing_rate')
SLICINGS = ('time', 'count')


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
        """Refuse what no network could have been trained with."""
        object.__setattr__(self, 'labels', tuple(self.labels))
        if len(set(self.labels)) != len(self.labels) or not self.labels:
            raise CheckpointError('labels must be a list of different names')
        if self.time_steps < 1 or self.window_ms <= 0 or self.size < 1:
            raise CheckpointError('time_steps, window_ms and size must be positive')
        if self.readout_steps < 0:
            raise CheckpointError('readout_steps must not be negative')
        if self.slicing == 'count' and self.window_events < self.time_steps:
            raise CheckpointError('slicing by count needs window_events')
        for name, known in (('frame_value', FRAME_VALUES), ('slicing', SLICINGS),
                            ('readout', READOUTS)):
            if getattr(self, name) not in known:
                raise CheckpointError(f'{name} must be one of {", ".join(known)}')

    def to_json(self) -> str:
        """Return the card as files hold it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'ModelCard':
        """
        Read the card of a file.

        :raises ValueError: if it is none.
        """
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise CheckpointError(f'its model card is of another version: {error}') from None
