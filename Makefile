# The commands of the project; each sets up what it needs in .venv first.
#
#   make quick                              real numbers in three minutes: what the LOLA paper says of exact gradients
#   make reproduce                          the LOLA paper's study, then its report
#   make reproduce PAPER=sos                another paper's, config/sos/study.yaml; PAPER=all runs all
#   make reproduce PROFILE=slurm            on a cluster (docs/cluster.md)
#   make reproduce CONFIG=config/games.yaml a study with an overlay laid over it; CONFIG=scale is config/lola/scale.yaml
#
# A paper, an overlay's name or its path may also stand alone: make reproduce sos, make ui quick.

PYTHON ?= python3

# What the user's environment tells other Pythons is not for this one. What else a command needs, it sets up itself.
unexport $(filter PYTHON%,$(.VARIABLES))
export PYTHONUTF8 := 1

TARGETS := help reproduce report explain verify test check lint ui bench bench-gpu docs ledger lock clean
SHORT := quick smoke# targets alone, overlays beside another target
NAMED := $(filter-out $(TARGETS) .venv/% $(if $(filter $(TARGETS),$(MAKECMDGOALS)),,$(SHORT)),$(MAKECMDGOALS))
PAPERS := $(patsubst config/%/study.yaml,%,$(wildcard config/*/study.yaml)) all
OVERLAYS := $(filter-out study claims claims-%,$(basename $(notdir $(wildcard config/*/*.yaml))))
ifneq ($(filter-out $(PAPERS) $(OVERLAYS) %.yaml %.yml,$(NAMED)),)
$(error There is no target, paper or overlay "$(filter-out $(PAPERS) $(OVERLAYS) %.yaml %.yml,$(NAMED))". Type make for the targets; papers: $(PAPERS); overlays: $(sort $(OVERLAYS)), or a path)
endif
ifneq ($(NAMED),)
ifeq ($(filter $(TARGETS) $(SHORT),$(MAKECMDGOALS)),)
$(error What shall be done with $(NAMED)? Type: make reproduce $(NAMED))
endif
.PHONY: $(NAMED)
$(NAMED): ; @:
endif
PAPER := $(or $(PAPER),$(paper),$(filter $(PAPERS),$(NAMED)))
CONFIG := $(or $(CONFIG),$(config),$(filter-out $(PAPERS),$(NAMED)))
QUOTED = '$(subst ','\'',$(1))'# one word for the shell, which takes nothing in it for its own
# A path with blanks is one overlay; words that are no such path are several.
BLANKS = $(if $(word 2,$(CONFIG)),$(shell [ -e $(call QUOTED,$(CONFIG)) ] && echo yes))
OVERLAID = $(if $(BLANKS),$(call QUOTED,$(CONFIG)),$(foreach name,$(CONFIG),$(call QUOTED,$(name))))
STUDY = $(if $(PAPER),--paper $(call QUOTED,$(PAPER))) $(OVERLAID)
ON = $(if $(or $(PROFILE),$(profile)),--profile $(call QUOTED,$(or $(PROFILE),$(profile))))

# PyTorch for CPUs alone is a fourth as large. For Linux PyPI does not have it, but PyTorch's own index does.
CPU_BUILDS := https://download.pytorch.org/whl/cpu
WITHOUT_GPU = $(shell [ "$$(uname -sm)" = "Linux x86_64" ] && ! command -v nvidia-smi > /dev/null && echo yes)
REACHED = $(shell $(PYTHON) -c 'from urllib.request import urlopen; urlopen("$(CPU_BUILDS)/torch/", timeout=5)' 2> /dev/null && echo yes)
FROM = $(if $(WITHOUT_GPU),$(if $(REACHED),--extra-index-url $(CPU_BUILDS)))

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell pwd | cksum | cut -d " " -f 1)# named after the folder, so that a moved project notices

.DEFAULT_GOAL := help
.PHONY: $(TARGETS) $(SHORT) again

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "After reproduce, explain, verify and ui a paper or an overlay may stand, or PAPER= and CONFIG=:"
	@echo "  papers: $(PAPERS)"
	@echo "  overlays: $(sort $(OVERLAYS)), or a path as config/games.yaml"
	@echo "Another Python for .venv: make PYTHON=python3.12 …"

HASHED := --quiet --no-config --no-deps --universal --generate-hashes --no-annotate --no-header
BUILDS_WITH := 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'
CACHED = $(shell [ -w "$${XDG_CACHE_HOME:-$$HOME}" ] && echo yes)# pip builds nothing where it can't cache it
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CACHED),,--no-cache-dir)

# First what builds, since PyPI has one package as source alone. Then all others by their hashes, but for PyTorch: its own
# index and PyPI have different builds of one version. It goes by its version, and pins what it needs for CUDA itself.
# PEP 517 makes a wheel of what is built: an old pip would else install an egg.
$(VENV)/.locked: requirements.lock requirements.hashes $(if $(realpath $(BIN)/python),,again)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, but " + sys.executable + " is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) from requirements.lock (once, a few minutes; 2 GB, or 6 GB with CUDA)"
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^setuptools==/,/[^\\]$$/p' requirements.hashes > $(VENV)/build.txt
	@$(PIP) --require-hashes --requirement $(VENV)/build.txt
	@$(PIP) --require-hashes --no-build-isolation --use-pep517 --requirement requirements.hashes
	@$(PIP) $(FROM) --requirement requirements.lock
	@$(BIN)/python -c 'import torch, numba' || { echo "What was installed in $(VENV) can't be loaded: see above. Is the disk mounted noexec? Then put the project on another one."; exit 1; }
	@touch $@

$(READY): $(VENV)/.locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

reproduce: $(READY) ## train, draw, tabulate, check the claims, write the report
	@$(BIN)/python -m lola.commands.reproduce $(ON) $(STUDY)

ifeq ($(filter $(SHORT),$(NAMED)),)
quick: ## real numbers in three minutes, into results/lola-quick: what the LOLA paper says of exact gradients
	@$(MAKE) --no-print-directory reproduce $(if $(PAPER),PAPER=$(call QUOTED,$(PAPER))) CONFIG=$(call QUOTED,$(strip quick $(CONFIG)))

smoke: ## every kind of job, tiny, into results/lola-smoke; its numbers mean nothing
	@$(MAKE) --no-print-directory reproduce $(if $(PAPER),PAPER=$(call QUOTED,$(PAPER))) CONFIG=$(call QUOTED,$(strip smoke $(CONFIG)))
endif

report: reproduce ## results/lola/report.html (part of reproduce)

explain: $(READY) ## what would run again, and why
	@$(BIN)/python -m lola.commands.audit explain $(STUDY)

verify: $(READY) ## hold every recorded digest against today's settings, code and files
	@$(BIN)/python -m lola.commands.audit verify $(STUDY)

test: $(READY) ## all tests, those of whole studies beside the others
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --max-worker-restart 0

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

bench-gpu: $(READY) ## the Coin Game on a GPU: at the paper's scale, its test, its rows of the bench
	@$(BIN)/python -m lola.bench.scale
	@$(BIN)/python -m pytest -q -k gpu tests/learning/coins
	@$(BIN)/python -m lola.bench coin_game

ledger: $(READY) ## read off git when each rule of the claims was fixed
	@$(BIN)/python -m lola.commands.ledger

docs: PAPER := $(or $(PAPER),all)
docs: ## bring README and docs up to date with the results of all papers
	@$(MAKE) --no-print-directory reproduce PAPER=$(PAPER)
	@$(if $(filter all lola,$(PAPER)),$(MAKE) --no-print-directory reproduce PAPER=lola CONFIG=exploration)
	@$(BIN)/python -m lola.commands.docs --paper $(PAPER)

lock: ## resolve pyproject.toml anew into requirements.lock, and look up the hashes
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --editable '.[dev]' uv
	@{ head -1 requirements.lock; $(BIN)/python -m pip freeze --exclude-editable --exclude uv --exclude setuptools | sed 's/+cpu$$//'; } > requirements.new
	@mv requirements.new requirements.lock
	@{ head -2 requirements.hashes; { grep -v '^torch==' requirements.lock; $(BIN)/python -c $(BUILDS_WITH); } | $(BIN)/python -m uv pip compile $(HASHED) -; } > requirements.new
	@mv requirements.new requirements.hashes

clean: ## remove everything made, keep the environment
	@find -H results -mindepth 1 ! -name README.md -delete
	@rm -rf .snakemake .pytest_cache .ruff_cache src/lola/learning/__pycache__
