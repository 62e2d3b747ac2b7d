# What one does with this repository. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help run test check bench fix demo messages screenshots lock clean
PYTHON := .venv/bin/python

help:  ## Say what each target does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 18

run:  ## Start everything on this machine (PORT, HOST, DATA_DIR can be set)
	@bin/bootstrap run
	@exec $(PYTHON) manage.py run

test:  ## Run all tests on PostgreSQL and on SQLite (ARGS="tests/journeys -x")
	@bin/test $(ARGS)

check:  ## Lint, types, layers, migrations, deployment, translations, generated documents
	@bin/check

bench:  ## Measure the gate and the clock (ARGS="--only Basic" or sweep; ARGS=--write renews docs/performance.md)
	@bin/bench $(ARGS)

fix:  ## Let ruff repair what it can
	@bin/bootstrap dev
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

demo:  ## Carry one request through the whole procedure on the running server
	@bin/bootstrap run
	@exec $(PYTHON) manage.py demo

messages:  ## Collect the texts of the interface into locale/ and compile them
	@bin/bootstrap run
	@$(PYTHON) manage.py translations extract
	@$(PYTHON) manage.py translations compile

screenshots:  ## Make the pictures of the README again (needs chromium)
	@bin/bootstrap dev
	@bin/screenshots

lock:  ## Remake the lock files (ARGS=--upgrade takes newer versions)
	@bin/bootstrap dev
	@bin/lock $(ARGS)

clean:  ## Remove what can be made again; your data in .data stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete
