# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Mutation testing of what a robot's motion depends on: `make mutation MODULE=timeline SAMPLE=50`.

Each mutant is one small change of a module's syntax tree. Its tests run in a fork of this process,
which has imported all libraries, with the changed module instead of the real one, and without
numba. A mutant that no test notices survives. mutmut and cosmic-ray start a process for each
mutant, which takes a minute where this takes a second.
"""
import argparse
import ast
import copy
from importlib.util import find_spec, module_from_spec
import os
from pathlib import Path
from random import Random
import signal
import sys
import time

from equivalent import EQUIVALENT

TESTS = Path(__file__).resolve().parents[1]
MODULES = {
    'events.codecs': ('events/test_codecs.py',),
    'events.timeline': ('events/test_timeline.py', 'events/test_clock.py'),
    'frames.frame_stream': ('frames/test_frame_stream.py',),
    'decision.gesture_filter': ('decision/test_gesture_filter.py',),
    'behavior.behavior': ('behavior/test_behavior_logic.py',),
    'behavior.safety': ('behavior/test_safety.py', 'behavior/test_behavior_logic.py'),
}
"""Tests of each module."""
SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.USub: ast.UAdd}
NAMES = {'min': 'max', 'max': 'min', 'minimum': 'maximum', 'maximum': 'minimum', 'any': 'all',
         'all': 'any', 'argmax': 'argmin', 'argmin': 'argmax'}
LIMIT_S = 120
"""For the tests of one mutant: one that does not end is noticed."""


def changes_of(node):
    """Yield a function for each change of a node, which makes it in a copy of the node."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in SWAPS:
                yield lambda node, place=place, swap=SWAPS[type(operator)]: (
                    node.ops.__setitem__(place, swap()))
    elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.AugAssign)):
        if type(node.op) in SWAPS:
            yield lambda node: setattr(node, 'op', SWAPS[type(node.op)]())
    elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        yield lambda node: setattr(node, 'value', other_number(node.value))
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield lambda node: setattr(node, 'id', NAMES[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield lambda node: setattr(node, 'attr', NAMES[node.attr])
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield lambda node: setattr(node, 'test', ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
        yield None


def other_number(value):
    """Return another number of the same type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if abs(value) <= 16 else 2 * value


def places_of(tree) -> list:
    """Return the path to each node that can be changed, and the number of its change."""
    places = []

    def visit(node, path):
        for number, _ in enumerate(changes_of(node)):
            places.append((path, number))
        for name, value in ast.iter_fields(node):
            if name in ('annotation', 'returns', 'decorator_list') or is_declaration(node):
                continue
            for index, each in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(each, ast.AST) and not is_text(each):
                    visit(each, (*path, (name, index if isinstance(value, list) else None)))

    for index, each in enumerate(tree.body):
        if not is_text(each) and not isinstance(each, (ast.Import, ast.ImportFrom)):
            visit(each, (('body', index),))
    return places


def is_text(node) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_declaration(node) -> bool:
    """Return whether a node declares a setting, which tests of settings check."""
    return isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'setting'


def mutate(tree, place) -> tuple:
    """Return a changed copy of a tree, and the line and text of the statement before and after."""
    tree = copy.deepcopy(tree)
    path, number = place
    node = statement = parent = tree
    for name, index in path:
        parent, field = node, (name, index)
        node = getattr(node, name) if index is None else getattr(node, name)[index]
        statement = node if isinstance(node, ast.stmt) else statement
    before, line = ast.unparse(statement).splitlines()[0], node.lineno
    change = list(changes_of(node))[number]
    if change is None:
        name, index = field
        getattr(parent, name)[index] = ast.copy_location(ast.Pass(), node)
        after = 'pass'
    else:
        change(node)
        after = ast.unparse(statement).splitlines()[0]
    return ast.fix_missing_locations(tree), line, f'{before} -> {after}'


def is_noticed(name: str, tree, tests: tuple) -> bool:
    """Return whether the tests fail with a tree instead of a module, in a fork."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os._exit(run_tests(name, tree, tests))
        finally:
            os._exit(1)     # the mutant cannot be imported
    ends_s = time.monotonic() + LIMIT_S
    while time.monotonic() < ends_s:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def run_tests(name: str, tree, tests: tuple) -> int:
    """Replace a module, and return the exit status of pytest."""
    import numpy as np
    import pytest
    from snn_gesture_ros import compiled
    from snn_gesture_ros.events import event
    compiled.njit = lambda **_: lambda function: function
    event.EVENT = np.dtype((np.record, event.EVENT))    # fields as attributes, in Python too
    spec = find_spec(f'snn_gesture_ros.{name}')
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    exec(compile(tree, spec.origin, 'exec'), module.__dict__)
    if hasattr(module, 'STATE'):
        module.STATE = np.dtype((np.record, module.STATE))
    setattr(sys.modules[spec.parent], name.rpartition('.')[2], module)
    return pytest.main(['-x', '-q', '-p', 'no:cacheprovider', *tests])


def test_module(name: str, sample: int) -> None:
    """Print how many of a module's mutants were noticed, and those that survive."""
    source = Path(find_spec(f'snn_gesture_ros.{name}').origin).read_text()
    tree, tests = ast.parse(source), MODULES[name]
    if is_noticed(name, tree, tests):
        sys.exit(f'{name}: the tests fail without any change: run {" ".join(tests)}')
    places = places_of(tree)
    if sample < len(places):
        places = sorted(Random(0).sample(places, sample), key=str)
    noticed, equivalent, survivors = 0, 0, []
    for place in places:
        mutant, line, text = mutate(tree, place)
        if text in EQUIVALENT.get(name, {}):
            equivalent += 1
        elif is_noticed(name, mutant, tests):
            noticed += 1
        else:
            survivors.append(f'    line {line}: {text}')
            print(survivors[-1], flush=True)
    judged = len(places) - equivalent
    print(f'{name}: {noticed} of {judged} mutants noticed, {noticed / judged:.0%}; {equivalent} '
          'more change nothing', flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description='Mutation testing.')
    parser.add_argument('--module', default='', help='only those whose name contains this')
    parser.add_argument('--sample', type=int, default=1_000_000, help='mutants of each, at random')
    arguments = parser.parse_args()
    os.chdir(TESTS)
    sys.path[:0] = [str(TESTS.parent), str(TESTS)]
    # What the tests import, so that a fork has it.
    import hypothesis, numba, onnxruntime, pytest, rclpy  # noqa: E401, F401
    import ament_index_python.packages  # noqa: F401
    for name in MODULES:
        if arguments.module in name:
            test_module(name, arguments.sample)


if __name__ == '__main__':
    main()
