# Every target sets itself up: a virtual environment with exactly the hashed requirements, then the job.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STACK  ?= dev
FORMAT ?= text

.PHONY: help rehearse law test test-slow test-pulumi check lint types lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

rehearse: $(VENV)/.run ## The main job: the dev stack's whole life on a stand-in AWS (STACK=test|prod for the others)
	$(BIN)/herd rehearse $(STACK)

law: $(VENV)/.run ## What the law says of every stack (FORMAT=json|sarif|github for machines)
	$(BIN)/herd check all --format $(FORMAT)

test: $(VENV)/.dev ## The default suite
	$(BIN)/pytest -q -n 2 --dist worksteal

test-slow: $(VENV)/.dev ## Kill points, big graphs and every stack's rehearsal
	$(BIN)/pytest -q -n 2 -m slow --timeout 3000

test-pulumi: $(VENV)/.dev ## What needs the real pulumi CLI on PATH
	$(BIN)/pytest -q -m pulumi --timeout 1200

check: lint types ## Lint and types

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

lock: ## Pin requirements/*.in with hashes (needs pip-tools)
	cd requirements && for f in run dev; do pip-compile -q --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o $$f.txt $$f.in; done

clean: ## Remove everything the other targets made
	rm -rf $(VENV) .herd .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
