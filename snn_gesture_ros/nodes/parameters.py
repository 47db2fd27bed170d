# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of nodes: declared to ROS with description, range and read-only flag."""
from rcl_interfaces.msg import (
    FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from snn_gesture_ros.parameters import Spec


def describe(spec: Spec) -> ParameterDescriptor:
    """
    Describe a parameter to ROS.

    A decimal one takes whole numbers too, which ROS calls dynamic typing.
    """
    decimal = isinstance(spec.default, float)
    descriptor = ParameterDescriptor(description=spec.description, read_only=spec.read_only,
                                     dynamic_typing=decimal)
    if spec.minimum is not None and decimal:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=spec.minimum, to_value=spec.maximum)]
    elif spec.minimum is not None:
        descriptor.integer_range = [
            IntegerRange(from_value=spec.minimum, to_value=spec.maximum)]
    return descriptor


def declare(node, specs) -> dict:
    """
    Declare parameters and give their values by name.

    :raises ValueError: if a value of the wrong type or out of range was given.
    """
    values = {}
    for spec in specs:
        try:
            given = node.declare_parameter(spec.name, spec.default, describe(spec)).value
        except InvalidParameterTypeException:
            raise ValueError(f'parameter {spec.name} must be a '
                             f'{type(spec.default).__name__}: {spec.description}') from None
        except InvalidParameterValueException:
            raise ValueError(f'parameter {spec.name} must be between {spec.minimum} and '
                             f'{spec.maximum}') from None
        values[spec.name] = spec.check(given)
    return values


def on_change(node, specs, apply) -> None:
    """
    Let `apply` decide over parameters that change.

    :param apply: takes the changed values by name; raises ValueError to refuse them all.
    """
    by_name = {spec.name: spec for spec in specs}

    def callback(parameters):
        try:
            apply({parameter.name: by_name[parameter.name].check(parameter.value)
                   for parameter in parameters if parameter.name in by_name})
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(callback)
