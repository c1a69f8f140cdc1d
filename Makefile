# One-word tasks. `make demo` and `make test` are all that a fresh machine with Python 3.11 or newer needs.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
READY  := $(VENV)/.installed

.PHONY: demo test test-web lint types layers docs bench e2e postgres durability ray screenshots messages model clean help

help:            ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 16

# torch comes first and pinned: a range would bring gigabytes of GPU packages with it.
$(READY): pyproject.toml constraints.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing crowdsft into $(VENV) (about two minutes the first time)"
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[train,postgres,dev]'
	@touch $(READY)

demo: $(READY)   ## Watch a crowd improve a model: the platform, a sample campaign, simulated contributors
	$(BIN)/crowdsft demo $(ARGS)

test: $(READY)   ## All tests but the browser's, PostgreSQL's and the long ones
	$(RUN) $(BIN)/python -m pytest -m "not e2e and not durability and not slow and not ray" $(ARGS)

lint: $(READY)   ## ruff, formatting, and the import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)  ## mypy --strict
	$(BIN)/mypy

docs: $(READY)   ## Build the documentation; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

bench: $(READY)  ## Side-by-side measurements, on a quiet machine
	@for file in benchmarks/*.py; do echo "== $$file"; $(RUN) $(BIN)/python $$file || exit 1; done

e2e: $(READY)    ## Browser journeys in a real Chromium
	$(RUN) $(BIN)/python -m pytest -m e2e $(ARGS)

postgres: $(READY) ## The database tests on PostgreSQL; set CROWDSFT_DATABASE_URL
	@test -n "$$CROWDSFT_DATABASE_URL" || { echo "Set CROWDSFT_DATABASE_URL=postgres://user:password@127.0.0.1/name"; exit 2; }
	$(RUN) $(BIN)/python -m pytest tests/web -m "not e2e" $(ARGS)

durability: $(READY) ## Sixty real SIGKILLs at named and random points
	$(RUN) $(BIN)/python -m pytest tests/durability -m durability -s $(ARGS)

ray: $(READY)    ## A campaign on a small Ray cluster of this machine, a node of which is killed
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[ray]'
	$(RUN) $(BIN)/python -m pytest tests/ray -m ray $(ARGS)

screenshots: $(READY) ## Take the pictures in docs/screenshots again
	$(RUN) $(BIN)/python -m tests.e2e.screenshots docs/screenshots $(ARGS)

messages: $(READY) ## Collect the texts of the pages into the catalogues of translations, and compile them
	$(BIN)/python scripts/messages.py $(ARGS)

model: $(READY)  ## Rebuild the built-in tiny model (about a minute)
	$(RUN) $(BIN)/python -m crowdsft.training.tiny.build

clean:           ## Remove the virtual environment and what tools left behind
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
