# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The diagnosis: whether gestures can be recognized, and if not, what to change."""
from shlex import quote
from typing import NamedTuple, Optional

from snn_gesture_ros.doctor.findings import EventTopic, Findings, INACTIVE, SILENCE_S

MAX_OFFSET_S = 10.0
"""Stamps that are further from the time of arrival are not of this clock."""


class Advice(NamedTuple):
    """What is wrong, and what to do."""

    problem: str
    remedy: str
    command: str = ''
    """To copy: a shell command, or a launch argument."""


class Diagnosis(NamedTuple):
    """Whether gestures can be recognized."""

    well: bool
    summary: str
    advice: list
    """Advice: the first is why not; further ones may help."""


def launch(topic: str) -> str:
    """Return the command that starts both nodes on the topic of a camera."""
    return f'ros2 launch snn_gesture_ros gesture.launch.py events_topic:={quote(topic)}'


def diagnose(findings: Findings) -> Diagnosis:
    """Follow the events from the camera to the gestures, up to where they stop."""
    notes = _notes(findings)
    for check in (_packages, _camera, _contested, _reading, _deciding):
        advice = check(findings)
        if advice:
            return Diagnosis(False, 'gestures cannot be recognized', [*advice, *notes])
    names = ' and '.join(node.name for node in findings.nodes)
    return Diagnosis(True, f'gestures can be recognized: {names} are running', notes)


def _live(findings: Findings) -> list:
    """Return the topics with events, those with the most first."""
    return sorted((topic for topic in findings.topics if topic.events_per_s),
                  key=lambda topic: -topic.events_per_s)


def _packages(findings: Findings) -> list:
    if findings.packages['vision_msgs']:
        return []
    return [Advice('vision_msgs is not installed, whose messages the gestures are',
                   'install it:', 'sudo apt install ros-$ROS_DISTRO-vision-msgs')]


def _camera(findings: Findings) -> list:
    """Return why no events come from a camera."""
    if _live(findings):
        return []
    published = [topic for topic in findings.topics if topic.publishers]
    return [_silent(topic) for topic in published] if published else _no_camera(findings)


def _silent(topic: EventTopic) -> Advice:
    names = ', '.join(each.node for each in topic.publishers)
    if topic.unreadable:
        return Advice(f'{names} publishes {topic.name}, which cannot be read', topic.unreadable)
    if not topic.messages:
        return Advice(f'{names} publishes {topic.name}, but sends no messages',
                      'start the camera, or play the recording; see the log of the driver')
    if topic.malformed == topic.messages:
        return Advice(f'no message on {topic.name} can be read: {topic.malformed_reason}',
                      'use a driver and a message package of the same version')
    return Advice(f'messages arrive on {topic.name}, but no events',
                  'take off the lens cap, move before the camera, check its biases')


def _no_camera(findings: Findings) -> list:
    advice = [Advice(f'a camera is in ROS domain {domain}: {name} ({kind})',
                     'use it in every shell:', f'export ROS_DOMAIN_ID={domain}')
              for domain, topics in findings.other_domains.items()
              for name, kind in topics.items()]
    advice += [Advice(f'{each.node} publishes {name} as {each.message_type}, which is not a '
                      'supported type of event message',
                      'use a driver for one of the message types in the README, "Topics"')
               for name, found in findings.foreign_topics.items() for each in found]
    here = (f'in this shell ROS_DOMAIN_ID is {findings.domain_id}, the discovery range '
            f'{findings.discovery_range}, RMW_IMPLEMENTATION {findings.rmw}')
    return advice or [Advice(
        'nobody publishes events',
        f'start the driver of the camera. If it runs: {here}, and the driver must have the same. '
        'On another machine it needs the range SUBNET, in a container --net=host --ipc=host')]


def _contested(findings: Findings) -> list:
    """Return where several nodes send at the same time, once for each topic."""
    contests = {contest for node in findings.nodes if (contest := node.values.get('contest'))}
    return [Advice(*contest.rsplit(': ', 1)) for contest in sorted(contests)
            if not any(other in contest for other in contests - {contest})]


def _reading(findings: Findings) -> list:
    """Return why event_stream does not read the camera."""
    live = _live(findings)
    best = live[0].name
    streams = findings.of_kind('event_stream')
    if not streams:
        return [Advice(f'events arrive on {best}, but no event_stream is running',
                       'start the nodes:', launch(best))]
    if not any(topic.name == stream.reads for topic in live for stream in streams):
        return [Advice(f'{stream.name} reads {stream.reads or "an unknown topic"}, '
                       f'but events arrive on {best}', 'start it again with', launch(best))
                for stream in streams]
    if any(stream.number('events_out_per_s') for stream in streams):
        return []
    if mistyped := [advice for stream in streams if (advice := _mistyped(stream, live))]:
        return mistyped
    listening = findings.of_kind('gesture_classifier')
    if not listening:
        return [Advice('no gesture_classifier is running, so event_stream does not read '
                       'the camera', 'start both nodes:', launch(best))]
    return _inactive(findings) or [
        Advice(f'{stream.name} uses no events: {stream.message}', _see(stream))
        for stream in streams]


def _mistyped(stream, live: list) -> Optional[Advice]:
    """Return advice if the parameter message_type is not the type of the camera."""
    forced = stream.values.get('message_type')
    types = [topic.message_type for topic in live if topic.name == stream.reads]
    if not forced or not types or forced in types:
        return None
    return Advice(f'{stream.name} reads {stream.reads} as {forced}, but it is of {types[0]}',
                  'clear or correct the parameter message_type', f'message_type:={types[0]}')


def _deciding(findings: Findings) -> list:
    """Return why no classifier decides."""
    classifiers = findings.of_kind('gesture_classifier')
    if not classifiers:
        return [Advice('no gesture_classifier is running', 'start both nodes:',
                       launch(_live(findings)[0].name))]
    if any(node.number('decisions') and node.number('silence_s') < SILENCE_S
           and node.message != INACTIVE for node in classifiers):
        return []
    return _inactive(findings) or [
        Advice(f'{node.name} makes no decisions: {node.message}', _see(node))
        for node in classifiers]


def _inactive(findings: Findings) -> list:
    """Return how to activate the nodes that are inactive."""
    return [Advice(f'{node.name} is inactive', 'activate it:',
                   f'ros2 service call {quote(f"{node.name}/enable")} std_srvs/srv/SetBool '
                   "'{data: true}'")
            for node in findings.nodes if node.message == INACTIVE]


def _see(node) -> str:
    if not node.values:
        return 'wait until it has started, or restart it'
    if node.level == 'STALE':
        return 'both nodes must have the same namespace, or the same event_stream_topic'
    if node.number('events_in_per_s'):
        return ('move before the camera while the doctor listens; look at the parameters '
                'geometry, region, refractory_us and background_us')
    return f'see the log of {node.name}'


def _notes(findings: Findings) -> list:
    """Return advice on what else is wrong or unexpected."""
    notes = [Advice(text, 'subscribe with the quality of service of the publisher, such as with',
                    'ros2 topic echo --qos-reliability best_effort')
             for topic in findings.topics for text in topic.mismatches]
    notes += [Advice(text, 'subscribe with the quality of service in the README, "Topics"')
              for text in findings.mismatches]
    notes += [Advice(f'{" and ".join(topic.contenders)} send on {topic.name} at the same time',
                     'stop all but one, or remap one to a topic of its own')
              for topic in findings.topics if topic.contenders]
    notes += [Advice(f'{topic.malformed} of {topic.messages} messages on {topic.name} cannot be '
                     f'read: {topic.malformed_reason}', 'check the version of the driver')
              for topic in findings.topics if 0 < topic.malformed < topic.messages]
    return notes + _rotated_twice(findings) + _time(findings)


def _rotated_twice(findings: Findings) -> list:
    """Return advice where the driver has rotated too: no sensor is taller than wide itself."""
    return [Advice(f'{stream.name} rotates the events of {topic.name} by '
                   f'{stream.number("rotation"):g} degrees, but its driver has rotated them '
                   f'already: they are {topic.width} pixels wide and {topic.height} high',
                   'look at snn-gesture view --live; if people are upright there, start the '
                   'nodes with', 'rotation:=0')
            for stream in findings.of_kind('event_stream') for topic in findings.topics
            if topic.name == stream.reads and stream.number('rotation') in (90, 270)
            and topic.width is not None and topic.height > topic.width]


def _time(findings: Findings) -> list:
    """Return advice for nodes that use another time than the camera."""
    simulated, real = (
        ', '.join(node.name for node in findings.nodes if node.values.get('use_sim_time') == value)
        for value in ('true', 'false'))
    if simulated and not findings.clocks:
        return [Advice(f'{simulated} waits for simulated time, and nobody publishes /clock',
                       'play the bag with --clock, or set', 'use_sim_time:=false')]
    return [Advice(f'{topic.name} is stamped by /clock, but {real} does not use simulated time',
                   'start the nodes with', 'use_sim_time:=true')
            for topic in findings.topics if real and topic.sim_offset_s is not None
            and abs(topic.sim_offset_s) < MAX_OFFSET_S < abs(topic.stamp_offset_s)]
