# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start nodes and shut them down cleanly."""
import signal
import sys
import threading

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
    End at the first SIGINT and ignore those that follow.

    At Ctrl-C the terminal sends one, and ros2 launch may send another.
    """
    signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_node(make_node, arguments=None, last_words: bool = False):
    """
    Spin a node; see `run_nodes`.

    :param make_node: called without arguments; raises ValueError where a parameter is wrong.
    :returns: the node, destroyed.
    """
    return next(iter(run_nodes(make_node.__name__, lambda: [make_node()], arguments, last_words)),
                None)


def run_nodes(name: str, make_nodes, arguments=None, last_words: bool = False) -> list:
    """
    Spin nodes until SIGINT or SIGTERM, or until one is done.

    The process ends with status 1 and one line where they cannot start.

    :param name: what that line begins with.
    :param make_nodes: called without arguments, gives the nodes; raises ValueError where a
        parameter is wrong.
    :param last_words: whether they can still publish while they are destroyed, for which ROS must
        not shut down at the signal; one of them must wake up often, or they end late.
    :returns: the nodes, destroyed.
    """
    signalled = threading.Event()
    if last_words:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: signalled.set())
    else:
        signal.signal(signal.SIGINT, interrupt_once)  # rclpy calls it from its own
    handled = SignalHandlerOptions.NO if last_words else SignalHandlerOptions.ALL
    try:
        rclpy.init(args=arguments, signal_handler_options=handled)
    except rclpy_implementation.RCLError as error:  # wrong --ros-args
        sys.exit(f'{name}: {str(error).split(", at ")[0]}')
    nodes = []
    try:
        nodes = make_nodes()
        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        if last_words:
            while not signalled.is_set():
                executor.spin_once()
        else:
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
