# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Check whether this commit can be tagged as the version that it has.

    python scripts/check_release.py

Prints what is missing and ends with status 1; otherwise it prints the command that sets the tag.
test_release.py checks in every test run that the versions agree.
"""
from pathlib import Path
import re
import subprocess
import sys
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
VERSION = re.compile(r'(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)')
SETUP = re.compile(r"(?m)^    version='(.*)',$")
SECTION = re.compile(r'(?m)^(.+)\n-{3,}$')
RELEASED = re.compile(r'(\S+) \(\d{4}-\d{2}-\d{2}\)')
UNRELEASED = 'Unreleased'


def versions(root: Path = ROOT) -> dict:
    """Return the version by the name of each file that has it; in the changelog the newest."""
    sections = SECTION.findall((root / 'CHANGELOG.rst').read_text())
    return {
        'package.xml': ElementTree.parse(root / 'package.xml').findtext('version'),
        'setup.py': SETUP.search((root / 'setup.py').read_text())[1],
        'CHANGELOG.rst': next(
            (found[1] for found in map(RELEASED.fullmatch, sections) if found), None)}


def disagreements(root: Path = ROOT) -> list:
    """Return what is wrong with the versions, as texts."""
    found = versions(root)
    wrong = [f'{name}: {version} is not a version MAJOR.MINOR.PATCH'
             for name, version in found.items() if not VERSION.fullmatch(version or '')]
    if len(set(found.values())) > 1:
        wrong.append('the versions differ: ' + ', '.join(
            f'{name} has {version}' for name, version in found.items()))
    return wrong


def obstacles(root: Path = ROOT) -> list:
    """Return why the commit must not be tagged, as texts."""
    version, wrong = versions(root)['package.xml'], disagreements(root)
    if UNRELEASED in SECTION.findall((root / 'CHANGELOG.rst').read_text()):
        wrong.append(f'CHANGELOG.rst: name the section {UNRELEASED} by version and date')
    if not (root / 'test/formats' / version).is_dir():
        wrong.append(f'run python scripts/keep_formats.py test/formats/{version}, and commit it')
    if git(root, 'status', '--porcelain'):
        wrong.append('commit or remove what git status lists')
    tags = git(root, 'tag').split()
    if version in tags:
        wrong.append(f'{version} is tagged already: raise the version')
    newer = [tag for tag in tags if VERSION.fullmatch(tag) and numbers(tag) > numbers(version)]
    if newer:
        wrong.append(f'{", ".join(newer)} is newer than {version}')
    return wrong


def numbers(version: str) -> tuple:
    """Return the parts of a version, which compare as versions do."""
    return tuple(map(int, version.split('.'))) if VERSION.fullmatch(version) else ()


def git(root: Path, *words) -> str:
    """Return the output of a command of git."""
    return subprocess.run(['git', '-C', str(root), *words], check=True, capture_output=True,
                          text=True).stdout.strip()


def main() -> int:
    """Print the obstacles, or how to tag."""
    wrong = obstacles()
    for text in wrong:
        print(f'check_release: {text}', file=sys.stderr)
    if not wrong:
        version = versions()['package.xml']
        print(f'git tag -a {version} -m {version}')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
