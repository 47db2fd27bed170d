# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The documents: generated pages are those of the code, links lead somewhere, all is listed."""
import ast
import json
import re
import runpy

from paths import PROJECT
import pytest

PAGES = [PROJECT / 'README.md', PROJECT / 'CONTRIBUTING.md', PROJECT / 'QUALITY_DECLARATION.md',
         *sorted((PROJECT / 'docs').rglob('*.md'))]
LINK = re.compile(r'\]\(([^)\s]+)\)')
CODE = re.compile(r'(?s)```.*?```')
MAKERS = {'create_publisher': 1, 'create_subscription': 1, 'create_service': 1, 'FollowedTopic': 2}
"""What nodes make, and which argument is the name of the topic or service."""


@pytest.fixture(scope='module')
def reference():
    return runpy.run_path(str(PROJECT / 'scripts' / 'write_reference.py'))


def test_generated_pages_are_those_of_the_code(reference):
    stale = [str(path) for path, content in reference['pages']().items()
             if (PROJECT / path).read_text() != content]
    assert not stale, f'run make reference, and commit {stale}'


def test_every_topic_of_a_node_is_on_the_page(reference):
    listed = {row.name.removeprefix('~/') for row in reference['TOPICS']} | {
        name.rpartition('/')[2] for row in reference['SERVICES'] for name in row[0].split(', ')}
    made = {name.removeprefix('~/') for folder in ('nodes', 'ros')
            for path in (PROJECT / 'snn_gesture_ros' / folder).glob('*.py')
            for name in names_in(ast.parse(path.read_text()))}
    assert {'event_stream', 'gesture_scores', 'enable'} <= made
    assert made - listed == set()


def names_in(module):
    """Give the names of topics and services that a module has written where it makes them."""
    for call in ast.walk(module):
        if isinstance(call, ast.Call):
            place = MAKERS.get(getattr(call.func, 'attr', getattr(call.func, 'id', '')))
            if place is not None and isinstance(call.args[place], ast.Constant):
                yield call.args[place].value


def anchors(text):
    """Give the anchors of a page's headings, as GitHub and Sphinx make them."""
    return {re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')
            for heading in re.findall(r'(?m)^#+ (.*)$', CODE.sub('', text))}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(CODE.sub('', page.read_text())):
        if link.startswith(('http://', 'https://', 'mailto:')):
            continue
        path, _, anchor = link.partition('#')
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f'{link} of {page.name} is not there'
        assert not anchor or anchor in anchors(target.read_text()), f'{link} of {page.name}'


def test_readme_has_the_figures_of_the_report():
    chapter = json.loads((PROJECT / 'docs/recognition/report.json').read_text())[
        'checkpoints']['fast']
    if 'real' not in chapter:
        pytest.skip('the report is older than its section of real recordings: make figures')
    readme = runpy.run_path(str(PROJECT / 'scripts' / 'state_real_figures.py'))['readme']
    text = (PROJECT / 'README.md').read_text()
    assert readme(text, chapter) == text, 'run make figures'


def test_readme_has_the_figures_of_all_real_sets():
    text = (PROJECT / 'README.md').read_text()
    for table in (PROJECT / 'docs' / 'real').glob('*.csv'):
        assert f'\n| {table.stem} | ' in text, 'run make figures'


def test_readme_is_short():
    assert len((PROJECT / 'README.md').read_text().splitlines()) <= 120
