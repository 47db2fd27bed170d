# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Releases: one version everywhere, and scripts/check_release.py refuses what is not ready."""
import runpy
import shutil

from paths import PROJECT
import pytest

CHECK = runpy.run_path(str(PROJECT / 'scripts/check_release.py'))
FILES = 'package.xml', 'setup.py', 'CHANGELOG.rst'
CHANGELOG = 'Changelog\n=========\n\n{}\n----------------\n\n* Something.\n'


def test_all_files_have_one_version():
    assert CHECK['disagreements']() == []
    assert (PROJECT / 'test/formats' / CHECK['versions']()['package.xml']).is_dir()


@pytest.fixture
def release(tmp_path):
    """Give a repository that is ready, and a function that changes a file and commits it."""
    version = CHECK['versions']()['package.xml']
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / 'CHANGELOG.rst').write_text(CHANGELOG.format(f'{version} (2026-11-24)'))
    (tmp_path / 'test/formats' / version).mkdir(parents=True)
    (tmp_path / 'test/formats' / version / 'expected.json').write_text('{}')
    CHECK['git'](tmp_path, 'init', '-q')

    def commit():
        CHECK['git'](tmp_path, 'add', '-A')
        CHECK['git'](tmp_path, '-c', 'user.name=a', '-c', 'user.email=a@b.invalid', 'commit',
                     '-qm', 'A commit')

    def change(name, old, new):
        path = tmp_path / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        commit()

    commit()
    change.folder, change.version = tmp_path, version
    return change


def test_a_release_that_is_ready_has_no_obstacles(release):
    assert CHECK['obstacles'](release.folder) == []


@pytest.mark.parametrize('name, old, new, reason', [
    ('setup.py', "version='{}'", "version='9.9.9'", 'the versions differ'),
    ('package.xml', '<version>{}<', '<version>9.9.9<', 'test/formats/9.9.9'),
    ('package.xml', '<version>{}<', '<version>1.0<', '1.0 is not a version'),
    ('CHANGELOG.rst', '{} (2026-11-24)', 'Unreleased', 'by version and date')])
def test_what_is_not_ready_is_named(release, name, old, new, reason):
    release(name, old.format(release.version), new)
    assert any(reason in text for text in CHECK['obstacles'](release.folder))


@pytest.mark.parametrize('tag, reason', [
    ('{}', 'is tagged already'), ('10.0.0', '10.0.0 is newer than')])
def test_tags_are_compared(release, tag, reason):
    CHECK['git'](release.folder, 'tag', tag.format(release.version))
    assert any(reason in text for text in CHECK['obstacles'](release.folder))


def test_nothing_is_tagged_that_is_not_committed(release):
    (release.folder / 'more').write_text('')
    assert any('git status' in text for text in CHECK['obstacles'](release.folder))
