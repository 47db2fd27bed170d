#!/usr/bin/env bash
# Builds the message packages of interfaces/ that the environment does not have into install/.
set -eu
source "$(dirname "$0")/common.bash"
export PATH=$PWD/.venv/bin:$PATH  # for the CMake and Ninja of the wheels

# in_environment PACKAGE: whether a sourced workspace has it (this project's own does not count).
in_environment() {
  local prefix
  for prefix in ${AMENT_PREFIX_PATH//:/ }; do
    [[ $prefix == "$PWD"/install/* ]] && continue
    [ -e "$prefix/share/ament_index/resource_index/packages/$1" ] && return 0
  done
  return 1
}

missing=()
for folder in interfaces/*/; do
  in_environment "$(basename "$folder")" || missing+=("${folder%/}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "make build: building ${missing[*]#interfaces/}, a minute or so"
colcon_build messages.log --paths "${missing[@]}" \
  --cmake-args -DBUILD_TESTING=OFF -DPython3_EXECUTABLE="$PWD/.venv/bin/python"
