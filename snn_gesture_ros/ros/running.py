# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start nodes, run their timers and shut them down cleanly."""
import faulthandler
import os
from pathlib import Path
import signal
import sys
import threading
import traceback

from ament_index_python.packages import get_package_share_directory
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import NameValidationException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import get_rmw_implementation_identifier
from snn_gesture_ros.entry_points import hold_signals
from snn_gesture_ros.files import explain
from snn_gesture_ros.printable import one_line

FAST_DDS = 'rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp'
PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'
"""Environment variables of Fast DDS 2 and 3 that name a file of profiles."""
RANGE, LOCALHOST_ONLY = 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'
REFUSALS = rclpy_implementation.RCLError, NameValidationException
"""What ROS raises for an invalid name, or if it cannot create another node."""
WAKE_UP_S = 0.5
"""A signal that comes just before the executor waits does not wake it, a timer does."""
SHUTDOWN_TIMEOUT_S = 4.0
"""ros2 launch sends SIGTERM after 5 s."""


def avoid_shared_memory() -> None:
    """
    Make this process use only UDP, if Fast DDS is the middleware; call it before rclpy.init.

    For LOCALHOST, rmw_fastrtps adds shared memory whatever else is set. A profile that uses only
    the loopback interface replaces it, unless the user has set profiles.
    """
    if get_rmw_implementation_identifier() not in FAST_DDS:
        return
    os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    local = os.environ.get(RANGE) == 'LOCALHOST' or os.environ.get(LOCALHOST_ONLY) == '1'
    if local and _use_profiles('loopback_udp.xml'):
        os.environ.pop(LOCALHOST_ONLY, None)
        os.environ[RANGE] = 'SYSTEM_DEFAULT'


def announce_often() -> None:
    """
    Let nodes that start later find this process within a second, if Fast DDS is the middleware.

    Call it before rclpy.init. By default it can take 3 s, as config/discovery.xml explains.
    """
    if get_rmw_implementation_identifier() in FAST_DDS:
        _use_profiles('discovery.xml')


def _use_profiles(name: str) -> bool:
    """Use a file of config/ for Fast DDS unless the user has set profiles; return whether."""
    if any(map(os.environ.get, PROFILES)):
        return False
    path = f'{get_package_share_directory("snn_gesture_ros")}/config/{name}'
    os.environ.update(dict.fromkeys(PROFILES, path))
    return True


def every(node, period_s: float, callback):
    """
    Create a timer in steady time.

    Simulated time does not advance until it is published, and event_player publishes it only
    once its events have a subscriber.

    :returns: the timer.
    """
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))


def publish_while_running(publisher, message) -> None:
    """Publish from any thread; once ROS is shut down, do nothing."""
    try:
        publisher.publish(message)
    except rclpy_implementation.RCLError:
        if rclpy.ok():
            raise


def interrupting_until(spinning: threading.Event):
    """
    Return a handler for the first SIGINT, which ignores those that follow.

    During the start it interrupts at once. While nodes spin it leaves the end to rclpy, which
    shuts down between callbacks: an exception inside rclpy would print a traceback. On Ctrl-C
    the terminal sends a SIGINT, and ros2 launch may send another.
    """
    def interrupt(signal_number, _):
        signal.signal(signal_number, signal.SIG_IGN)
        if not spinning.is_set():
            raise KeyboardInterrupt
    return interrupt


def run_node(make_node, arguments=None, **options):
    """
    Spin a node; see `run_nodes` for the options.

    :param make_node: called without arguments; raises ValueError if a parameter is wrong.
    :returns: the node, destroyed.
    """
    return next(iter(run_nodes(lambda: [make_node()], arguments, **options)), None)


def run_nodes(make_nodes, arguments=None, publishes_at_end: bool = False,
              conclude=None, expected=()) -> list:
    """
    Spin nodes until SIGINT or SIGTERM, or until one is done.

    The process ends with status 1 and one line if they cannot start, and with another status if
    they fail later, so that a launch file restarts only those.

    :param make_nodes: called without arguments, returns the nodes; raises ValueError if a
        parameter is wrong, OSError if a file cannot be read or written.
    :param publishes_at_end: whether the nodes can still publish while they are destroyed,
        whatever signal ends them. ROS does not shut down at the signal then; one of the nodes
        needs a timer with a short period, or they end late.
    :param conclude: called with each node when it has stopped, before it is destroyed.
    :param expected: exceptions, while the nodes spin, that the caller explains.
    :returns: the nodes, destroyed.
    """
    spinning = threading.Event()
    handled = SignalHandlerOptions.NO if publishes_at_end else SignalHandlerOptions.ALL
    nodes = []
    try:
        if publishes_at_end:
            signals = hold_signals()
        else:
            # The handler of rclpy calls this one.
            signal.signal(signal.SIGINT, interrupting_until(spinning))
        _init(arguments, handled)
        nodes = make_nodes()
        executor = SingleThreadedExecutor()
        for node in nodes:
            executor.add_node(node)
        spinning.set()
        if publishes_at_end:
            while not signal.sigtimedwait(signals, 0):
                executor.spin_once()
        else:
            for node in nodes[:1]:
                every(node, WAKE_UP_S, lambda: None)
            executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except expected:
        raise
    except ValueError as error:
        if spinning.is_set():
            _crash()
        _fail(error)
    except OSError as error:
        if spinning.is_set():
            _crash()
        _fail(explain(error))
    except Exception as error:
        if rclpy.ok() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            if spinning.is_set():
                _crash()
            if isinstance(error, REFUSALS):
                _fail(' '.join(str(error).split(', at ')[0].split()))
            raise  # otherwise SIGTERM or the interrupt has caused it
    finally:
        try:
            if conclude is not None:
                for node in nodes:
                    conclude(node)
        except OSError as error:
            _fail(explain(error))
        finally:
            _destroy(nodes)
    return nodes


def _crash() -> None:
    """Print an exception and end the process with another status than one that cannot start."""
    traceback.print_exc()
    sys.exit(os.EX_SOFTWARE)


def _fail(why) -> None:
    """End the process with status 1 and one line."""
    sys.exit(one_line(f'{Path(sys.argv[0]).name}: {why}'))


def _init(arguments, handled: SignalHandlerOptions) -> None:
    """
    Start ROS.

    :raises ValueError: if what follows --ros-args is wrong.
    """
    announce_often()
    try:
        rclpy.init(args=arguments, signal_handler_options=handled)
    except rclpy_implementation.RCLError as error:
        raise ValueError(str(error).split(', at ')[0]) from None


def _destroy(nodes: list) -> None:
    """
    Destroy nodes, or end the process with status 1 after SHUTDOWN_TIMEOUT_S.

    If other nodes end at the same time, Fast DDS can wait forever and block Python meanwhile
    (its issue 6513; seen with the wheels).
    """
    faulthandler.dump_traceback_later(SHUTDOWN_TIMEOUT_S, exit=True, file=sys.__stderr__)
    try:
        for node in nodes:
            node.destroy_node()
    finally:
        rclpy.try_shutdown()
        faulthandler.cancel_dump_traceback_later()
