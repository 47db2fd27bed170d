# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: run an exported network on the CPU, without torch."""
import math

import numpy as np
import onnxruntime
from snn_gesture_ros.network.checkpoint_files import (
    CheckpointError, EXPORTED, find_checkpoint, first_line)
from snn_gesture_ros.network.model_card import CARD_KEY, ModelCard

FLOAT = 'tensor(float)'
MAX_STATE_VALUES = 1 << 26
"""Maximum number of values in the state of a stream: 256 MB."""


class OnnxRuntime:
    """A network whose state is passed in and out at every time step."""

    def __init__(self, checkpoint: str, threads: int = 1, streams: int = 1):
        """
        Load an exported checkpoint.

        :param checkpoint: the path of a .onnx file or the name of a shipped model.
        :param threads: threads of the network.
        :param streams: maximum number of streams in a batch.
        :raises CheckpointError: if it is missing, damaged or not exported.
        """
        path = find_checkpoint(checkpoint, exported=True)
        if path.suffix != EXPORTED:
            raise CheckpointError(f'{path} is not for ONNX Runtime: run snn-gesture export on it, '
                                  'or choose runtime torch')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider'],
                enable_fallback=0)      # it prints to stdout and tries the same again
            card = self._session.get_modelmeta().custom_metadata_map[CARD_KEY]
            self.card = ModelCard.from_json(card)
            frame, states = _inputs_of(self._session, self.card)
        except KeyError:
            raise CheckpointError(
                f'{path} has no model card: make it with snn-gesture export') from None
        except Exception as error:
            # The classes of its errors differ from version to version.
            raise CheckpointError(f'{path} is not a usable checkpoint: '
                                  f'{first_line(error)}') from None
        if streams > 1 and isinstance(frame.shape[0], int):
            raise CheckpointError(f'{path} is exported for one stream, not {streams}: run '
                                  'snn-gesture export again')
        self._names = [state.name for state in states]
        self._initial = [np.zeros((1, *state.shape[1:]), np.float32) for state in states]

    @property
    def description(self) -> str:
        """Return the name of the runtime, as text for logs."""
        return 'ONNX Runtime on cpu'

    def step(self, frames: list, states: list) -> tuple:
        """
        Run a time step of some streams in one batch.

        :param frames: input of the network, float32 [2, H, W] for each of N streams.
        :param states: the state that the last step returned for each stream; None at first.
        :returns: the outputs, float32 [N, labels], and the list of the N new states.
        """
        states = [self._initial if state is None else state for state in states]
        joined = [parts[0] if len(parts) == 1 else np.concatenate(parts)
                  for parts in zip(*states)]
        outputs, *joined = self._session.run(
            None, {'frame': np.stack(frames), **dict(zip(self._names, joined))})
        return outputs, [[part[place:place + 1] for part in joined]
                         for place in range(len(frames))]


def _inputs_of(session, card: ModelCard) -> tuple:
    """
    Check that a graph is a time step of the network that its card describes.

    :returns: its inputs: the frame, and a list of states.
    :raises ValueError: if it is not; no memory has been allocated for states then.
    """
    inputs = {each.name: each for each in session.get_inputs()}
    frame, states = inputs.pop('frame', None), list(inputs.values())
    output, *new_states = session.get_outputs()
    if frame is None or len(new_states) != len(states):
        raise ValueError('its graph is not a time step: its inputs must be "frame" and states, '
                         'its outputs one output and as many states')
    for each in (frame, output, *states, *new_states):
        if each.type != FLOAT:
            raise ValueError(f'{each.name} of its graph is a {each.type}, not a {FLOAT}')
    for each, wanted in ((frame, [2, card.size, card.size]), (output, [len(card.labels)])):
        if each.shape[1:] != wanted:
            raise ValueError(f'its card needs {each.name} of {wanted}, its graph has '
                             f'{each.shape[1:]}')
    for state in states:
        if not all(isinstance(length, int) and length > 0 for length in state.shape[1:]):
            raise ValueError(f'{state.name} of its graph has no fixed shape: {state.shape}')
    values = sum(math.prod(state.shape[1:]) for state in states)
    if values > MAX_STATE_VALUES:
        raise ValueError(f'its graph has {values} values of state for a stream, more than '
                         f'{MAX_STATE_VALUES}')
    return frame, states
