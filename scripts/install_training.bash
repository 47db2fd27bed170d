#!/usr/bin/env bash
# Adds to .venv what training, reports, benchmarks and tests need: torch and what goes with it.
set -eu
source "$(dirname "$0")/common.bash"

echo 'make training: installing torch and what training and tests need, a few minutes'
requirements=()
for name in torch training evaluation cluster test; do
  requirements+=(-r "requirements/$name.txt")
done
logged pip-training.log pip "${requirements[@]}" -c build/constraints.txt
logged pip-spikingjelly.log pip --no-deps -r requirements/spikingjelly.txt
