# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The message packages that this build uses have the types of the ones on robots."""

from importlib import import_module
import json
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
import pytest

# RIHS01 hashes of the upstream definitions: programs talk only if the hashes of a type agree.
HASHES = {
    'dv_ros2_msgs/msg/Event':
        '59365b0cc5e1debae7950b4e9f93bae0cc70393bc846b29804dc59ab4f6ab081',
    'dv_ros2_msgs/msg/EventArray':
        '7229a714a38d8734ad1b620630deffc4e56cd8335ca90dac2aa5d0251f78178c',
    'event_camera_msgs/msg/EventPacket':
        'd6fa176260b1f37e5a40845305315e150a0f18191241eb64f407442aa29844aa',
    'vision_msgs/msg/Classification':
        'f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143',
    'vision_msgs/msg/LabelInfo':
        '3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783',
    'vision_msgs/msg/ObjectHypothesis':
        '51da43cec11c01957a64d1e05a24acd18aae7745ec30b74348ad5f6d634f7f90',
    'vision_msgs/msg/VisionClass':
        '1e4a11f0fed50b5623cb8ff26ca0e37952a48a9c074d16f804b44e9164c2037a',
}


def type_hash(type_name):
    """Return the hash that the build wrote for a type such as ``pkg/msg/Name``."""
    package, _, message = type_name.partition('/')
    description = Path(get_package_share_directory(package), f'{message}.json')
    if not description.exists():
        pytest.skip('this ROS distribution has no type hashes (they came with Iron)')
    hashes = json.loads(description.read_text())['type_hashes']
    return {entry['type_name']: entry['hash_string'] for entry in hashes}[type_name]


@pytest.mark.parametrize('type_name', HASHES)
def test_type_hash_is_upstreams(type_name):
    assert type_hash(type_name) == f'RIHS01_{HASHES[type_name]}'


@pytest.mark.parametrize('package', ['dvs_msgs', 'prophesee_event_msgs'])
def test_event_array_families_have_the_same_fields(package):
    def fields(package):
        messages = import_module(f'{package}.msg')
        # The array names its own package's Event: dvs_msgs/Event, prophesee_event_msgs/Event.
        array = messages.EventArray.get_fields_and_field_types()
        event = messages.Event.get_fields_and_field_types()
        return [(name, kind.replace(package, ''))
                for part in (array, event) for name, kind in part.items()]

    assert fields(package) == fields('dv_ros2_msgs')
