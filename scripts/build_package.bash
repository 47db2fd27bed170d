#!/usr/bin/env bash
# Builds snn_gesture_ros into install/, as a robot's workspace does.
set -eu
source "$(dirname "$0")/common.bash"

rm -rf {build,install}/snn_gesture_ros  # or files that are no longer in the source stay behind
colcon_build package.log --paths .
