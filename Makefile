# Every target makes its own .venv; a machine needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help up test chaos lint bench clean install web lock

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements/dev.lock pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py $(VENV)

install: $(VENV)/.installed ## make .venv with the locked dependencies

web: $(VENV)/.installed ## build the front end (nothing to do when its sources are unchanged)
	@$(BIN)/python scripts/build_web.py

up: $(VENV)/.installed web ## start the whole platform here; ctrl-C stops it
	@$(BIN)/flatrender up

test: $(VENV)/.installed web ## run every test
	@$(BIN)/python scripts/run_tests.py

chaos: $(VENV)/.installed ## break a running farm with new seeds for CHAOS_MINUTES (60), until something is wrong
	@$(BIN)/python -m tests.farm_faults.chaos

lint: $(VENV)/.installed ## formatting, lint, types and the architecture's contracts
	@$(BIN)/python scripts/lint.py

bench: $(VENV)/.installed ## print the benchmark tables
	@$(BIN)/python -m bench

lock: $(VENV)/.installed ## resolve the dependencies again into requirements/
	@$(BIN)/python scripts/lock.py

clean: ## remove what was built (the data in var/ stays)
	@rm -rf $(VENV) web/node_modules web/dist src/flatrender/host/static .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
