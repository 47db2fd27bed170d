# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `export`: convert a checkpoint for ONNX Runtime."""
from pathlib import Path

from snn_gesture_ros.command_line.terminal import UsageError
from snn_gesture_ros.files import written
from snn_gesture_ros.network.checkpoint_files import EXPORTED

EXAMPLE = 'snn-gesture export RUN/best.safetensors'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('checkpoint', metavar='CHECKPOINT',
                        help='path of a checkpoint or name of a shipped model')
    parser.add_argument('--labels', nargs='+', default=(), metavar='LABEL',
                        help='names of the outputs, for a checkpoint that does not contain them')
    parser.add_argument('--output', type=Path, metavar='FILE',
                        help=f'default: the checkpoint with the suffix {EXPORTED}')


def run(arguments) -> int:
    """
    Write one time step of the network as an ONNX graph.

    :raises ValueError: if the checkpoint cannot be used or exported.
    """
    output = arguments.output or Path(arguments.checkpoint).with_suffix(EXPORTED)
    if output.suffix != EXPORTED:
        raise UsageError(f'{output}: the name must end in {EXPORTED}')
    from snn_gesture_ros.network.checkpoint import load_checkpoint
    from snn_gesture_ros.network.onnx_graph import to_onnx
    graph = to_onnx(*load_checkpoint(arguments.checkpoint, tuple(arguments.labels)))
    with written(output) as file:
        file.write(graph.SerializeToString())
    print(output)
    return 0
