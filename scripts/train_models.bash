#!/usr/bin/env bash
# Make the shipped `fast` from nothing: simulate people, train, export. Run it after
# `make training`:
#   bash scripts/train_models.bash FOLDER [SEED]
# FOLDER needs 20 GB. The script continues where it was stopped; on two cores it takes about three
# hours. Another SEED (default: 0) trains with other random numbers on the same people,
# into FOLDER/fast_SEED: how far two such networks differ is the spread of their figures.
set -eo pipefail    # not -u: setup files of ROS read variables that are not set
project=$(cd "$(dirname "$0")/.." && pwd)
sets=${1:?name a folder for the simulated people and the training}
seed=${2:-0}
out=$sets/fast
[ "$seed" = 0 ] || out=${out}_$seed
source "$project/env.bash"

# The allocator keeps large blocks, which saves a sixth of the training's time.
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456

gestures=(hand_clapping {right,left}_hand_wave {right,left}_arm_{,counter_}clockwise arm_roll
          air_drums air_guitar other_gestures)

# simulate SET ARGUMENTS...: make what is missing of a set.
simulate() {
  snn-gesture simulate "$sets/$1" --validation 0.04 "${@:2}"
}
# Arms on their way down, which look like other_gestures.
simulate ending --ends --clips 150 --seed 6 --labels "${gestures[@]}"
simulate none --labels none --clips 1800 --seed 1
# What looks most like a gesture and is none.
simulate raising --labels raising_arm --clips 700 --seed 4
simulate idle --labels still reaching camera_shake --clips 200 --seed 5
simulate near --framing near --clips 100 --seed 3 --labels "${gestures[@]}"
simulate gestures --clips 500 --seed 100 --labels "${gestures[@]}"
# What real recordings showed to be hard: a hand near the camera, and people in a laboratory.
simulate near_waves --framing near --clips 400 --seed 7 --labels {right,left}_hand_wave
simulate near_claps --framing near --clips 250 --seed 8 --labels hand_clapping
simulate far --framing data_set --clips 60 --seed 9 --labels "${gestures[@]}"
# People whose body keeps still, so that only an arm is seen: most real waves look like that.
simulate arm_waves --framing arm --clips 350 --seed 10 --labels {right,left}_hand_wave
simulate arm --framing arm --clips 110 --seed 11 --labels "${gestures[@]}"
simulate arm_none --framing arm --clips 200 --seed 12 --labels raising_arm reaching
# What was still announced though nobody made a gesture.
simulate restless --clips 500 --seed 13 --labels reaching camera_shake
simulate panning --clips 200 --seed 14 --labels camera_pan

# train FOLDER SEED ARGUMENTS...: train a network, or continue.
train() {
  local resume=()
  [ ! -e "$1/last.ckpt" ] || resume=(--resume)
  snn-gesture train --config train_fast --output "$1" --seed "$2" "${resume[@]}" \
    -j 1 --threads 2 "${@:3}"
}
none=(--as-none raising_arm still reaching camera_shake)
first=("$sets"/{gestures,none,near,raising,idle,ending})
second=("${first[@]}" "$sets"/{near_waves,near_claps,far})
third=("${second[@]}" "$sets"/{arm_waves,arm,arm_none})
train "$out/first" "$seed" "${none[@]}" --data "${first[@]}"
# Again, with more people and without the frequencies of the labels: none is two fifths of the data.
train "$out/second" $((seed + 1)) --init-from "$out/first/best.safetensors" --epochs 30 --lr 0.002 \
  --logit-adjustment 1 "${none[@]}" --data "${second[@]}"
# Half of that, so that fewer movements are taken for gestures; and arms alone.
train "$out/third" $((seed + 2)) --init-from "$out/second/best.safetensors" --epochs 20 --lr 0.002 \
  --logit-adjustment 0.5 "${none[@]}" --data "${third[@]}"
# Longer. The mean of the weights before and after reads best what no training has shown.
train "$out/fourth" $((seed + 3)) --init-from "$out/third/best.safetensors" --epochs 24 --lr 0.002 \
  --logit-adjustment 0.5 --start-share 0.5 "${none[@]}" --data "${third[@]}"
train "$out" $((seed + 4)) --init-from "$out/fourth/best.safetensors" --epochs 9 --lr 0.0015 \
  --logit-adjustment 0.5 --start-share 0.5 "${none[@]}" camera_pan \
  --data "${third[@]}" "$sets"/{restless,panning}
snn-gesture export "$out/best.safetensors"
