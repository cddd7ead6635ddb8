PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: compare test test-all test-minimum coverage fuzz mutants lint docs wheel bench constraints clean

compare: $(VENV)/.run ## Compare the baseline with a fine-tuned transformer
	$(BIN)/agnews-sk compare $(ARGS)

# The tests start many processes, each of which would compile the modules again.
test test-all test-minimum coverage: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.dev ## Run all tests except the slow ones
	$(BIN)/python -m pytest -m "not slow" $(or $(ARGS),-n 2 --dist worksteal)

test-all: $(VENV)/.dev $(VENV)/mlflow/.done ## Run all tests
	$(BIN)/python -m pytest $(ARGS)

coverage: $(VENV)/.dev ## Run all tests except the slow ones, and report their coverage
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal --cov $(ARGS)

test-minimum: $(VENV)/minimum/.done ## Run the tests on the lowest supported versions
	$(VENV)/minimum/bin/python -m pytest -m "not slow" $(or $(ARGS),-n 2 --dist worksteal)

fuzz: $(VENV)/.fuzz ## Fuzz the file readers for a minute each
	for target in tests/fuzz/fuzz_*.py; do \
	  PYTHONPATH=. $(BIN)/python $$target -max_total_time=60 $(ARGS) || exit 1; done

mutants: $(VENV)/.mutants ## Run mutation tests, and show the surviving mutants
	mkdir -p build
	export PATH="$(abspath $(BIN)):$$PATH"; \
	for room in $(or $(ARGS),cleaning tokenization vectorization evaluation); do \
	  config=tests/mutation/$$room.toml; session=build/mutants-$$room.sqlite; rm -f $$session; \
	  cosmic-ray init $$config $$session && cr-filter-operators $$session $$config && \
	  cosmic-ray exec $$config $$session && cr-report --surviving-only --show-diff $$session \
	    || exit 1; done

docs: $(VENV)/.docs ## Build the documentation into docs/_build/html and check its links
	rm -rf docs/gallery docs/reference/generated
	$(BIN)/python -m sphinx -W --keep-going -q -b html $(ARGS) docs docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html

wheel: $(VENV)/.build ## Build the distributions into dist, and try the wheel in an environment of its own
	rm -rf dist $(VENV)/wheel
	$(BIN)/python -m build --outdir dist
	$(PYTHON) -m venv $(VENV)/wheel
	$(VENV)/wheel/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt "$$(ls dist/*.whl)[offline,plot]"
	$(BIN)/python -m tests.project.quickstart $(VENV)/wheel

bench: $(VENV)/.dev $(VENV)/fasttext/.done $(VENV)/setfit/.done ## Run the benchmarks on the rows of AGNEWS_SK_DATA
	FASTTEXT_PYTHON=$(VENV)/fasttext/bin/python SETFIT_PYTHON=$(VENV)/setfit/bin/python \
	  $(BIN)/python benchmarks/run_all.py $(ARGS)

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(VENV)/.run: pyproject.toml constraints.txt Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[offline,plot]"
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) --editable ".[all,test,lint,bench,neighbours]"
	touch $@

$(VENV)/.build: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) build
	touch $@

$(VENV)/.docs: $(VENV)/.run
	$(PIP) --editable ".[all,docs]"
	touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(PIP) --editable ".[fuzz]"
	touch $@

$(VENV)/.mutants: $(VENV)/.dev
	$(PIP) --editable ".[mutants]"
	touch $@

$(VENV)/minimum/.done: pyproject.toml constraints-minimum.txt
	$(PYTHON) -m venv $(VENV)/minimum
	$(VENV)/minimum/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints-minimum.txt --editable ".[all,test]"
	touch $@

# fastText is compiled from source and has its own constraints.
$(VENV)/fasttext/.done: benchmarks/constraints-fasttext.txt
	$(PYTHON) -m venv $(VENV)/fasttext
	$(VENV)/fasttext/bin/python -m pip install --quiet --requirement $<
	touch $@

# MLflow's server needs an older pandas than the package does. See docs/tracking.md.
$(VENV)/mlflow/.done: tests/mlflow/constraints-server.txt
	$(PYTHON) -m venv $(VENV)/mlflow
	$(VENV)/mlflow/bin/python -m pip install --quiet --requirement $<
	touch $@

# SetFit may come to need other versions than the package does.
$(VENV)/setfit/.done: benchmarks/constraints-setfit.txt
	$(PYTHON) -m venv $(VENV)/setfit
	$(VENV)/setfit/bin/python -m pip install --quiet --requirement $<
	touch $@

constraints: $(VENV)/.dev ## Write the installed versions to constraints.txt
	{ $(BIN)/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools \
	  | sed 's/+cpu$$//'; grep '^all-mpnet-base-v2' constraints.txt; } | sort -fu > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/_build docs/gallery \
	  docs/reference/generated
