#!/usr/bin/env bash
# Adds to .venv what snn-gesture bench compares with and nothing else needs.
set -eu
source "$(dirname "$0")/common.bash"

echo 'make bench: installing tonic, with which it compares'
logged pip-benchmarks.log pip --no-deps -r requirements/benchmarks.txt -c build/constraints.txt
