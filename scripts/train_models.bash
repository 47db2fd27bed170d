#!/usr/bin/env bash
# Makes the shipped models from nothing: simulated people, then training. Run after `make training`:
#   bash scripts/train_models.bash FOLDER        (about 50 GB of disk; goes on where it was stopped)
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
sets=${1:?name a folder for the simulated people and the training}
source "$project/env.bash"

# The allocator keeps large blocks, which saves a sixth of the training's time.
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456

snn-gesture simulate "$sets/gestures" --clips 500
snn-gesture simulate "$sets/none" --labels none --clips 2000 --seed 1
snn-gesture simulate "$sets/other" --labels other_gestures --clips 500 --seed 2

# train FOLDER CONFIG ARGUMENTS...: go on where it was stopped.
train() {
  local out=$1 config=$2 resume=()
  shift 2
  [ ! -e "$out/last.ckpt" ] || resume=(--resume)
  snn-gesture train --config "$config" --output "$out" "$@" "${resume[@]}"
}
data=("$sets/gestures" "$sets/none" "$sets/other")
train "$sets/first" train_fast --data "${data[@]}"
# Once more with half the learning rate and every gesture twice as often beside none.
train "$sets/second" train_fast --init-from "$sets/first/best.safetensors" --lr 0.0015 --seed 1 --epochs 8 \
  --data "$sets/gestures" "${data[@]}"
# The same with more channels, which begin as copies of those of second.
train "$sets/wide" train_accurate --init-from "$sets/second/best.safetensors" --seed 2 \
  --data "$sets/gestures" "${data[@]}"
# Twice as many other people, more of them near.
snn-gesture simulate "$sets/more" --validation 0.04 --clips 1500 --seed 3
snn-gesture simulate "$sets/more_none" --validation 0.04 --labels none --clips 3500 --seed 4
snn-gesture simulate "$sets/more_other" --validation 0.04 --labels other_gestures --clips 1200 --seed 5
snn-gesture simulate "$sets/near" --validation 0.04 --framing near --clips 250 --seed 6
more=("$sets/more" "$sets/more_none" "$sets/more_other" "$sets/near")
train "$sets/fast" train_fast --init-from "$sets/second/best.safetensors" --lr 0.0015 --seed 3 --epochs 24 \
  --data "${more[@]}"
train "$sets/accurate" train_accurate --init-from "$sets/wide/best.safetensors" --lr 0.0012 --seed 4 --epochs 18 \
  --data "${more[@]}"
for model in fast accurate; do
  cp "$sets/$model/best.safetensors" "$project/snn_gesture_ros/models/$model.safetensors"
  snn-gesture export "$project/snn_gesture_ros/models/$model.safetensors"
done
