# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Print the sizes of Python packages, for docs/experiments/peers.md.

python scripts/measure_code.py FOLDER [FOLDER ...]
"""
import ast
from pathlib import Path
from statistics import median
import sys

FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
MIN_LINES = 10
"""A file with fewer, such as an empty __init__.py, does not count as a module."""


def measure(folder: str) -> str:
    """Return the sizes of the modules and functions in a folder, and what has a docstring."""
    lines, lengths, documented = [], [], []
    for path in Path(folder).rglob('*.py'):
        text = path.read_text()
        if text.count('\n') < MIN_LINES:
            continue
        lines.append(text.count('\n'))
        for item in ast.walk(ast.parse(text)):
            if isinstance(item, FUNCTIONS):
                lengths.append(item.end_lineno - item.lineno + 1)
            if isinstance(item, (*FUNCTIONS, ast.ClassDef)) and not item.name.startswith('_'):
                documented.append(ast.get_docstring(item) is not None)
    return (f'{len(lines)} modules of {median(lines):.0f} lines (median; longest {max(lines)}), '
            f'{len(lengths)} functions of {median(lengths):.0f} lines (longest {max(lengths)}), '
            f'{sum(documented) / len(documented):.0%} of public classes and functions documented')


for each in sys.argv[1:]:
    print(f'{each}: {measure(each)}')
