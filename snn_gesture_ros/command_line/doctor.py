# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `doctor`: find out why no gestures come, and what to change."""
from dataclasses import asdict
import json
import sys

from snn_gesture_ros.command_line.options import number_from
from snn_gesture_ros.command_line.terminal import make_console
from snn_gesture_ros.doctor.diagnosis import diagnose

EXAMPLE = 'snn-gesture doctor --seconds 10'
SHOWN = {
    'event_stream': ('message_type', 'events_in_per_s', 'events_out_per_s', 'lost', 'malformed'),
    'gesture_classifier': ('model', 'events_in_per_s', 'decisions_per_s', 'inference_ms',
                           'latency_p50_ms', 'latency_p99_ms', 'frames_dropped'),
    'gesture_behavior': ('armed', 'stopped', 'acting'),
}
"""Values of the diagnostics that are printed; JSON contains all."""
DAY_S = 86400


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('--seconds', type=seconds, default=5.0, metavar='S',
                        help='how long to listen to each topic (default: %(default)g)')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def seconds(text: str) -> float:
    """
    Return a duration in seconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 0.5, 3600.0)


def run(arguments) -> int:
    """
    Inspect the running system; return 0 if gestures can be recognized, 1 if not.

    :raises ValueError: if there is no ROS 2.
    """
    try:
        from snn_gesture_ros.doctor.inspector import inspect
    except ImportError as error:
        raise ValueError(f'{error}: the doctor needs ROS 2: source your ROS, or run make build '
                         'and source env.bash') from None
    print(f'listening for {arguments.seconds:g} s ...', file=sys.stderr)
    findings = inspect(arguments.seconds)
    diagnosis = diagnose(findings)
    if arguments.json:
        print(json.dumps({**asdict(findings), 'well': diagnosis.well, 'summary': diagnosis.summary,
                          'advice': [each._asdict() for each in diagnosis.advice]}, indent=2))
    else:
        show(findings, diagnosis)
    return 0 if diagnosis.well else 1


def show(findings, diagnosis) -> None:
    """Print what was found, and the diagnosis at the end."""
    from rich.table import Table
    console = make_console(highlight=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style='bold')
    table.add_column(overflow='fold')
    for name, value in rows(findings):
        table.add_row(name, value)
    console.print(table)
    console.print()
    console.print(diagnosis.summary, style='bold green' if diagnosis.well else 'bold red')
    for problem, remedy, command in diagnosis.advice:
        console.print(f'- {problem}: {remedy}')
        if command:
            console.print(f'    {command}', style='bold', soft_wrap=True)


def rows(findings):
    """Yield a name and a text for each thing that was found."""
    yield 'ROS', f'{findings.ros_distro or "from wheels, ROS_DISTRO is not set"}, {findings.rmw}'
    yield 'domain', f'{findings.domain_id}, discovery range {findings.discovery_range}'
    for installed, what in ((True, 'installed'), (False, 'not installed')):
        names = [name for name, there in findings.packages.items() if there == installed]
        if names:
            yield what, ', '.join(names)
    for topic in findings.topics:
        yield 'topic', topic.name
        for line in topic_lines(topic):
            yield '', line
    for name, found in findings.foreign_topics.items():
        for each in found:
            yield 'topic', (f'{name}: {each.node} publishes {each.message_type}, '
                            'which is not a supported event message')
    for node in findings.nodes:
        yield 'node', f'{node.name}: {node.level}, {node.message}'
        if node.reads:
            yield '', f'reads {node.reads}'
        values = [f'{key} {node.values[key]}' for key in SHOWN[node.kind] if node.values.get(key)]
        if values:
            yield '', ', '.join(values)
    if findings.clocks:
        yield '/clock', f'published by {", ".join(findings.clocks)}'
    for domain, topics in findings.other_domains.items():
        yield f'domain {domain}', ', '.join(f'{name} ({kind})' for name, kind in topics.items())


def topic_lines(topic):
    """Yield a line for each fact about a topic."""
    yield topic.message_type
    if topic.unreadable:
        yield topic.unreadable
    for what, who in (('published by', topic.publishers), ('read by', topic.subscribers)):
        for each in who:
            yield f'{what} {each.node} ({each.reliability}, {each.durability})'
    if topic.contenders:
        yield f'{" and ".join(topic.contenders)} send at the same time'
    if topic.messages:
        yield f'{topic.messages_per_s:,.0f} messages/s, {topic.events_per_s:,.0f} events/s'
    if topic.width is not None:
        encoding = f', {topic.encoding}' if topic.encoding else ''
        yield f'{topic.width}x{topic.height} pixels{encoding}'
    if topic.stamp_offset_s is not None:
        yield f'stamps are {offset(topic.stamp_offset_s)} the time of arrival'
    if topic.sim_offset_s is not None:
        yield f'stamps are {offset(topic.sim_offset_s)} /clock'


def offset(difference_s: float) -> str:
    """Return in words how far a time is before or after another."""
    size_s = abs(difference_s)
    size = f'{size_s / DAY_S:,.0f} days' if size_s > DAY_S else f'{size_s:.3f} s'
    return f'{size} {"before" if difference_s < 0 else "after"}'
