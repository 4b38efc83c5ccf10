# Every target sets up .venv itself, from the locks with hashes; a second run starts in seconds.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
SERVICE := .venv/bin/consent-service

.PHONY: help
help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 24

.PHONY: demo
demo: runtime ## Start the service with invented families, and say who to be
	@$(SERVICE) demo

.PHONY: story
story: dev ## Walk the whole story through HTTP, on SQLite and on PostgreSQL
	@$(SERVICE) demo --script
	@$(SERVICE) demo --script --postgresql

.PHONY: check
check: dev ## Every static check: style, types, import order, policies, templates
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@$(PYTHON) -m mypy --no-error-summary
	@.ci/imports
	@.ci/policies
	@.venv/bin/djlint --quiet --lint consent_service/web/templates
	@echo "make check: clean"

.PHONY: test
test: check ## Every check, then every test on SQLite and PostgreSQL
	@.ci/chromium
	@.ci/softhsm
	@$(PYTHON) -m pytest -q -n 2 --dist loadgroup --cov --cov-report= -p tests.whole_run
	@$(PYTHON) -m tests.coverage_gate

.PHONY: screens
screens: dev ## Photograph every page on contact sheets (build/screens), and look at each in every way there is
	@.ci/chromium
	@$(PYTHON) -m tests.screens.sheets
	@SCREENS=all $(PYTHON) -m pytest -q -n 2 --no-cov tests/screens/test_every_page.py

.PHONY: bench-keys
bench-keys: dev ## Measure what encryption costs; fails when a number of docs/KEYS.md is missed
	@$(PYTHON) -m benchmarks.keys

.PHONY: bench-policies
bench-policies: dev ## Measure what a decision costs; fails when a number of docs/decisions/0035 is missed
	@$(PYTHON) -m benchmarks.policies

.PHONY: bench-audit
bench-audit: dev ## Measure what the log costs; fails when a number of docs/AUDIT.md is missed
	@$(PYTHON) -m benchmarks.audit

.PHONY: container-check
container-check: ## Run the Dockerfile's steps in a clean environment
	@.ci/dockerfile-steps

.PHONY: migration
migration: dev ## Draft the next migration: make migration MESSAGE="Say what changes"
	@$(PYTHON) -m consent_service.migrations.draft "$(MESSAGE)"

.PHONY: lock
lock: dev ## Write the locks again; make lock UPGRADE=1 takes newer versions
	@.ci/lock $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## Remove what builds and checks left behind (not .venv)
	@rm -rf build dist htmlcov .coverage .coverage.* .coverage-run.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +

.PHONY: runtime dev
runtime dev:
	@.ci/set-up $@
