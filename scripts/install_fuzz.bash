#!/usr/bin/env bash
# Adds to .venv what finds inputs by the code that they reach.
set -eu
source "$(dirname "$0")/common.bash"

echo 'make fuzz: installing atheris'
logged pip-fuzz.log pip -r requirements/fuzz.txt -c build/constraints.txt
