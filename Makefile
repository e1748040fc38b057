PYTHON ?= python3
SERVE  ?= 1
MINUTES ?= 30
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench fuzz soak clean

## demo: read the sample sources, translate them offline, publish, serve (SERVE=0: stop after publishing; LISTEN=HOST:PORT)
demo: $(READY)
	$(BIN)/feedsvc --config config/demo.toml demo $(if $(filter 0,$(SERVE)),--no-serve) $(if $(LISTEN),--listen $(LISTEN))

## test: every test, on a real model, with a real browser and feed reader where they can be had
test: $(READY) $(VENV)/.debian
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

## check: formatter, linter, type checker
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

## bench: speed of translating, of asking a thousand feeds, of publishing and serving, on this machine
bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_ingest.py
	$(BIN)/python tests/bench_publish.py
	$(BIN)/python tests/bench_serve.py

## fuzz: hostile documents for the parser and the sanitiser, for MINUTES; stops at the first finding
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[fuzz]'
	cd tests && ../$(BIN)/python -m fuzz.run $(MINUTES)

## soak: the service killed again and again for MINUTES, while sources live and readers look on; nothing may be lost
soak: $(READY)
	$(BIN)/python tests/soak.py $(MINUTES)

## clean: remove what the targets above made
clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage

# asked for once: where there is no way to the packages, looking for one takes its time
$(VENV)/.debian: tests/debian.sh | $(READY)
	@tests/debian.sh
	@touch $@

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV), once; this takes a minute or two."
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
