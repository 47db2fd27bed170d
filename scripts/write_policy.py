# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Write config/policy.xml: what each node may publish, subscribe to, serve and call, for SROS 2.

python scripts/write_policy.py (or `make reference`). test_security_policy.py compares it with the
nodes that run, and fails where the file is not what this writes.
"""
from pathlib import Path
import runpy
import sys
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
POLICY = Path('config/policy.xml')
ENCLAVE = '/snn_gesture_ros'
"""The enclave of an executable is named so, and has its name."""
COMPOSED = 'gesture_pipeline'
COMPOSED_NODES = 'event_stream', 'gesture_classifier'
"""The nodes of the executable COMPOSED; the second reads the topic of the first in memory."""
MANAGED = 'event_stream', 'gesture_classifier'
OF_ALL = ('~/describe_parameters', '~/get_parameter_types', '~/get_parameters',
          '~/get_type_description', '~/list_parameters', '~/set_parameters',
          '~/set_parameters_atomically')
"""Services of every node of rclpy; Humble lacks `get_type_description`."""
OF_MANAGED = ('~/change_state', '~/get_available_states', '~/get_available_transitions',
              '~/get_state', '~/get_transition_graph')
CALLED = {'gesture_trainer': ('gesture_classifier/get_parameters',
                              'gesture_classifier/set_parameters')}
"""Services that nodes call; those of a behavior table come on top."""
STATES = {'gesture_behavior': '/*/state', 'gesture_evaluator': '/*/state',
          'gesture_trainer': 'gesture_classifier/state'}
"""Whose states a node reads: of all nodes before it, to the camera, whose name is not known."""
COMMENT = f"""
  Written by scripts/write_policy.py: change the code, then make reference.
  An enclave for each executable, {ENCLAVE}/EXECUTABLE. Names are those of the nodes in the
  namespace /, with no topic renamed and without simulated time; adapt a copy, as
  docs/user_guide/security.md describes.
"""


def policy() -> str:
    """Return the content of the file."""
    reference = runpy.run_path(str(ROOT / 'scripts' / 'write_reference.py'))
    root = ElementTree.Element('policy', version='0.2.0')
    root.append(ElementTree.Comment(COMMENT))
    enclaves = ElementTree.SubElement(root, 'enclaves')
    for executable in (*reference['NODES'], COMPOSED):
        enclave = ElementTree.SubElement(enclaves, 'enclave', path=f'{ENCLAVE}/{executable}')
        profiles = ElementTree.SubElement(enclave, 'profiles')
        for node in COMPOSED_NODES if executable == COMPOSED else (executable,):
            profile = ElementTree.SubElement(profiles, 'profile', ns='/', node=node)
            for (kind, right), names in rights(reference, node, executable).items():
                group = ElementTree.SubElement(profile, f'{kind}s', {right: 'ALLOW'})
                for name in sorted(names):
                    ElementTree.SubElement(group, kind).text = name
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding='unicode', xml_declaration=True) + '\n'


def rights(reference: dict, node: str, executable: str) -> dict:
    """Return the names that a node may use, by kind of name and right; none are left out."""
    every_node = reference['EVERY_NODE']
    topics = [topic for topic in reference['TOPICS'] if topic.name != '/clock']
    publishes = {topic.name for topic in topics if node in topic.publishers
                 or every_node in topic.publishers and node not in every_node}
    subscribes = {topic.name for topic in topics if node in topic.subscribers} - {'~/state'}
    if executable == COMPOSED and node == COMPOSED_NODES[1]:
        subscribes.remove('event_stream')
    replies = {f'~/{name.rpartition("/")[2]}' for names, *_ in reference['SERVICES']
               for name in names.split(', ') if name.rpartition('/')[0] == node}
    managed = node in MANAGED
    found = {
        ('topic', 'publish'): {*publishes, '/parameter_events', '/rosout',
                               *(['~/transition_event'] if managed else ())},
        ('topic', 'subscribe'): {*subscribes, *filter(None, [STATES.get(node)])},
        ('service', 'reply'): {*replies, *OF_ALL, *(OF_MANAGED if managed else ())},
        ('service', 'request'): {*CALLED.get(node, ())}}
    return {right: names for right, names in found.items() if names}


def main() -> None:
    """Write the file."""
    (ROOT / POLICY).write_text(policy())


if __name__ == '__main__':
    sys.exit(main())
