# Matchmaker 万企通. `make run` starts the site, `make test` proves it, `make help` names the rest.
# Written for any GNU make from 3.81 (macOS) on.

PORT ?= 8000
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; exit; }; done; \
	  echo python3)
VENV := .venv/bin
FLASK := $(VENV)/python -m flask --app wsgi
# One numeric thread a process: requests and jobs share the cores, not one matrix product.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
CATALOGUES := $(wildcard matchmaker/translations/*/LC_MESSAGES/messages.po)

# What is installed is compiled at its first import, which this would do again at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo test lint messages documents lock environment assets translations clean
.DEFAULT_GOAL := help

help: ## What can be made
	@echo "Matchmaker 万企通: make TARGET [NAME=value …]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'
	@echo "Variables: PORT=8000  DATABASE_URL=postgresql+psycopg://… (default: a file in instance/)  PYTHON=python3.12"

run: ## Install what is missing, prepare the database and serve on http://127.0.0.1:8000
	@$(PYTHON) tools/environment.py port $(PORT)
	@$(MAKE) --no-print-directory environment assets translations
	@$(FLASK) prepare
	@exec $(FLASK) serve --port $(PORT)

demo: environment assets translations ## Throw everything away and restore the demo town (asks first)
	@printf 'Everything entered so far is lost. Restore the demo town? [y/N] '; read answer; \
	case "$$answer" in y|Y|yes) $(FLASK) demo --yes;; *) echo "Nothing was changed.";; esac

test: ## Every test, browser journeys and PostgreSQL included (installs through apt what it may)
	@$(PYTHON) tools/environment.py run test lint
	@$(MAKE) --no-print-directory assets translations
	@exec $(VENV)/python tools/testing.py $(ARGS)

lint: ## ruff, mypy and the import contracts
	@$(PYTHON) tools/environment.py run test lint
	$(VENV)/python -m ruff check .
	$(VENV)/python -m mypy
	$(VENV)/lint-imports --no-logo
	$(VENV)/python -m pytest -q -p no:cacheprovider tests/promises/test_imports.py

messages: environment ## Collect the texts of pages and code into the English catalogue, say which have no English
	@$(VENV)/python -m tools.messages

documents: environment ## Write the pages of docs/ that are drawn from the code
	@$(VENV)/python -m tools.documents

lock: environment ## Resolve the versions anew into requirements/*.txt (no address is written)
	@$(VENV)/python tools/lock.py

environment:
	@$(PYTHON) tools/environment.py run

assets:
	@$(VENV)/python tools/assets.py

translations: $(CATALOGUES:.po=.mo)
	@:

%.mo: %.po
	@$(VENV)/pybabel -q compile -i $< -o $@

clean: ## Remove what was installed and built; instance/ with its data stays
	rm -rf .venv .cache static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find static -name '*.gz' -delete
	find matchmaker/translations -name '*.mo' -delete 2>/dev/null || true
