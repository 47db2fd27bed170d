# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of nodes: settings that are declared to ROS, and the parameters of other nodes."""
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from rcl_interfaces.msg import (
    FloatingPointRange, IntegerRange, Parameter, ParameterDescriptor, ParameterType,
    ParameterValue, SetParametersResult)
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter as LocalParameter
from snn_gesture_ros.settings import KINDS, Setting


def all_parameters() -> dict:
    """Return the Setting of every parameter, by the name of the node; the nodes are imported."""
    import snn_gesture_ros.nodes as nodes
    modules = {name: import_module(f'{nodes.__name__}.{name}')
               for _, name, _ in iter_modules(nodes.__path__)}
    return {name: module.PARAMETERS for name, module in sorted(modules.items())
            if hasattr(module, 'PARAMETERS')}


def describe(setting: Setting) -> ParameterDescriptor:
    """
    Return what ROS knows of a parameter.

    A decimal one takes whole numbers too, which ROS calls dynamic typing; see `declare`.
    """
    kind = type(setting.default)
    descriptor = ParameterDescriptor(
        description=setting.text, additional_constraints=setting.limits,
        read_only=not setting.live, dynamic_typing=kind is float)
    if setting.minimum is not None and kind is float:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=setting.minimum, to_value=setting.maximum)]
    elif setting.minimum is not None:
        descriptor.integer_range = [
            IntegerRange(from_value=setting.minimum, to_value=setting.maximum)]
    return descriptor


def declare(node, settings) -> dict:
    """
    Declare parameters and return their values by name.

    A decimal one stays one, now and later, whatever number it is given as.

    :param settings: a Setting for each.
    :raises ValueError: if a value of the wrong type or out of range was given.
    """
    decimal = {setting.name for setting in settings if isinstance(setting.default, float)}
    node.add_on_set_parameters_callback(partial(_make_decimal, decimal))
    values = {}
    for setting in settings:
        try:
            given = node.declare_parameter(
                setting.name, setting.default, describe(setting)).value
        except InvalidParameterTypeException:
            raise ValueError(f'parameter {setting.name} must be {KINDS[type(setting.default)]}: '
                             f'{setting.text}') from None
        except InvalidParameterValueException:
            raise ValueError(f'parameter {setting.name} must be {setting.limits}') from None
        values[setting.name] = setting.check(given)
    return values


def _make_decimal(names: set, parameters: list) -> SetParametersResult:
    """Replace whole numbers in the list that rclpy is about to set; Humble has no other way."""
    for place, parameter in enumerate(parameters):
        if parameter.name in names and parameter.type_ == LocalParameter.Type.INTEGER:
            parameters[place] = LocalParameter(parameter.name, value=float(parameter.value))
    return SetParametersResult(successful=True)


def on_change(node, settings, apply) -> None:
    """
    Let `apply` decide whether parameters change.

    :param settings: a Setting for each.
    :param apply: takes the changed values by name; raises ValueError to refuse them all.
    """
    by_name = {setting.name: setting for setting in settings}

    def callback(parameters):
        try:
            apply({parameter.name: by_name[parameter.name].check(parameter.value)
                   for parameter in parameters if parameter.name in by_name})
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(callback)


class RemoteParameters:
    """Parameters of another node that are text, by its services: Humble has no client of them."""

    def __init__(self, node, name: str, callback_group):
        """
        Create the clients.

        :param name: of the other node; relative to the namespace of this one.
        :param callback_group: for the answers.
        """
        self._get = node.create_client(
            GetParameters, f'{name}/get_parameters', callback_group=callback_group)
        self._set = node.create_client(
            SetParameters, f'{name}/set_parameters', callback_group=callback_group)

    def are_there(self) -> bool:
        """Return whether the other node answers."""
        return self._get.service_is_ready() and self._set.service_is_ready()

    async def texts(self, names) -> dict:
        """Return the values of parameters, by name."""
        answer = await self._get.call_async(GetParameters.Request(names=list(names)))
        return {name: value.string_value for name, value in zip(names, answer.values)}

    async def set_text(self, name: str, text: str) -> SetParametersResult:
        """Set a parameter and return the result."""
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
        answer = await self._set.call_async(SetParameters.Request(
            parameters=[Parameter(name=name, value=value)]))
        return answer.results[0]
