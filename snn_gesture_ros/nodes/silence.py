# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why no events come: what a node says of its input when nothing arrives."""
from snn_gesture_ros.nodes.graph import event_topics, publishers, subscribers
from snn_gesture_ros.nodes.health import ERROR, STALE, WARN

SILENCE_S = 3.0
"""A camera that sees nothing for longer is not well: every sensor has some noise."""
NO_EVENTS = f'no events for {SILENCE_S:g} s'


def explain_camera(node, topic: str, messages_per_s: float, unreadable: dict) -> tuple:
    """
    Say why a camera gives no events.

    The subscription asks for the least quality of service, so that never keeps them apart.

    :param topic: of the camera, with namespace.
    :param messages_per_s: that come.
    :param unreadable: reasons by message type.
    :returns: level of DiagnosticStatus and message.
    """
    if messages_per_s:
        return WARN, f'{NO_EVENTS}, though messages come on {topic}: lens cap? bias?'
    there = publishers(node, topic)
    refused = {f'{each.node} on {topic}: {unreadable[each.message_type]}'
               for each in there if each.message_type in unreadable}
    silent = sorted({each.node for each in there if each.message_type not in unreadable})
    if silent:
        return WARN, (f'{NO_EVENTS}: {", ".join(silent)} on {topic} sends nothing: is it '
                      'started? lens cap? bias?')
    if refused:
        return ERROR, '; '.join(sorted(refused))
    return WARN, f'{NO_EVENTS}: nobody publishes {topic}: {suggest_topic(node)}'


def suggest_topic(node) -> str:
    """Name the topics of events that there are, first those that nobody reads."""
    found = sorted((bool(subscribers(node, name)), name, types[0])
                   for name, types in event_topics(node).items() if publishers(node, name))
    if not found:
        return 'is the camera started? is the topic right?'
    return 'did you mean ' + ' or '.join(f'{name} ({kind})' for _, name, kind in found) + '?'


def explain_stream(node, topic: str) -> tuple:
    """Say why a classifier has no events, as `explain_camera` does."""
    senders = sorted({each.node for each in publishers(node, topic)})
    if not senders:
        return STALE, f'{NO_EVENTS}: nobody publishes {topic}: is event_stream started?'
    return STALE, f'{NO_EVENTS} on {topic}: see what {", ".join(senders)} says'
