# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A power cut at any change of a file leaves what was there before, or what is new, whole."""
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile

from power_cuts import SCENARIOS
import pytest

HERE = Path(__file__).parent
CUTS = 10
"""By each repetition."""


@pytest.fixture(scope='session')
def library(tmp_path_factory):
    """Give the library by which the power is cut."""
    if shutil.which('cc') is None:
        pytest.skip('there is no C compiler')
    path = tmp_path_factory.mktemp('power_cut') / 'power_cut.so'
    subprocess.run(['cc', '-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', path,
                    HERE / 'power_cut.c', '-ldl'], check=True)
    return path


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_each_cut_leaves_something_whole(library, tmp_path, repetitions, measured, scenario):
    if scenario in ('Checkpoint', 'Version'):
        pytest.importorskip('torch', reason='make training')
        pytest.importorskip('onnx', reason='make training')
    result = subprocess.run(
        [sys.executable, HERE / 'power_cuts.py', library, tmp_path, scenario,
         str(CUTS * repetitions)],
        env={**os.environ, 'LD_PRELOAD': str(library)}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    assert int(result.stdout) > 4
    measured[f'power cuts, {scenario}'].append(int(result.stdout))


def test_a_cut_is_found_that_leaves_nothing(library, tmp_path):
    program = tmp_path / 'program.py'
    program.write_text(f"""
import ctypes, sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from power_cuts import cut_power

class InPlace:
    loses = {{loses}}
    def prepare(self, folder):
        (folder / 'a').write_text('old' * 100)
    def change(self, folder):
        {{change}}
    def check(self, folder):
        assert (folder / 'a').read_text() in ('old' * 100, 'new' * 100)

cut_power(ctypes.CDLL({str(library)!r}), InPlace(), Path({str(tmp_path)!r}) / sys.argv[1], 100)
""")
    text = program.read_text()
    for loses, change, is_safe in (
            (False, "(folder / 'a').write_text('new' * 100)", False),
            (False, "(folder / 'b').write_text('new' * 100); (folder / 'b').rename(folder / 'a')",
             True),
            (True, "(folder / 'b').write_text('new' * 100); (folder / 'b').rename(folder / 'a')",
             False)):
        program.write_text(text.format(loses=loses, change=change))
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        result = subprocess.run([sys.executable, program, folder.name], capture_output=True,
                                text=True, env={**os.environ, 'LD_PRELOAD': str(library)})
        assert (result.returncode == 0) == is_safe, result.stderr
        assert is_safe or "leaves ['a'" in result.stderr
