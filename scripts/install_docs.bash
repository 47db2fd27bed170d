#!/usr/bin/env bash
# Adds to .venv what make docs needs and nothing else.
set -eu
source "$(dirname "$0")/common.bash"

echo 'make docs: installing Sphinx and its theme'
logged pip-docs.log pip -r requirements/docs.txt -c build/constraints.txt
