PYTHON ?= python3
SERVE  ?= 1
MINUTES ?= 30
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench fuzz clean

## demo: read the sample sources, translate them offline, publish, serve (SERVE=0: stop after publishing)
demo: $(READY)
	$(BIN)/feedsvc --config config/demo.toml demo $(if $(filter 0,$(SERVE)),--no-serve)

## test: every test, on a real model, without network
test: $(READY)
	$(BIN)/python -m pytest

## check: formatter, linter, type checker
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

## bench: speed of translating, of asking a thousand feeds, and of publishing, on this machine
bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_ingest.py
	$(BIN)/python tests/bench_publish.py

## fuzz: hostile documents for the parser and the sanitiser, for MINUTES; stops at the first finding
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	cd tests && ../$(BIN)/python -m fuzz.run $(MINUTES)

## clean: remove what the targets above made
clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage

$(READY): pyproject.toml constraints.txt
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
