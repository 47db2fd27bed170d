# make build | demo [BAG=recording] | training | test-fast | test | bench | clean
# make fuzz [MINUTES=1] [TARGET=name] | mutation [MODULE=name] [SAMPLE=n]: see CONTRIBUTING.md
# make soak HOURS=2 | faults: all nodes for hours; all that can fail, again and again
# make docs | reference | figures: the site in build/docs, and what commands write into its pages
# make audit | release-check: known vulnerabilities and build/sbom.json; whether a version can be tagged
# PYTEST_ARGS="-k cdr" or ="events/test_cdr.py", a path within test/, chooses tests for both.
# build and demo install what a robot needs; training adds torch, test and bench too, bench tonic,
# docs Sphinx.
# Where no ROS is sourced, ROS 2 comes as wheels into .venv. PYTHON=python3.12 names another Python.

SHELL := bash
export PYTHON

INSTALLED := .venv/for-$(or $(ROS_DISTRO),wheels)
TRAINING := .venv/training-installed
BENCHMARKS := .venv/benchmarks-installed
FUZZ := .venv/fuzz-installed
DOCS := .venv/docs-installed
MESSAGES := install/messages-built
PACKAGE := install/package-built
SOURCES := setup.py setup.cfg package.xml scripts/snn-gesture \
  $(shell find snn_gesture_ros launch config -type f -not -name '*.pyc' -not -name '*.nb[ci]')

.PHONY: build demo training test-fast test bench fuzz mutation soak faults docs reference figures \
  audit release-check clean

build: $(PACKAGE)

$(INSTALLED): requirements/runtime.txt requirements/build.txt requirements/ros-wheels.txt \
  requirements/constraints.txt scripts/install.bash scripts/pins_for_missing.py \
  scripts/relocate_ros_wheels.py
	@bash scripts/check_machine.bash
	@bash scripts/install.bash
	@touch $@

$(TRAINING): $(INSTALLED) $(wildcard requirements/*.txt) scripts/install_training.bash
	@bash scripts/install_training.bash
	@touch $@

$(BENCHMARKS): $(TRAINING) requirements/benchmarks.txt scripts/install_benchmarks.bash
	@bash scripts/install_benchmarks.bash
	@touch $@

$(FUZZ): $(TRAINING) requirements/fuzz.txt scripts/install_fuzz.bash
	@bash scripts/install_fuzz.bash
	@touch $@

$(DOCS): $(INSTALLED) requirements/docs.txt scripts/install_docs.bash
	@bash scripts/install_docs.bash
	@touch $@

$(MESSAGES): $(INSTALLED) $(shell find interfaces -type f) scripts/build_messages.bash
	@bash scripts/build_messages.bash
	@touch $@

$(PACKAGE): $(MESSAGES) $(SOURCES) scripts/build_package.bash
	@bash scripts/build_package.bash
	@touch $@

demo: build
	@source env.bash && snn-gesture demo $(BAG)

training: build $(TRAINING)

# What needs no processes, on the sources: nothing is built again. A minute.
test-fast: $(TRAINING) $(MESSAGES) $(if $(wildcard $(PACKAGE)),,$(PACKAGE))
	@source env.bash && cd test && \
	  PYTHONPATH=$(CURDIR):$$PYTHONPATH python -m pytest --fast $(PYTEST_ARGS)

# From within test/, so that the tests import the package as it was built, not its sources.
# Nodes mostly wait, so that all tests together take half the time in two workers.
test: training
	@source env.bash && cd test && \
	  python -m pytest $(or $(PYTEST_ARGS),--numprocesses 2 --dist loadfile)

# Whether memory, handles, threads or latency grow, and whether every event is accounted for.
soak: training
	@source env.bash && cd test && \
	  python soak.py --hours $(or $(HOURS),2) --output $(CURDIR)/build/soak-$(shell date +%s)

# Kills, stops, cuts of network and power, full disks; some need root and are skipped without it.
faults: training
	@source env.bash && cd test && \
	  python -m pytest faults -rs --repetitions $(or $(REPETITIONS),100) $(PYTEST_ARGS)

bench: training $(BENCHMARKS)
	@source env.bash && snn-gesture bench

fuzz: training $(FUZZ)
	@source env.bash && PYTHONPATH=$(CURDIR):$(CURDIR)/test:$(CURDIR)/test/recordings:$$PYTHONPATH \
	  python test/fuzz/fuzz.py --minutes $(or $(MINUTES),1) --target "$(TARGET)"

mutation: training
	@source env.bash && python test/mutation/mutation.py --module "$(MODULE)" \
	  --sample $(or $(SAMPLE),1000000)

# Warnings are errors: a link within the site that leads nowhere ends the build.
docs: $(DOCS)
	@.venv/bin/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo build/docs/index.html

# What pages and parameter files repeat of the code; tests fail where they are stale.
reference: build
	@source env.bash && python scripts/write_parameter_files.py && \
	  python scripts/write_reference.py && python scripts/write_policy.py

# How well the shipped model recognizes: the report, the cards of the models, the README.
figures: training
	@source env.bash && snn-gesture report fast $(foreach name,waves_near waves_far no_gesture,\
	  --real docs/real/$(name).csv) --output docs/recognition
	@source env.bash && python scripts/state_real_figures.py docs/recognition/report.json README.md \
	  snn_gesture_ros/models/*.safetensors

# Needs the Python package index, and one that lists vulnerabilities, as PyPI does.
audit: $(INSTALLED)
	@bash scripts/audit.bash

# Ends with status 1 and the reasons where the commit must not be tagged; git tag comes after it.
release-check:
	@python3 scripts/check_release.py

clean:
	rm -rf .venv build install demo
