# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verdict: whether gestures can be recognised, and if not, what is to be set."""
from typing import NamedTuple, Optional

from snn_gesture_ros.doctor.findings import EventTopic, Findings, INACTIVE, SILENCE_S

FAR_S = 10.0
"""Stamps that are further from the time of arrival are not those of this clock."""


class Advice(NamedTuple):
    """What is wrong, and what to do."""

    problem: str
    remedy: str
    command: str = ''
    """To be copied: for a shell, or a launch argument."""


class Verdict(NamedTuple):
    """Whether gestures can be recognised."""

    well: bool
    summary: str
    advice: list
    """Of Advice: the first says why not; others may be of use."""


def launch(topic: str) -> str:
    """Give the command that starts both nodes on a camera's topic."""
    return f'ros2 launch snn_gesture_ros gesture.launch.py events_topic:={topic}'


def judge(findings: Findings) -> Verdict:
    """Follow the events from the camera to the gestures, up to where they stop."""
    notes = _notes(findings)
    for stopped in (_packages, _camera, _contested, _reading, _deciding):
        advice = stopped(findings)
        if advice:
            return Verdict(False, 'gestures cannot be recognised', [*advice, *notes])
    names = ' and '.join(node.name for node in findings.nodes)
    return Verdict(True, f'gestures can be recognised: {names} are at work', notes)


def _live(findings: Findings) -> list:
    """Give the topics on which events come, the most first."""
    return sorted((topic for topic in findings.topics if topic.events_per_s),
                  key=lambda topic: -topic.events_per_s)


def _packages(findings: Findings) -> list:
    if findings.packages['vision_msgs']:
        return []
    return [Advice('vision_msgs is not installed, and gestures are such messages',
                   'install it:', 'sudo apt install ros-$ROS_DISTRO-vision-msgs')]


def _camera(findings: Findings) -> list:
    """Say why no events come from a camera."""
    if _live(findings):
        return []
    published = [topic for topic in findings.topics if topic.publishers]
    return [_silent(topic) for topic in published] if published else _no_camera(findings)


def _silent(topic: EventTopic) -> Advice:
    names = ', '.join(each.node for each in topic.publishers)
    if topic.unreadable:
        return Advice(f'{names} publishes {topic.name}, which cannot be read', topic.unreadable)
    if not topic.messages:
        return Advice(f'{names} publishes {topic.name}, but nothing comes',
                      'start the camera, or play the recording; see what the driver logs')
    if topic.malformed == topic.messages:
        return Advice(f'no message on {topic.name} can be read: {topic.malformed_reason}',
                      'use a driver and a message package of the same version')
    return Advice(f'messages come on {topic.name}, but no events',
                  'take off the lens cap, move before the camera, check its biases')


def _no_camera(findings: Findings) -> list:
    advice = [Advice(f'a camera is in ROS domain {domain}: {name} ({kind})',
                     'go there, in every shell:', f'export ROS_DOMAIN_ID={domain}')
              for domain, topics in findings.other_domains.items()
              for name, kind in topics.items()]
    advice += [Advice(f'{each.node} publishes {name} as {each.message_type}, which is no message '
                      'of events that can be read',
                      'use a driver for one of the message types in the README, "Topics"')
               for name, found in findings.foreign_topics.items() for each in found]
    here = (f'here ROS_DOMAIN_ID is {findings.domain_id}, the discovery range '
            f'{findings.discovery_range}, RMW_IMPLEMENTATION {findings.rmw}')
    return advice or [Advice(
        'nobody publishes events',
        f"start the camera's driver. If it runs: {here}, and the driver must have the same. "
        'On another machine it needs the range SUBNET, in a container --net=host --ipc=host')]


def _contested(findings: Findings) -> list:
    """Say where several nodes send at the same time, once for each place."""
    contests = {contest for node in findings.nodes if (contest := node.values.get('contest'))}
    return [Advice(*contest.rsplit(': ', 1)) for contest in sorted(contests)
            if not any(other in contest for other in contests - {contest})]


def _reading(findings: Findings) -> list:
    """Say why event_stream does not read the camera."""
    live = _live(findings)
    best = live[0].name
    streams = findings.of_kind('event_stream')
    if not streams:
        return [Advice(f'events come on {best}, but no event_stream runs',
                       'start the nodes:', launch(best))]
    if not any(topic.name == stream.reads for topic in live for stream in streams):
        return [Advice(f'{stream.name} reads {stream.reads or "an unknown topic"}, '
                       f'but events come on {best}', 'start it again with', launch(best))
                for stream in streams]
    if any(stream.number('events_out_per_s') for stream in streams):
        return []
    if mistyped := [advice for stream in streams if (advice := _mistyped(stream, live))]:
        return mistyped
    listening = findings.of_kind('gesture_classifier')
    if not listening:
        return [Advice('no gesture_classifier runs, so event_stream does not read the camera',
                       'start both nodes:', launch(best))]
    return _asleep(findings) or [
        Advice(f'{stream.name} uses no events: {stream.message}', _see(stream))
        for stream in streams]


def _mistyped(stream, live: list) -> Optional[Advice]:
    """Say if a type was forced upon event_stream that its camera does not have."""
    forced = stream.values.get('message_type')
    types = [topic.message_type for topic in live if topic.name == stream.reads]
    if not forced or not types or forced in types:
        return None
    return Advice(f'{stream.name} reads {stream.reads} as {forced}, but it is of {types[0]}',
                  'clear the parameter message_type, or correct it', f'message_type:={types[0]}')


def _deciding(findings: Findings) -> list:
    """Say why no classifier decides."""
    classifiers = findings.of_kind('gesture_classifier')
    if not classifiers:
        return [Advice('no gesture_classifier runs', 'start both nodes:',
                       launch(_live(findings)[0].name))]
    if any(node.number('decisions') and node.number('silence_s') < SILENCE_S
           and node.message != INACTIVE for node in classifiers):
        return []
    return _asleep(findings) or [
        Advice(f'{node.name} makes no decisions: {node.message}', _see(node))
        for node in classifiers]


def _asleep(findings: Findings) -> list:
    """Say how to wake the nodes that were not activated."""
    return [Advice(f'{node.name} is inactive', 'activate it:',
                   f"ros2 service call {node.name}/enable std_srvs/srv/SetBool '{{data: true}}'")
            for node in findings.nodes if node.message == INACTIVE]


def _see(node) -> str:
    if not node.values:
        return 'wait until it has started, or start it again'
    if node.level == 'STALE':
        return 'both nodes must have the same namespace, or the same event_stream_topic'
    if node.number('events_in_per_s'):
        return ('move before the camera while the doctor listens; look at the parameters '
                'geometry, region, refractory_us and background_us')
    return f'see what {node.name} logs'


def _notes(findings: Findings) -> list:
    """Say what else is not as it should be, or may surprise."""
    notes = [Advice(text, 'subscribe as the publisher publishes, such as with',
                    'ros2 topic echo --qos-reliability best_effort')
             for topic in findings.topics for text in topic.mismatches]
    notes += [Advice(text, 'subscribe as the README, "Topics", says')
              for text in findings.mismatches]
    notes += [Advice(f'{" and ".join(topic.contenders)} send on {topic.name} at the same time',
                     'stop all but one, or remap one to a topic of its own')
              for topic in findings.topics if topic.contenders]
    notes += [Advice(f'{topic.malformed} of {topic.messages} messages on {topic.name} cannot be '
                     f'read: {topic.malformed_reason}', "look at the driver's version")
              for topic in findings.topics if 0 < topic.malformed < topic.messages]
    return notes + _turned_twice(findings) + _time(findings)


def _turned_twice(findings: Findings) -> list:
    """Say whose picture the driver has turned already: no sensor is higher than wide by itself."""
    return [Advice(f'{stream.name} turns the picture of {topic.name} by '
                   f'{stream.number("rotation"):g} degrees, but its driver has turned it already: '
                   f'it is {topic.width} pixels wide and {topic.height} high',
                   'look at snn-gesture view --live; where people stand upright there, start the '
                   'nodes with', 'rotation:=0')
            for stream in findings.of_kind('event_stream') for topic in findings.topics
            if topic.name == stream.reads and stream.number('rotation') in (90, 270)
            and topic.width is not None and topic.height > topic.width]


def _time(findings: Findings) -> list:
    """Say which nodes are on another time than the camera."""
    simulated, real = (
        ', '.join(node.name for node in findings.nodes if node.values.get('use_sim_time') == value)
        for value in ('true', 'false'))
    if simulated and not findings.clocks:
        return [Advice(f'{simulated} waits for simulated time, and nobody publishes /clock',
                       'play the bag with --clock, or set', 'use_sim_time:=false')]
    return [Advice(f'{topic.name} is stamped by /clock, and not on simulated time is {real}',
                   'start the nodes with', 'use_sim_time:=true')
            for topic in findings.topics if real and topic.sim_offset_s is not None
            and abs(topic.sim_offset_s) < FAR_S < abs(topic.stamp_offset_s)]
