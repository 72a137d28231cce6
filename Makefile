# GNU make and Python 3.11 or later are all that is needed; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

# What a test or a committed notebook shows must not depend on the profile of whoever runs it.
CLEAN := env $(patsubst %,-u %,$(filter ARKIT_%,$(.VARIABLES)))
IN_NEW_WORKSPACE = workspace=$$(mktemp -d) && trap 'rm -rf "$$workspace"' EXIT && \
	$(CLEAN) ARKIT_WORKSPACE="$$workspace"

NOTEBOOKS := $(wildcard notebooks/*.ipynb)

.PHONY: help demo test check lab bench notebooks
.DELETE_ON_ERROR:

help: ## list these commands
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 12

demo: $(VENV)/.runs ## the whole job on the sandbox, with its report in demo-output/
	@$(BIN)/arkit demo --out demo-output

test: check ## everything: check, pytest, the notebooks, the browser tests
	@sh tests/browser/ensure_chromium.sh
	@sh tests/corrections/ensure_libreoffice.sh
	@$(IN_NEW_WORKSPACE) $(BIN)/pytest tests $(if $(NOTEBOOKS),notebooks \
		--nbval-lax --nbval-cell-timeout=120 --nbval-sanitize-with tests/nbval.cfg)

check: $(VENV)/.tests ## format, lint, types and the layers of the imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest tests/test_layers.py

lab: $(VENV)/.tests ## JupyterLab on the notebooks, without network
	@$(BIN)/jupyter lab notebooks $$([ "$$(id -u)" -ne 0 ] || echo --allow-root) \
		--LabApp.news_url=None --LabApp.extension_manager=readonly \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

bench: $(VENV)/.tests ## speed and memory, measured; the sandbox held against its contract for long
	@$(INSTALL) -e '.[bench]'
	@$(CLEAN) $(BIN)/python -m tests.bench
	@$(IN_NEW_WORKSPACE) CONFORMANCE_EXAMPLES=1000 $(BIN)/pytest tests/sandbox/test_conformance.py

notebooks: $(VENV)/.tests ## run the notebooks again, in place
	@$(IN_NEW_WORKSPACE) $(BIN)/jupyter nbconvert --to notebook --execute --inplace $(NOTEBOOKS) \
		--ExecutePreprocessor.store_widget_state=False --ExecutePreprocessor.record_timing=False

# Two stamps, so that the demo need not wait for JupyterLab and the test tools.
$(VENV)/.runs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing arkit into $(VENV) ..."
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.tests: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing arkit, JupyterLab and the test tools into $(VENV) ..."
	@$(INSTALL) -e '.[notebook,dashboard,keyring,test]'
	@touch $(VENV)/.runs $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "arkit needs Python 3.11 or later, and \"$(PYTHON)\" is not: make PYTHON=python3.12 names another." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
