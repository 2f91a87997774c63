# Each target needs nothing but python3: it makes the environment it works in.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Two files of tests at a time: most of a test's time runs on one core. A file's tests share what they
# train, so they stay together.
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder
FAULTS_ARGS ?=
# The folder of RAVDESS, and what `make results` runs there, the most telling first.
RAVDESS ?= ravdess
SEEDS ?= 0 1 2
PROTOCOLS ?= ravdess-8-luna5 ravdess-8-luna5+spk ravdess-6-random

.PHONY: train test lint types imports unit faults results docs audit clean

train: $(VENV)/installed
	$(BIN)/speechsent train --fusion joint

test: lint types imports unit

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

imports: $(VENV)/installed-dev
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

faults: $(VENV)/installed
	$(BIN)/python benchmarks/faults.py $(FAULTS_ARGS)

# Hours to days; stop it at any time and start it again. What docs/results/ holds is not run again;
# a run that fails (status 3) does not stop the others.
results: $(VENV)/installed
	for seed in $(SEEDS); do for protocol in $(PROTOCOLS); do \
		$(BIN)/speechsent ablate configs/studies/results/$$protocol.yaml $(RAVDESS) \
			--seeds $$seed --out studies/seed$$seed --archive docs/results/$$protocol \
			|| [ $$? = 3 ] || exit 1; \
		$(BIN)/python benchmarks/results.py || exit $$?; \
	done; done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[benchmarks]"
	$(BIN)/python benchmarks/opensmile_svm.py $(RAVDESS)
	$(BIN)/python benchmarks/results.py

docs: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Known holes in what is installed. It asks the network, so it is no part of the tests; what could
# not be asked for fails as well.
audit: $(VENV)/installed-dev
	$(BIN)/python -m pip_audit --strict --skip-editable --progress-spinner off

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
