# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters: declared once, with description, range and read-only flag."""
from typing import Any, NamedTuple, Optional

from rcl_interfaces.msg import (
    FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException


class Spec(NamedTuple):
    """One parameter of a node; its default gives its type."""

    name: str
    default: Any
    description: str
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    read_only: bool = True

    def descriptor(self) -> ParameterDescriptor:
        """
        Describe the parameter to ROS.

        A decimal one takes whole numbers too, which ROS calls dynamic typing.
        """
        decimal = isinstance(self.default, float)
        descriptor = ParameterDescriptor(description=self.description, read_only=self.read_only,
                                         dynamic_typing=decimal)
        if self.minimum is not None and decimal:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=self.minimum, to_value=self.maximum)]
        elif self.minimum is not None:
            descriptor.integer_range = [
                IntegerRange(from_value=self.minimum, to_value=self.maximum)]
        return descriptor

    def check(self, value):
        """
        Give a decimal parameter's value as float, whatever number it was given as.

        :raises ValueError: if it is no number or out of range.
        """
        if not isinstance(self.default, float):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f'{self.name} must be a number')
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            raise ValueError(f'{self.name} must be between {self.minimum} and {self.maximum}')
        return float(value)


def declare(node, specs) -> dict:
    """
    Declare parameters and give their values by name.

    :raises ValueError: if a value of the wrong type or out of range was given.
    """
    values = {}
    for spec in specs:
        try:
            given = node.declare_parameter(spec.name, spec.default, spec.descriptor()).value
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
