# The commands of this repository. `make help` lists them; each works from nothing on a bare Debian 12.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
SERVICES := $(patsubst services/%/pyproject.toml,%,$(filter-out services/kit/% services/suite/%,$(wildcard services/*/pyproject.toml)))
LOCKS := $(foreach service,$(SERVICES),services/$(service)/requirements.txt)
UV := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
PYTEST := $(BIN)/pytest --ignore=tests/stack --numprocesses=3 --dist=loadgroup

.DEFAULT_GOAL := help
.PHONY: help run up down metrics test test-quick test-long chaos check bench lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: .venv/run ## start the suite on http://localhost:8080, without Docker (Ctrl-C ends it)
	@deploy/local/need run
	@exec $(BIN)/python deploy/local/run.py

up: ## start the suite in containers on http://localhost:8080
	@$(PYTHON) deploy/local/names.py
	docker compose up -d --build --wait

down: ## end the containers
	docker compose down

metrics: ## show the metrics of all services, of `make run` or of the containers
	@deploy/manage metrics

test: .venv/test ## run all tests that protect, but those in containers, which are tests/stack
	@deploy/local/need run test
	$(PYTEST) -m 'not long'

test-quick: .venv/test ## run the tests that need no server, in less than a minute
	@deploy/local/need run test
	$(BIN)/pytest --numprocesses=2 --dist=loadgroup -m 'not long' $$(cat tests/quick.txt)

test-long: .venv/test ## run those that take longer: all random examples, every lexer, every element
	@deploy/local/need run test
	MERGEPOINT_FUZZ_SHARE=1 $(PYTEST) -m 'long or fuzz'

chaos: .venv/test ## kill the programs of jobs for two minutes, under load, and count what came of it
	@deploy/local/need run test
	$(BIN)/python -m tests.jobs.chaos

check: .venv/test ## lint, types, shell scripts, nginx files
	@deploy/local/need run test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	deploy/local/types
	deploy/local/lint

bench: .venv/test ## measure the suite beside its peers; writes bench/results.md
	@deploy/local/need run test bench
	$(BIN)/python bench/run.py

lock: .venv/test ## pin what ships and what tests: names, versions, hashes
	for service in $(SERVICES); do \
	  $(UV) --extra serve --extra zeromq $$(grep -q '^heic = ' services/$$service/pyproject.toml && echo --extra heic) services/$$service/pyproject.toml services/kit/pyproject.toml services/build.in \
	    -o services/$$service/requirements.txt || exit 1; \
	done
	$(UV) tests/requirements.in -o tests/requirements.txt
	$(UV) bench/peers/queues.in -o bench/peers/queues.txt
	$(UV) deploy/management/requirements.in -c services/auth/requirements.txt -o deploy/management/requirements.txt

clean: ## remove what these commands made
	rm -rf .venv .run .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +

.venv/run: $(LOCKS) $(wildcard services/*/pyproject.toml)
	@deploy/local/need python run
	@PYTHON='$(PYTHON)' deploy/local/install run
	@touch $@

# What deploy/manage needs: all of it where the suite is in containers.
.venv/manage: deploy/management/requirements.txt
	@deploy/local/need python
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

.venv/test: .venv/run tests/requirements.txt clients/python/pyproject.toml
	@deploy/local/install test
	@touch $@
