# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why no events arrive: what a node reports when its input is silent."""
from snn_gesture_ros.doctor.findings import SILENCE_S
from snn_gesture_ros.ros.diagnostics import ERROR, OK, STALE, WARN
from snn_gesture_ros.ros.graph import (
    Endpoint, event_topics, publishers, subscribers, why_unconnected)
from snn_gesture_ros.ros.topics import CAMERA_QOS

ALL_FILTERED = OK, 'events come, but none passes the geometry and the noise filters'
"""As in a scene where nothing moves."""
NO_EVENTS = f'no events for {SILENCE_S:g} s'


def explain_camera(node, topic: str, message_type: str, messages_come: bool,
                   unreadable: dict) -> tuple:
    """
    Return why no events come from a camera.

    :param topic: of the camera, with namespace.
    :param message_type: that is read; empty if there is none yet.
    :param messages_come: whether messages come, without events.
    :param unreadable: reasons by message type.
    :returns: level of DiagnosticStatus and message.
    """
    if messages_come:
        return WARN, f'{NO_EVENTS}, though messages come on {topic}: lens cap? bias?'
    there = publishers(node, topic)
    if not there:
        return WARN, f'{NO_EVENTS}: nobody publishes {topic}: {suggest_topic(node)}'
    reader = Endpoint(node.get_fully_qualified_name(), message_type, CAMERA_QOS)
    reasons = {f'{each.node}: ' + (
        unreadable.get(each.message_type) or message_type and why_unconnected(each, reader)
        or 'it sends nothing: is it started? lens cap? bias?') for each in there}
    nothing_to_read = all(each.message_type in unreadable for each in there)
    return ERROR if nothing_to_read else WARN, f'{NO_EVENTS} on {topic}: ' + '; '.join(
        sorted(reasons))


def suggest_topic(node) -> str:
    """Return a suggestion of existing event topics, first those that nobody reads."""
    found = sorted((bool(subscribers(node, name)), name, types[0])
                   for name, types in event_topics(node).items() if publishers(node, name))
    if not found:
        return 'is the camera started? is the topic right?'
    return 'did you mean ' + ' or '.join(f'{name} ({kind})' for _, name, kind in found) + '?'


def explain_stream(node, topic: str) -> tuple:
    """Return why a classifier has no events, as `explain_camera` does."""
    senders = sorted({each.node for each in publishers(node, topic)})
    if not senders:
        return STALE, f'{NO_EVENTS}: nobody publishes {topic}: is event_stream started?'
    return STALE, f'{NO_EVENTS} on {topic}: see the diagnostics of {", ".join(senders)}'
