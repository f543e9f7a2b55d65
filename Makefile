# Commands of the project. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
# The lock files are checked with 3.11; newer ones are tried in order.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python3.14; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then command -v $$p; break; fi; done)
SOURCES := iocmarket ingestion sharing tests bench manage.py requirements/install.py requirements/debian.py
PYTEST := $(BIN)/python -m pytest
# A command that needs a database but no data: private services in a folder that is removed afterwards.
THROWAWAY := d=$$(mktemp -d) && trap 'rm -rf "$$d"' EXIT && DATA_DIR="$$d"
# Production settings refuse to start without these; the values are checked by nobody and protect nothing.
PRODUCTION := DJANGO_SETTINGS_MODULE=iocmarket.settings.production DATABASE_URL=postgresql://u@db/iocmarket \
	REDIS_URL=redis://redis/0 SECRET_KEY=0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ \
	INDICATOR_ID_KEY=0123456789abcdef0123456789abcdef ALLOWED_HOSTS=ioc.example.org PUBLIC_URL=https://ioc.example.org \
	EMAIL_URL=smtp://mail.example.org

.PHONY: help run test test-real lint ci bench lock openapi clean install install-dev python-found debian-test debian-real

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'Variables: PORT=8000 DATA_DIR=var DEMO=0 EMBEDDED=wheels PYTHON=python3.12; all of them: docs/operations.md'

run: install ## start everything on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(BIN)/python -m iocmarket.supervisor

test: install-dev debian-test ## every fast test, on private services made for the run
	$(PYTEST) -m 'not real' -n 2 --dist worksteal --durations=25

test-real: install-dev debian-real ## the slow truth: clean clones, processes, kills, real programs
	$(PYTEST) -m 'real and not alone' -n 2 --dist loadscope --durations=25
	$(PYTEST) -m 'real and alone'

lint: install-dev ## style, types, imports, migrations, catalogues, API description, compose file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(THROWAWAY) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py check_catalogues
	$(BIN)/python manage.py spectacular --lang en --validate --fail-on-warn | diff -u docs/openapi.yaml - \
		|| { echo 'docs/openapi.yaml differs from the code: make openapi, and read the difference'; exit 1; }
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

ci: lint test test-real ## what continuous integration runs

bench: install-dev ## measure everything on throw-away data; SIZE=10k|100k|1m ONLY=lookup,… (docs/performance.md)
	@SIZE='$(SIZE)' ONLY='$(ONLY)' $(BIN)/python -m bench

lock: install-dev ## lock the requirements again, with hashes and no address of an index
	cd requirements && for name in base dev; do \
		../$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
			$$name.in -o $$name.txt || exit 1; done

openapi: install-dev ## rewrite docs/openapi.yaml from the code
	$(BIN)/python manage.py spectacular --lang en --validate --fail-on-warn --file docs/openapi.yaml

clean: ## remove the environment and caches; DATA_DIR stays
	rm -rf $(VENV) $(VENV).lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

python-found:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed and none was found: make PYTHON=/path/to/python3.11'; exit 2; }

install: python-found
	@$(PYTHON) requirements/install.py base $(VENV)

install-dev: python-found
	@$(PYTHON) requirements/install.py dev $(VENV)

# Programs that tests drive. In CI (CI=true) a missing one is a failure; elsewhere its tests are skipped with a message.
debian-test: python-found
	@$(PYTHON) requirements/debian.py requirements/debian-test.txt

debian-real: python-found
	@$(PYTHON) requirements/debian.py requirements/debian-test.txt requirements/debian-real.txt
