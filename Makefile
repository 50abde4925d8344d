# One command for each thing done often. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := infra/packaging/requirements-dev.lock
STAMP := $(VENV)/.installed
ARGS ?=

.PHONY: help run test lint format bench soak schema docs lock clean

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP) ## run the whole product on embedded servers with demo data
	@exec $(BIN)/market dev $(ARGS)

# Bytecode is written even where the environment says otherwise: each worker would compile every test anew.
test: $(STAMP) ## run the whole test suite on embedded servers
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist loadscope --no-loadscope-reorder $(ARGS)

lint: $(STAMP) ## check style, types, layers and the committed schema
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

format: $(STAMP) ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## measure against hand-written endpoints in the same run
	@$(BIN)/python -m tests.bench $(ARGS)

soak: $(STAMP) ## the heavy proofs: long races, many kills
	@$(BIN)/python -m pytest -m soak --timeout 1800 $(ARGS)

schema: $(STAMP) ## write schema.graphql from the code
	@$(BIN)/market export-schema schema.graphql

docs: $(STAMP) ## write docs/reference and the settings table from the code
	@$(BIN)/market docs --write
	@$(BIN)/market settings --write README.md

lock: $(STAMP) ## resolve the dependencies again (versions and hashes only)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade pyproject.toml -o infra/packaging/requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade --extra dev pyproject.toml -o $(LOCK)

clean: ## remove what was made: environment, caches, local data
	rm -rf $(VENV) .data .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* build dist *.egg-info
