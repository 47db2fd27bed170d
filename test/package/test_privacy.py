# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes and commands look up no name of a host, and leave nothing in a home."""
import os
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import pytest
from rcl_interfaces.srv import GetParameters
from snn_gesture_ros.network.checkpoint_files import find_checkpoint
from snn_gesture_ros.ros.topics import GESTURE_QOS
from vision_msgs.msg import Classification

RESOLVER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int is_name(const char *name)
{
  return name && strspn(name, "0123456789abcdefABCDEF:.%") < strlen(name)
    && strcmp(name, "localhost");
}

static void note(const char *name)
{
  FILE *file = fopen(getenv("LOOKED_UP"), "a");
  fprintf(file, "%s\\n", name);
  fclose(file);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
  if (is_name(name)) {
    note(name);
    return EAI_NONAME;
  }
  return ((lookup *)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, found);
}

struct hostent *gethostbyname(const char *name)
{
  note(name);
  return NULL;
}
"""
"""A resolver that writes down the names of hosts that it is asked for, and knows none of them."""


@pytest.fixture(scope='module')
def resolver(tmp_path_factory):
    """Compile the resolver, for LD_PRELOAD."""
    compiler = shutil.which('cc') or shutil.which('gcc')
    if compiler is None:
        pytest.skip('there is no C compiler')
    folder = tmp_path_factory.mktemp('resolver')
    (folder / 'resolver.c').write_text(RESOLVER)
    subprocess.run([compiler, '-shared', '-fPIC', '-o', folder / 'resolver.so',
                    folder / 'resolver.c', '-ldl'], check=True)
    return folder / 'resolver.so'


class Home:
    """A home of a process's own, and the names that the process has looked up."""

    def __init__(self, folder: Path, resolver: Path, environment=os.environ):
        """Make an empty home."""
        self.path = folder / 'home'
        self._looked_up = folder / 'looked_up'
        (folder / 'tmp').mkdir(parents=True)
        self.path.mkdir()
        self.environment = {
            **{name: value for name, value in environment.items()
               if not name.startswith('XDG_') and name != 'ORT_DISABLE_TELEMETRY'},
            'HOME': str(self.path), 'TMPDIR': str(folder / 'tmp'),
            'LD_PRELOAD': str(resolver), 'LOOKED_UP': str(self._looked_up)}

    @property
    def names(self) -> list:
        """Give the names in their order."""
        return self._looked_up.read_text().split() if self._looked_up.exists() else []

    @property
    def files(self) -> list:
        """Give what lies in the home, but the logs of ROS."""
        return [str(path.relative_to(self.path)) for path in self.path.rglob('*')
                if path.is_file() and '.ros/log' not in str(path)]


TALKATIVE = """
import sys
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
print('ready', flush=True)
sys.stdin.read()
"""


def test_a_classifier_reports_to_nobody(ros, resolver, tmp_path):
    """A process that lets ONNX Runtime report shows how long to wait, and that it is seen."""
    ours = Home(tmp_path / 'ours', resolver, ros.environment)
    ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    ros.start('gesture_classifier', ours.environment)
    ros.wait_for(ros.heard, 'the classifier')
    theirs = Home(tmp_path / 'theirs', resolver)
    process = subprocess.Popen(
        [sys.executable, '-c', TALKATIVE, find_checkpoint('fast', exported=True)],
        env=theirs.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b'ready\n'
        if theirs.files:    # some versions keep to themselves
            ros.wait_for(lambda: theirs.names, 'the name of a host')
    finally:
        process.communicate()
    assert ours.names == [] and ours.files == []


@pytest.mark.parametrize('name, parameters', [
    ('event_stream', {}), ('gesture_pipeline', {}), ('event_viewer', {}), ('simulated_camera', {}),
    ('event_player', {'recording': 'RECORDING'})])
def test_nodes_look_up_nothing(ros, resolver, tmp_path, recording, name, parameters):
    home = Home(tmp_path / 'node', resolver, ros.environment)
    process = ros.start(name, home.environment, **{
        key: recording if value == 'RECORDING' else value for key, value in parameters.items()})
    ros.client(GetParameters, f'/{ros_name(name)}/get_parameters')
    assert process.poll() is None
    assert home.names == [] and home.files == []


def ros_name(executable):
    """Give the name of the node of an executable, or of the last that it starts."""
    return {'gesture_pipeline': 'gesture_classifier'}.get(executable, executable)


@pytest.fixture
def recording(tmp_path):
    """Write a recording of random events."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 128, (2, 20_000))
    np.savez(tmp_path / 'clip.npz', t=np.sort(rng.integers(0, 2_000_000, 20_000)), x=x, y=y,
             p=rng.integers(0, 2, 20_000))
    return tmp_path / 'clip.npz'


@pytest.mark.parametrize('words', [
    'info fast', 'info RECORDING', 'view RECORDING --checkpoint fast --output OUT/view.png',
    'evaluate RECORDING --label hand_clapping --output OUT/evaluation',
    'drive hand_clapping:1 --output OUT/path.png', 'doctor --seconds 1'])
def test_commands_look_up_nothing(ros, resolver, tmp_path, recording, words):
    home = Home(tmp_path / 'command', resolver, ros.environment)
    words = words.replace('RECORDING', str(recording)).replace('OUT', str(tmp_path)).split()
    found = subprocess.run([shutil.which('snn-gesture'), *words], env=home.environment,
                           capture_output=True, text=True)
    assert found.returncode == (words[0] == 'doctor'), found.stderr
    assert home.names == []
    assert [name for name in home.files if 'matplotlib/fontlist' not in name] == []
