# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Fuzz all targets with atheris: `make fuzz MINUTES=1 TARGET=...`.

Each target has a process of its own, since a finding ends it. What it has learned stays in
build/fuzz, and the next run starts from there. Compiled functions check the bounds of arrays.
"""
import argparse
import gc
import os
from pathlib import Path
import re
import subprocess
import sys
from types import FunctionType
import warnings

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / 'build' / 'fuzz'
LIMITS = ('-timeout=10', '-rss_limit_mb=2500', '-print_final_stats=1')
"""Seconds for one input, and memory of the process: more is a finding."""
INSTRUMENTED = ('snn_gesture_ros', 'mcap', 'rosbags')


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description='Fuzz all that reads bytes which others wrote.')
    parser.add_argument('--minutes', type=float, default=1, help='for each target')
    parser.add_argument('--target', default='', help='only those whose name contains this')
    parser.add_argument('--input', type=Path, help='read one file, as a finding is, and no more')
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ |= {'NUMBA_BOUNDSCHECK': '1', 'NUMBA_CACHE_DIR': str(FOLDER / 'numba')}
    from targets import check, TARGETS
    names = [name for name in TARGETS if arguments.target in name]
    if arguments.input:
        for name in names:
            TARGETS[name].make_seeds()
            check(TARGETS[name], arguments.input.read_bytes())
        return 0
    print(f'{"target":26} {"inputs":>10} {"a second":>9} {"branches":>9} {"MB":>6} {"grown":>6}')
    return min(sum(fuzz(name, arguments.minutes) for name in names), 1)


def fuzz(name: str, minutes: float) -> bool:
    """Fuzz one target and print a row; return whether something was found."""
    folder = FOLDER / name.replace(' ', '_')
    (folder / 'inputs').mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, 'child', name, str(folder / 'inputs'),
         f'-artifact_prefix={folder}/', f'-max_total_time={round(60 * minutes)}', *LIMITS],
        capture_output=True, text=True, errors='replace')
    (folder / 'log').write_text(done.stdout + done.stderr)
    states = re.findall(r'#\d+\s.*cov: (\d+) .*rss: (\d+)Mb', done.stderr)
    inputs = re.findall(r'number_of_executed_units: (\d+)', done.stderr)
    rate = re.findall(r'average_exec_per_sec: +(\d+)', done.stderr)
    if states and inputs:
        megabytes = [int(each) for _, each in states]
        early = megabytes[len(megabytes) // 2]
        print(f'{name:26} {int(inputs[-1]):10} {int(rate[-1]):9} {states[-1][0]:>9} '
              f'{megabytes[-1]:6} {megabytes[-1] - early:6}', flush=True)
    if done.returncode:
        reason = re.search(r'=== Uncaught Python exception: ===\n(.*)', done.stderr)
        finding = re.search(r'Test unit written to (\S+)', done.stderr)
        print(f'{name}: found {reason[1][:200] if reason else f"status {done.returncode}"}: '
              f'python test/fuzz/fuzz.py --target "{name}" --input '
              f'{finding[1] if finding else folder / "log"}', flush=True)
    return bool(done.returncode)


def fuzz_here(name: str, *options) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris
    from numba.core.registry import CPUDispatcher
    from targets import check, TARGETS
    warnings.simplefilter('error')
    target = TARGETS[name]
    for number, seed in enumerate(target.make_seeds()):
        (Path(options[0]) / f'seed{number}').write_bytes(seed)
        target.read(seed)
    # What numba compiles must stay as it is.
    kernels = {each.py_func for each in gc.get_objects() if type(each) is CPUDispatcher}
    for each in gc.get_objects():
        if (type(each) is FunctionType and each not in kernels
                and (each.__module__ or '').startswith(INSTRUMENTED)):
            atheris.instrument_func(each)
    atheris.Setup(['fuzz', *options], lambda data: check(target, data))
    atheris.Fuzz()


if __name__ == '__main__':
    if sys.argv[1:2] == ['child']:
        fuzz_here(*sys.argv[2:])
    sys.exit(main())
