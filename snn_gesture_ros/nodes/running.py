# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start nodes and shut them down cleanly."""
import signal
import sys

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions


def publish_while_running(publisher, message) -> None:
    """Publish from a thread beside the executor; once ROS is shut down, do nothing."""
    try:
        publisher.publish(message)
    except rclpy_implementation.RCLError:
        if rclpy.ok():
            raise


def interrupt_once(signal_number, _) -> None:
    """
    End at the first signal and ignore those that follow.

    At Ctrl-C the terminal sends a SIGINT, and ros2 launch may send another.
    """
    signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_node(make_node, arguments=None, signals=SignalHandlerOptions.ALL):
    """
    Spin a node; see `run_nodes`.

    :param make_node: called without arguments; raises ValueError where a parameter is wrong.
    :param signals: those that rclpy handles: it shuts down at once. With NO the node can still
        publish while it is destroyed; it must wake up often, or it ends late.
    :returns: the node, destroyed.
    """
    return next(iter(run_nodes(make_node.__name__, lambda: [make_node()], arguments, signals)),
                None)


def run_nodes(name: str, make_nodes, arguments=None, signals=SignalHandlerOptions.ALL) -> list:
    """
    Spin nodes until SIGINT or SIGTERM, or until one is done.

    The process ends with status 1 and one line where they cannot start.

    :param name: what that line begins with.
    :param make_nodes: called without arguments, gives the nodes; raises ValueError where a
        parameter is wrong.
    :returns: the nodes, destroyed.
    """
    signal.signal(signal.SIGINT, interrupt_once)  # rclpy calls it from its own
    if signals == SignalHandlerOptions.NO:
        signal.signal(signal.SIGTERM, interrupt_once)
    try:
        rclpy.init(args=arguments, signal_handler_options=signals)
    except rclpy_implementation.RCLError as error:  # wrong --ros-args
        sys.exit(f'{name}: {str(error).split(", at ")[0]}')
    nodes = []
    try:
        nodes = make_nodes()
        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except ValueError as error:
        print(f'{name}: {error}', file=sys.stderr)
        sys.exit(1)
    except Exception:
        if rclpy.ok() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            raise  # else SIGTERM or the interrupt has caused it
    finally:
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
    return nodes
