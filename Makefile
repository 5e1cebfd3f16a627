# lineage_graph: `make demo` shows it, `make test` proves it. Needs Python 3.11 or newer, and nothing else.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
SOAK_ARGS ?= --faults 2000
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test soak lint format types bench docs clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.made-demo ## a real pipeline, recorded and walked (3 minutes from nothing, then seconds)
	@$(BIN)/lineage-graph demo

test: $(VENV)/.made-dev ## the whole suite, against a real Neo4j
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.made-dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.made-dev ## ruff: mends what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.made-dev ## mypy --strict
	@$(BIN)/mypy

soak: $(VENV)/.made-dev ## thousands of faults, and what was lost (a while)
	@$(BIN)/python -m tests.faults.soak $(SOAK_ARGS)

bench: $(VENV)/.made-dev ## what recording and walking cost, side by side
	@$(BIN)/python -m benchmarks

docs: $(VENV)/.made-dev ## writes the generated pages anew
	@$(BIN)/python -m lineage_graph.cli.reference
	@$(BIN)/python -m tests.docs.pages

clean: ## takes away what was made here; the data of the local Neo4j stays
	@if test -f $(VENV)/pyvenv.cfg; then rm -rf $(VENV); fi
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── the environment: made once, and again when pyproject.toml changes ──

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "lineage_graph needs Python 3.11 or newer, and '$(PYTHON)' is not; name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 2; }
	@echo "making an environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip

$(VENV)/.made-demo: $(BIN)/python pyproject.toml
	@echo "installing lineage_graph with its local Neo4j and the demonstration"
	@$(PIP) install --editable '.[local,demo]'
	@touch $@

$(VENV)/.made-dev: $(BIN)/python pyproject.toml
	@echo "installing lineage_graph with its tests and tools"
	@$(PIP) install --editable '.[dev]'
	@touch $@
