# The commands of the project; each sets up what it needs in .venv first.
#
#   make reproduce                          the LOLA paper's study, then its report
#   make reproduce PAPER=sos                another paper's, config/sos/study.yaml; PAPER=all runs all
#   make reproduce CONFIG=config/games.yaml a study with an overlay laid over it; CONFIG=scale is config/lola/scale.yaml

PYTHON ?= python3
PAPER ?=
CONFIG ?=
STUDY = $(if $(PAPER),--paper $(PAPER)) $(CONFIG)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell pwd | cksum | cut -d " " -f 1)# named after the folder, so that a moved project notices

.DEFAULT_GOAL := help
.PHONY: help reproduce smoke report explain verify test check lint ui bench docs ledger lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, but " + sys.executable + " is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) from requirements.lock (once, a few minutes)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

$(READY): $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

reproduce: $(READY) ## train, draw, tabulate, check the claims, write the report
	@$(BIN)/python -m lola.commands.reproduce $(STUDY)

smoke: ## the whole of it, tiny, into results/lola-smoke
	@$(MAKE) --no-print-directory reproduce CONFIG=smoke

report: reproduce ## results/lola/report.html (part of reproduce)

explain: $(READY) ## what would run again, and why
	@$(BIN)/python -m lola.commands.audit explain $(STUDY)

verify: $(READY) ## hold every recorded digest against today's settings, code and files
	@$(BIN)/python -m lola.commands.audit verify $(STUDY)

test: $(READY) ## all tests, those of whole studies beside the others
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

check: lint ## lint, format and the fast tests
	@$(BIN)/python -m pytest -m "not slow"

lint: $(READY) ## lint and format alone
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m snakefmt --check Snakefile workflow
	@$(BIN)/python -m snakemake --lint

ui: $(READY) ## browse the runs in MLflow on 127.0.0.1
	@$(BIN)/python -m lola.commands.browse $(STUDY)

bench: $(READY) ## measure speed into results/bench
	@$(BIN)/python -m lola.bench

ledger: $(READY) ## read off git when each rule of the claims was fixed
	@$(BIN)/python -m lola.commands.ledger

docs: PAPER := $(or $(PAPER),all)
docs: ## bring README and docs up to date with the results of all papers
	@$(MAKE) --no-print-directory reproduce PAPER=$(PAPER)
	@$(if $(filter all lola,$(PAPER)),$(MAKE) --no-print-directory reproduce PAPER=lola CONFIG=exploration)
	@$(BIN)/python -m lola.commands.docs --paper $(PAPER)

lock: ## resolve pyproject.toml anew into requirements.lock
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@{ head -1 requirements.lock; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.new
	@mv requirements.new requirements.lock

clean: ## remove everything made, keep the environment
	@find results -mindepth 1 ! -name README.md -delete
	@rm -rf .snakemake .pytest_cache .ruff_cache src/lola/learning/__pycache__
