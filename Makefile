# `make help` lists the verbs. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test prove check format schema release-schema lock audit-dependencies sbom clean

help: ## List these verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

run: .venv/run ## Start everything on 127.0.0.1, play the demonstration, keep serving (Ctrl-C stops)
	@$(BIN)/assay up --demo

test: .venv/dev ## Run the tests (a real Postgres is started for them)
	@$(BIN)/python -m pytest -n 3

prove: .venv/dev ## The long proofs: storms and property tests at full size
	@ASSAY_PROPERTY_EXAMPLES=10000 ASSAY_STORM_TICKETS=60 \
	  ASSAY_STORM_DELIVERIES=20000 ASSAY_STORM_CONNECTIONS=64 \
	  ASSAY_STORM_SERVER_KILLS=5 ASSAY_STORM_DATABASE_KILLS=2 \
	  ASSAY_BACKFILL_TICKETS=50000 ASSAY_PULL_TICKETS=600 ASSAY_BULK_LINES=100000 \
	  ASSAY_FUZZ_INPUTS=200000 ASSAY_FUZZ_DELIVERIES=2000 ASSAY_FUZZ_LARGE_BYTES=1048576 \
	  ASSAY_MUTANTS_SHARE=1 ASSAY_GUARDS_SHARE=1 ASSAY_ODD_VALUES_SHARE=1 ASSAY_PROBES_SHARE=1 ASSAY_TRAIL_TAMPERS=1000 ASSAY_SAMPLING_RUNS=200 \
	  ASSAY_SHIFT_SPECIALISTS=50 ASSAY_SHIFT_SAMPLES=5000 \
	  ASSAY_CALIBRATION_WALKS=50 ASSAY_COMPILED_OPERATIONS=5000 ASSAY_SCHEMATHESIS_REQUESTS=20000 ASSAY_SLOW_CONNECTIONS=500 ASSAY_LEAKS_EVERY_FIELD=1 \
	  ASSAY_HOSTILE_SECONDS=60 ASSAY_BENCH=1 ASSAY_TYPESCRIPT=1 $(BIN)/python -m pytest

check: .venv/dev ## Lint, types and import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: .venv/dev ## Put the code into form
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

schema: .venv/run ## Write the GraphQL schema's text
	@$(BIN)/assay schema > .venv/schema && mv .venv/schema services/gateway/schema.graphql

release-schema: .venv/run ## From now on, the GraphQL schema as it is has to last (see docs/graphql.md)
	@cp services/gateway/schema.graphql services/gateway/released.graphql

lock: ## Compile the hashed requirements anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev pyproject.toml -o requirements-dev.lock

audit-dependencies: .venv/dev ## Ask whether what we install has known vulnerabilities (needs the internet)
	@sh deploy/audit.sh

sbom: .venv/dev ## Write what the product consists of to sbom.json (CycloneDX; works offline)
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o sbom.json

clean: ## Remove the environment (never the data)
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache

.venv/run: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh deploy/environment.sh requirements.lock && touch $@

.venv/dev: requirements-dev.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh deploy/environment.sh requirements-dev.lock && touch $@ .venv/run
