# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: an exported network on the CPU, without torch."""
import numpy as np
import onnxruntime
from snn_gesture_ros.network.checkpoint_files import CheckpointError, EXPORTED, find_checkpoint
from snn_gesture_ros.network.model_card import CARD_KEY, ModelCard


class OnnxRuntime:
    """A network that carries the membranes of each stream of frames from step to step."""

    def __init__(self, checkpoint: str, threads: int = 1, streams: int = 1):
        """
        Load an exported checkpoint.

        :param checkpoint: the path of a .onnx file or the name of a shipped model.
        :param threads: of the network.
        :param streams: how many there are.
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
                str(path), options, providers=['CPUExecutionProvider'])
            card = self._session.get_modelmeta().custom_metadata_map[CARD_KEY]
            self.card = ModelCard.from_json(card)
        except KeyError:
            raise CheckpointError(
                f'{path} has no model card: make it with snn-gesture export') from None
        except Exception as error:
            # Runtime errors are of classes that only some of its versions have.
            reason = str(error).strip().splitlines()[0]
            raise CheckpointError(f'{path} is not a usable checkpoint: {reason}') from None
        frame, *states = self._session.get_inputs()
        if streams > 1 and isinstance(frame.shape[0], int):
            raise CheckpointError(f'{path} takes one stream of frames, not {streams}: run '
                                  'snn-gesture export again')
        self._names = [state.name for state in states]
        self._rest = [np.zeros((1, *state.shape[1:]), np.float32) for state in states]
        self._states = [self._rest] * streams

    @property
    def description(self) -> str:
        """Name the runtime."""
        return 'ONNX Runtime on cpu'

    def reset(self, stream: int = 0) -> None:
        """Put a stream at rest."""
        self._states[stream] = self._rest

    def step(self, frames: list, streams=(0,)) -> np.ndarray:
        """
        Run a time step of some streams in one batch.

        :param frames: what the network takes, of each a float32 [2, H, W].
        :param streams: N indices, each once.
        :returns: its outputs, float32 [N, labels].
        """
        states = [parts[0] if len(parts) == 1 else np.concatenate(parts)
                  for parts in zip(*(self._states[stream] for stream in streams))]
        outputs, *states = self._session.run(
            None, {'frame': np.stack(frames), **dict(zip(self._names, states))})
        for place, stream in enumerate(streams):
            self._states[stream] = [state[place:place + 1] for state in states]
        return outputs
