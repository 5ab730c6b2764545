# The README's two commands, and the shortcuts that people and CI share.

VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format lock bench clean help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(VENV)/.installed-demo ## simulate a scene, map it, load it, ask it; NO_SERVE=1 stops there
	$(BIN)/pytheas demo --workdir demo $(if $(NO_SERVE),--no-serve)

test: $(VENV)/.installed-dev ## everything that CI runs
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/check

check: test

format: $(VENV)/.installed-dev ## rewrite the sources in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve the dependencies anew into constraints.txt
	scripts/lock

bench: $(VENV)/.installed-dev ## run the benchmarks; prints tables, judges nothing
	@for script in benchmarks/*.py; do $(BIN)/python $$script; done

clean: ## remove the environment and what the demo made
	rm -rf $(VENV) demo

$(VENV)/.installed-%: pyproject.toml constraints.txt scripts/install
	scripts/install $(VENV) $*
	@touch $@
