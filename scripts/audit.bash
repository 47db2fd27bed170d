#!/usr/bin/env bash
# Writes build/sbom.json, the bill of materials of what a robot installs, and checks every pin of
# requirements/constraints.txt for known vulnerabilities.
set -eu
source "$(dirname "$0")/common.bash"

python=$PWD/.venv/bin/python
if [ ! -e build/audit-installed ]; then
  echo 'make audit: installing pip-audit and cyclonedx-bom into build/audit'
  "$python" -m venv --clear build/audit
  logged pip-audit.log "$python" -m pip --python build/audit/bin/python install \
    -r requirements/audit.txt
  touch build/audit-installed
fi

echo 'make audit: installing what a robot installs into build/robot'
"$python" -m venv --clear --without-pip build/robot
logged pip-robot.log "$python" -m pip --python build/robot/bin/python install \
  -r requirements/runtime.txt -r requirements/ros-wheels.txt -c requirements/constraints.txt
build/audit/bin/cyclonedx-py environment --output-reproducible --of JSON -o build/sbom.json \
  build/robot/bin/python
echo build/sbom.json

# With --strict a package that the index knows nothing of is an error, and not silently safe. The
# ROS wheels are on another index, which lists no vulnerabilities.
for bound in "< '3.11'" ">= '3.11'"; do
  sed -n "/^#/d; /^ros-/d; s/; python_version $bound//; /;/d; /==/p" \
    requirements/constraints.txt > build/pins.txt
  echo "make audit: $(wc -l < build/pins.txt) pins for Python $bound"
  build/audit/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off \
    -r build/pins.txt
done
