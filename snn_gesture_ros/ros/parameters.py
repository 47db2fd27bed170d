# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of nodes: declared to ROS with description, range and read-only flag; and remote."""
from functools import partial

from rcl_interfaces.msg import (
    FloatingPointRange, IntegerRange, Parameter, ParameterDescriptor, ParameterType,
    ParameterValue, SetParametersResult)
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter as LocalParameter
from snn_gesture_ros.parameters import Spec


def describe(spec: Spec) -> ParameterDescriptor:
    """
    Describe a parameter to ROS.

    A decimal one takes whole numbers too, which ROS calls dynamic typing; see `declare`.
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

    A decimal one stays one, now and later, whatever number it is given as.

    :raises ValueError: if a value of the wrong type or out of range was given.
    """
    decimal = {spec.name for spec in specs if isinstance(spec.default, float)}
    node.add_on_set_parameters_callback(partial(_make_decimal, decimal))
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


def _make_decimal(names: set, parameters: list) -> SetParametersResult:
    """Replace whole numbers in the list that rclpy is about to set; Humble has no other way."""
    for place, parameter in enumerate(parameters):
        if parameter.name in names and parameter.type_ == LocalParameter.Type.INTEGER:
            parameters[place] = LocalParameter(parameter.name, value=float(parameter.value))
    return SetParametersResult(successful=True)


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


class RemoteParameters:
    """Texts among the parameters of another node, by its services: Humble has no client of it."""

    def __init__(self, node, name: str, callback_group):
        """
        Begin to look for the other node.

        :param name: of the other node; relative to the namespace of this one.
        :param callback_group: for the answers.
        """
        self._get = node.create_client(
            GetParameters, f'{name}/get_parameters', callback_group=callback_group)
        self._set = node.create_client(
            SetParameters, f'{name}/set_parameters', callback_group=callback_group)

    def are_there(self) -> bool:
        """Tell whether the other node answers."""
        return self._get.service_is_ready() and self._set.service_is_ready()

    async def texts(self, names) -> dict:
        """Ask for texts; give them by name."""
        answer = await self._get.call_async(GetParameters.Request(names=list(names)))
        return {name: value.string_value for name, value in zip(names, answer.values)}

    async def set_text(self, name: str, text: str) -> SetParametersResult:
        """Set a text; give the answer."""
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
        answer = await self._set.call_async(SetParameters.Request(
            parameters=[Parameter(name=name, value=value)]))
        return answer.results[0]
