# `make serve` and `make test` need Python 3.11 or newer and make; everything else they install into .venv.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help build serve test screenshots format clean again

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

.venv/made: # a stamp: the environment is made once, and made again when its Python goes
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is older: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

# Installing builds the parts of others in the browser too, see web/hatch_build.py. Where they are
# required they are built again when they are missing, and otherwise only when their inputs change.
INPUTS := pyproject.toml web/.npmrc $(wildcard web/*.*)
ifeq ($(CASSIBILE_WEB),require)
INPUTS += $(if $(wildcard server/static/vendor/manifest.json),,again)
endif
again:

.venv/installed: .venv/made $(INPUTS)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-dev: .venv/made $(INPUTS)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ .venv/installed

# The programs of others that the tests drive, too; `make test` does without, `.ci/run` does not.
.venv/installed-clients: .venv/made $(INPUTS)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,clients]'
	touch $@ .venv/installed .venv/installed-dev

build: .venv/installed ## build the graph into build/
	$(BIN)/kg build

serve: build ## build the graph and serve it at http://127.0.0.1:8000
	@test -e server/static/vendor/manifest.json || \
	  echo 'Pages do without fonts, zoom and editor, which could not be built; to see why: CASSIBILE_WEB=require make build' >&2
	$(BIN)/kg serve

test: .venv/installed-dev ## format, lint, types, import layers, documents, tests
	$(BIN)/ruff format --check --diff
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m cogapp --check --diff --check-fail-msg='mend it: make format' -P README.md
	$(BIN)/python -m pytest -n 2 --dist loadfile

screenshots: .venv/installed-dev ## keep a picture of every type of page in build/screenshots
	CASSIBILE_SCREENSHOTS=build/screenshots $(BIN)/python -m pytest tests/browser/test_every_page.py

format: .venv/installed-dev ## rewrite code and README tables as the checks want them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m cogapp -r -P README.md

clean: ## remove everything that was made
	rm -rf .venv build server/static/vendor web/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache
