# Each target needs nothing but python3: it makes the environment it works in.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Two files of tests at a time: most of a test's time runs on one core. A file's tests share what they
# train, so they stay together.
PYTEST_ARGS ?= -n 2 --dist loadfile
FAULTS_ARGS ?=

.PHONY: train test lint types imports unit faults docs audit clean

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
