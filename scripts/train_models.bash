#!/usr/bin/env bash
# Makes models like the shipped ones from nothing: simulated people, then training. Run after
# `make training`:  bash scripts/train_models.bash FOLDER    (39 GB; goes on where it was stopped)
set -eo pipefail    # not -u: setup files of ROS read variables that are not set
project=$(cd "$(dirname "$0")/.." && pwd)
sets=${1:?name a folder for the simulated people and the training}
source "$project/env.bash"

# The allocator keeps large blocks, which saves a sixth of the training's time.
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456

simulate() {
  local out=$1
  shift
  snn-gesture simulate "$sets/$out" --validation 0.04 "$@"
}
simulate gestures --clips 1200
simulate none --labels none --clips 2800 --seed 1
simulate other --labels other_gestures --clips 1000 --seed 2
simulate near --framing near --clips 220 --seed 3
# What looks most like a gesture and is none.
simulate raising --labels raising_arm --clips 1500 --seed 4
simulate idle --labels still reaching camera_shake --clips 400 --seed 5
# Arms on their way down, which look like other_gestures.
simulate ending --ends --clips 320 --seed 6 --labels hand_clapping {right,left}_hand_wave \
  {right,left}_arm_{,counter_}clockwise arm_roll air_drums air_guitar other_gestures

# train OUT CONFIG ARGUMENTS...: go on where it was stopped.
train() {
  local out=$sets/$1 resume=()
  [ ! -e "$out/last.ckpt" ] || resume=(--resume)
  snn-gesture train --config "$2" --output "$out" "${@:3}" "${resume[@]}" -j 2 \
    --as-none raising_arm still reaching camera_shake \
    --data "$sets"/{gestures,none,other,near,raising,idle,ending}
}
train first train_fast
train fast train_fast --init-from "$sets/first/best.safetensors" --epochs 18 --lr 0.002 --seed 1
# More channels, which begin as copies of those of fast.
train accurate train_accurate --init-from "$sets/fast/best.safetensors" --seed 2

for model in fast accurate; do
  snn-gesture export "$sets/$model/best.safetensors"
done
