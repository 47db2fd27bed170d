#!/usr/bin/env bash
# Says in one line what this machine lacks for a build, before anything is installed.
set -eu
source "$(dirname "$0")/common.bash"

python=${PYTHON:-python3}
command -v "$python" > /dev/null || fail "no $python found: install Python 3.10 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "$("$python" --version) is too old: name a newer one, as in make build PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2> /dev/null ||
  fail "$python cannot make virtual environments: install python3-venv"
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] || fail "$python lacks its C headers: install python3-dev"
for compiler in cc c++; do
  "$compiler" --version > /dev/null 2>&1 || fail "no $compiler found: install a C and C++ compiler (g++)"
done

if [ -z "${ROS_DISTRO:-}" ]; then
  [ "$(uname -sm)" = 'Linux x86_64' ] ||
    fail 'ROS 2 wheels exist for Linux on x86-64 only: install ROS 2 and source its setup.bash'
else
  "$python" -c 'import rclpy' 2> /dev/null ||
    fail "ROS_DISTRO is $ROS_DISTRO, but $python cannot import rclpy: source that ROS's setup.bash"
  cmake --version > /dev/null 2>&1 || fail 'no CMake found: install cmake'
fi
