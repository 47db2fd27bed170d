# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: an exported network on the CPU, without torch."""
import numpy as np
import onnxruntime
from snn_gesture_ros.network.checkpoint_files import CheckpointError, EXPORTED, find_checkpoint
from snn_gesture_ros.network.model_card import CARD_KEY, ModelCard


class OnnxRuntime:
    """A network whose membranes are carried from one time step to the next."""

    def __init__(self, checkpoint: str, threads: int = 1):
        """
        Load an exported checkpoint.

        :param checkpoint: the path of a .onnx file or the name of a shipped model.
        :param threads: of the network.
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
        _, *states = self._session.get_inputs()
        self._rest = {state.name: np.zeros(state.shape, np.float32) for state in states}
        self.reset()

    @property
    def description(self) -> str:
        """Name the runtime."""
        return 'ONNX Runtime on cpu'

    def reset(self) -> None:
        """Put the network at rest."""
        self._states = self._rest

    def step(self, frame: np.ndarray) -> np.ndarray:
        """
        Run a time step.

        :param frame: what the network takes, float32 [2, H, W].
        :returns: its output, float32 [labels].
        """
        output, *states = self._session.run(None, {'frame': frame[None], **self._states})
        self._states = dict(zip(self._rest, states))
        return output[0]
