# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""No node of ours takes a name that rclpy's own nodes have: it would lose what is kept there."""
import ast
from importlib import import_module
import inspect
from pathlib import Path
from textwrap import dedent

import pytest
import rclpy
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
import snn_gesture_ros

MEANT_TO_BE_OVERRIDDEN = {
    '__init__', '__module__', '__doc__', 'destroy_node', 'on_configure', 'on_activate',
    'on_deactivate', 'on_cleanup', 'on_shutdown', 'on_error'}
PACKAGE = Path(snn_gesture_ros.__file__).parent
FILES = [path for path in sorted(PACKAGE.rglob('*.py')) if 'rclpy' in path.read_text()]
MODULES = ['.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts) for path in FILES]
LIVE_CLASSES = [cls for module in MODULES for cls in vars(import_module(module)).values()
                if inspect.isclass(cls) and issubclass(cls, Node) and cls.__module__ == module]


@pytest.fixture
def names(ros):
    """Give the names of a node of rclpy, of its class and of itself, by class."""
    rclpy.init(context=(context := rclpy.Context()))
    found = {}
    for cls in (Node, LifecycleNode):
        node = cls('names', context=context)
        found[cls] = {*dir(cls), *vars(node)}
        node.destroy_node()
    context.shutdown()
    return found


def assigned(cls):
    """Give the names that the methods of a class assign to their first argument."""
    for method in ast.walk(ast.parse(dedent(inspect.getsource(cls)))):
        if not isinstance(method, ast.FunctionDef) or not method.args.args:
            continue
        own = method.args.args[0].arg
        for item in ast.walk(method):
            if (isinstance(item, ast.Attribute) and isinstance(item.ctx, (ast.Store, ast.Del))
                    and isinstance(item.value, ast.Name) and item.value.id == own):
                yield item.attr
            elif isinstance(item, ast.Call) and getattr(item.func, 'id', '') == 'setattr':
                assert item.args[0].id != own, 'a name that this test cannot read'


def taken(cls, names):
    """Give the names of rclpy that a class defines or assigns."""
    base = LifecycleNode if issubclass(cls, LifecycleNode) else Node
    own = {*vars(cls), *assigned(cls)} - MEANT_TO_BE_OVERRIDDEN
    return own & names[base]


def test_all_node_classes_are_looked_at():
    written = {item.name for path in FILES for item in ast.walk(ast.parse(path.read_text()))
               if isinstance(item, ast.ClassDef)
               and any(ast.unparse(base).endswith('Node') for base in item.bases)}
    assert {cls.__name__ for cls in LIVE_CLASSES} == written
    assert {'GestureClassifierNode', 'ManagedNode', 'GestureBehaviorNode'} <= written


@pytest.mark.parametrize('cls', LIVE_CLASSES, ids=lambda cls: cls.__name__)
def test_no_node_takes_a_name_of_rclpy(cls, names):
    assert not taken(cls, names)


def test_what_this_test_would_find(names):
    class Unlucky(Node):
        _clock = None

        def __init__(self):
            self._subscriptions, self._mine = [], 1
            for self._timers in ():
                pass

        def handle(self):
            self.mine = 2

    assert taken(Unlucky, names) == {'_clock', '_subscriptions', '_timers', 'handle'}
