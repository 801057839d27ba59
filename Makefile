# Every target sets up what it needs: a virtual environment in the checkout, versions from constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench screenshots snapshots clean setup
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "sdmigrate needs Python 3.11 or newer; '$(PYTHON)' is not on the PATH. Name another one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sdmigrate needs Python 3.11 or newer; '$(PYTHON)' is older. Name another one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## the demo database, an embedded PostgreSQL, the wizard (headless without a terminal)
	@$(BIN)/sdmigrate demo

test: $(STAMP)
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## seconds, memory and ratios against floors measured in the same run
	$(BIN)/python -m tests.bench

screenshots: $(STAMP) ## each screen as SVG and PNG in screenshots/
	$(BIN)/python -m tests.screenshots

snapshots: $(STAMP) ## accept what the screens look like now
	$(BIN)/python -m pytest tests/tui --snapshot-update

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
