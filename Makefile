# What one does with this project. `make` alone lists it.

# The port of the local server: 3000.
PORT ?= 3000
# Where the stand-ins for AWS listen; Docker's bridge, for containers to reach them.
STANDINS_HOST ?= 127.0.0.1
# Where the local server keeps its state.
STATE ?= .local
# A deployed stack. Without it commands are for the local server, deploy and remove for samconfig's.
STACK ?=
# Arguments of most targets: make token ARGS="--user alice --expires-in 40d", make test ARGS="-k feed"
ARGS ?=
# The address of a deployed stack, for e2e.
URL ?=
# A mytoken of it, for e2e; it is best set in the environment.
TOKEN ?=
# For how long the load is served: 60.
SECONDS ?= 60
# The browser that looks at the pages; without one its tests are skipped.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser)
# How many processes run the tests: a number, or auto for one on each core.
PROCESSES ?= auto

RUNTIME := 3.13
PYTHON := .venv/bin/python
# Builds layers for this machine and the Python of .venv-lambda, in place of those of Lambda.
FOR_HERE = LAYER_MACHINE="$$(uname -m | sed 's/arm64/aarch64/')" \
	LAYER_PYTHON="$$(.venv-lambda/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" \
	RUNTIME_PYTHON="$(CURDIR)/.venv-lambda/bin/python"
SAM = PATH="$(CURDIR)/.venv-uv/bin:$$PATH" SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam

export PYTHONPATH := layers/shared:.
export PORT STACK STATE STANDINS_HOST URL TOKEN
# What Python has compiled it keeps: each process that tests start would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run token tokens revoke import restore plan reset test test-slow found test-runtime test-build test-browser pictures test-deep mutants load bench e2e check lint types imports template \
	audit build deploy remove sam-local lock

help: ## List these targets, and the variables
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-14s%s\n", $$1, $$2}' Makefile
	@awk -F ' [?]=' 'BEGIN {print "\nVariables, as in make run PORT=3002:"} \
		/^# / {text = substr($$0, 3)} /^[A-Z_]+ [?]=/ {printf "%-14s%s\n", $$1, text}' Makefile

run: .venv/installed .venv-standins/installed ## Serve the stack at http://127.0.0.1:3000, with a demo to try
	@$(PYTHON) -m local.server

token: .venv/installed ## Issue a mytoken: ARGS="--user alice --name ci --expires-in 40d"
	@$(PYTHON) -m tools.operate.issue_token $(ARGS)

tokens: .venv/installed ## List the issued mytokens: ARGS="[--user alice]"
	@$(PYTHON) -m tools.operate.list_tokens $(ARGS)

revoke: .venv/installed ## Revoke a mytoken: ARGS="--mom-id ... [--recursive]"
	@$(PYTHON) -m tools.operate.revoke_token $(ARGS)

import: .venv/installed ## Import a mytoken server's calendars: ARGS="[--rename] [--dry-run] FOLDER"
	@$(PYTHON) -m tools.operate.import_calendars $(ARGS)

restore: .venv/installed ## Put a stack's tables back: ARGS="--calendars TABLE --tokens TABLE"
	@$(PYTHON) -m tools.operate.restore_tables $(ARGS)

plan: .venv/installed ## What a stack costs, and what breaks first: ARGS="[--feeds 5000 ...] [--write]"
	@$(PYTHON) -m tools.plan.plan $(ARGS)

reset: .venv/installed ## Forget the state of the local server
	@$(PYTHON) -m local.whereabouts

test: .venv/installed ## Run the tests that a change needs: all but the slow ones
	@$(PYTHON) -m pytest -n $(PROCESSES) --dist worksteal -m "not slow" $(ARGS)

test-slow: .venv/installed .venv-standins/installed .venv-sam/installed .venv-nginx/installed ## Run the slow tests: races, faults, HTTP, tools
	@$(PYTHON) -m pytest -n $(PROCESSES) --dist worksteal -m slow $(ARGS)

found: .venv/installed .venv-standins/installed ## Run the smallest input of each fault that outsiders found, a line for each
	@$(PYTHON) -m pytest -n $(PROCESSES) -m found $(ARGS)

test-runtime: .venv/installed ## Run the unit tests with the Python that Lambda runs
	@if tools/build/find-python $(RUNTIME) >/dev/null; then \
		$(MAKE) --no-print-directory .venv-$(RUNTIME)/installed && .venv-$(RUNTIME)/bin/python -m pytest -n $(PROCESSES) -m "not slow" tests/unit $(ARGS); \
	else echo "so the tests are not run with it" >&2; fi

test-build: build .venv/installed .venv-lambda/installed .venv-standins/installed ## Test what is built, and deploy it to a stand-in
	@RUNTIME_PYTHON="$$(tools/build/find-python $(RUNTIME) 2>/dev/null || echo python$(RUNTIME))" \
		$(SAM) build --no-cached --build-dir .aws-sam/again/build
	@.venv-sam/bin/python -m tools.build.artefacts .aws-sam/build .aws-sam/again/build
	@$(FOR_HERE) $(SAM) build --no-cached --build-dir .aws-sam/here/build
	@BUILT=.aws-sam/here/build $(PYTHON) -m pytest tests/built -n $(PROCESSES) --dist loadfile -rs $(ARGS)

# `make test` and `make test-slow` leave these out: they need a browser.
test-browser: .venv-browser/installed .venv-standins/installed ## Look at the pages of feeds in Chromium, if it is there
	@if [ "$(CHROMIUM)" ]; then CHROMIUM="$(CHROMIUM)" .venv-browser/bin/python -m pytest tests/browser -n $(PROCESSES) -rs $(ARGS); \
	else echo "NOT TESTED in a browser: no chromium on PATH (Debian: apt-get install chromium)" >&2; fi

pictures: .venv-browser/installed .venv-standins/installed ## Take the pictures of README.md; ARGS=FOLDER: of all pages, to look at
	@CHROMIUM="$(CHROMIUM)" .venv-browser/bin/python -m tests.pictures $(ARGS)

test-deep: .venv/installed .venv-standins/installed .venv-sam/installed .venv-nginx/installed ## Run all cases of all checks, into docs/reliability.md
	@$(PYTHON) -m tests.deep

mutants: .venv/installed .venv-standins/installed ## Seed defects for the tests to find: ARGS="[--tally FILE] [WORD ...]"
	@$(PYTHON) -m tests.mutants $(ARGS)

load: .venv/installed .venv-standins/installed ## Serve a load of polls for SECONDS (default: 60), and report
	@$(PYTHON) -m tests.load --seconds $(SECONDS) $(ARGS)

bench: .venv/installed .venv-standins/installed ## Measure the performance beside its peers, into docs/performance.md
	@$(PYTHON) -m tests.bench

e2e: .venv/installed ## Check a deployed stack from outside: URL=https://... TOKEN=... ARGS="[-k WORD]"
	@$(PYTHON) -m tests.e2e $(ARGS)

check: lint types imports template audit build test test-slow test-runtime test-build test-browser ## Everything that has to pass before a change lands

lint: .venv/installed ## Look for mistakes, and for text that is not formatted
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: .venv/installed ## Check the types
	@.venv/bin/mypy

imports: .venv/installed ## Check that imports run with the flow of docs/architecture.md
	@.venv/bin/lint-imports --no-cache

template: .venv-sam/installed ## Check template.yaml as it is, and translated
	@$(SAM) validate --lint
	@.venv-sam/bin/cfn-lint template.yaml

audit: .venv-audit/installed ## Look for known mistakes and vulnerabilities, and list what runs in Lambda
	@.venv-audit/bin/python -m tools.build.audit

build: .venv-sam/installed .venv-uv/installed ## Build what `make deploy` uploads, and say how large it is
	@python="$$(tools/build/find-python $(RUNTIME) 2>/dev/null)"; \
		RUNTIME_PYTHON="$${python:-python$(RUNTIME)}" $(SAM) build --cache-dir ".aws-sam/cache$${python:+-compiled}" && \
		.venv-sam/bin/python -m tools.build.artefacts .aws-sam/build && { [ "$$python" ] || \
		echo "NOT COMPILED, so functions start slowly: no Python $(RUNTIME) on PATH, in pyenv or in uv" >&2; }

deploy: .venv/installed .venv-sam/installed .venv-uv/installed ## Deploy a stack: STACK=name ARGS="Name=Value ... [--yes]"
	@$(PYTHON) -m tools.deploy $(ARGS)

remove: .venv/installed ## Delete a stack, and with ARGS="--with-data NAME" its data: STACK=name
	@$(PYTHON) -m tools.deploy.remove $(ARGS)

sam-local: .venv/installed .venv-sam/installed .venv-uv/installed ## Serve with `sam local start-api` (needs Docker), beside make run
	@.venv-sam/bin/python -m local.sam_needs
	@LAYER_MACHINE="$$(uname -m | sed 's/arm64/aarch64/')" \
		$(SAM) build --build-dir .aws-sam/local --cache-dir .aws-sam/local-cache
	@$(PYTHON) -m local.sam
	@$(SAM) local start-api $(ARGS)

lock: .venv-uv/installed ## Renew the lock files: the newest versions that fit the *.in files
	@tools/build/renew-locks

.venv-uv/installed: requirements/uv.txt
	@tools/build/make-environment .venv-uv $<

.venv/installed: requirements/dev.txt .venv-uv/installed
	@tools/build/make-environment .venv $<

.venv-browser/installed: requirements/browser.txt .venv-uv/installed
	@tools/build/make-environment .venv-browser $<

.venv-sam/installed: requirements/sam.txt .venv-uv/installed
	@tools/build/make-environment .venv-sam $<

.venv-audit/installed: requirements/audit.txt .venv-uv/installed
	@tools/build/make-environment .venv-audit $<

# It is not there for every machine; then its tests are skipped, and say so.
.venv-nginx/installed: requirements/nginx.txt .venv-uv/installed
	@tools/build/make-environment .venv-nginx $< || echo "so nginx is not tested" >&2

.venv-standins/installed: requirements/standins.txt .venv-uv/installed
	@tools/build/make-environment .venv-standins $<

.venv-lambda/installed: requirements/lambda.txt .venv-uv/installed
	@tools/build/make-environment .venv-lambda $< "$$(tools/build/find-python $(RUNTIME) >/dev/null 2>&1 && echo $(RUNTIME) || echo any)"

.venv-$(RUNTIME)/installed: requirements/dev.txt .venv-uv/installed
	@tools/build/make-environment .venv-$(RUNTIME) $< $(RUNTIME)
