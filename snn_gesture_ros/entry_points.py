# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Entry points: what the commands run first, so that a signal finds them ready at any time.

To import a node takes seconds. Python would end a process that is interrupted meanwhile with the
lines of code it was at.
"""
from importlib import import_module
import os
import signal
import sys

INTERRUPTED = 130
"""Exit status of a command after Ctrl-C."""
HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
"""Signals that neither end nor suspend a process."""


def _exit_at_interrupt(status: int) -> None:
    """Let SIGINT end this process without a word until another handler takes its place."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(status))


def ending_signals() -> set:
    """
    Return the signals that end or suspend this process, but for those that it ignores.

    Such as SIGHUP under nohup. SIGINT and SIGTERM, by which one asks a node to end, always count.
    """
    return {signal.SIGINT, signal.SIGTERM} | {
        number for number in signal.valid_signals() - HARMLESS
        if signal.getsignal(number) is not signal.SIG_IGN}


def hold_signals() -> set:
    """
    Let signals that would end this process wait until it asks for them; return them.

    Threads have that from the one that starts them, so this comes before the first. A fault of
    the process itself, such as a real SIGSEGV, ends it all the same.
    """
    signals = ending_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    return signals


def _node(name: str):
    """Return the entry point of a node; to interrupt its start is no failure."""
    def main():
        _exit_at_interrupt(0)
        return import_module(f'snn_gesture_ros.nodes.{name}').main()
    return main


event_player = _node('event_player')
event_stream = _node('event_stream')
event_viewer = _node('event_viewer')
gesture_classifier = _node('gesture_classifier')
gesture_evaluator = _node('gesture_evaluator')
gesture_pipeline = _node('gesture_pipeline')
gesture_trainer = _node('gesture_trainer')
simulated_camera = _node('simulated_camera')


def gesture_behavior() -> None:
    """Run the node that lets the robot stand whatever ends it."""
    hold_signals()
    import_module('snn_gesture_ros.nodes.gesture_behavior').main()


def snn_gesture() -> int:
    """Run the command; SIGTERM and SIGHUP end it in order, with what it has started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit_in_order)
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is not signal.SIG_IGN:
        _exit_at_interrupt(INTERRUPTED)
    main = import_module('snn_gesture_ros.command_line.main').main
    signal.signal(signal.SIGINT, interrupt)
    return main()


def _exit_in_order(number: int, _) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
