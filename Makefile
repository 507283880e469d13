# make demo    the embedded data through the whole pipeline, to a page
# make test    the tests, JOBS at once; make test-slow: the longer ones
# make fuzz    damaged files for every reader, FUZZ_SECONDS for each
# make lint    format, lint and type checks

SHELL := /bin/bash
# The first that runs and fits: a version manager's shim may be there and fail.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
DEMO ?= demo
JOBS ?= 2
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
# A file's tests stay in one process: they share what is trained for them.
# Files run in the order of tests/conftest.py, which puts long ones first.
TESTS := $(BIN)/pytest --numprocesses=$(JOBS) --dist=loadfile \
  --no-loadscope-reorder

.PHONY: demo test test-slow fuzz lint clean

$(VENV)/bin/python:
	@$(or $(PYTHON),false) -c '$(FITS)' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: setup.py constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: setup.py constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(VENV)/.demo
	@echo "1/4 rendering scenes"
	@$(RUN) pipeline.scenes --output=$(DEMO)/scenes
	@echo "2/4 encoding images"
	@$(RUN) pipeline.main --annotations=$(DEMO)/scenes/captions.jsonl \
	  --images=$(DEMO)/scenes --output=$(DEMO)/records --num_shards=4
	@echo "3/4 training"
	@$(RUN) trainer.main --mode=train --gin_file=gin/run_demo.gin \
	  --gin_param="RECORDS = '$(DEMO)/records'" \
	  --gin_param="evaluate.truth = '$(DEMO)/scenes/truth.jsonl'" \
	  --run_dir=$(DEMO)/run
	@echo "4/4 captions, scores and page"
	@$(RUN) trainer.main --mode=evaluate --run_dir=$(DEMO)/run

test: $(VENV)/.test
	$(TESTS) -m "not slow"

test-slow: $(VENV)/.test
	$(TESTS) -m slow

FUZZ_SECONDS ?= 600
fuzz: $(VENV)/.test
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/pytest tests/whole/fuzz_test.py

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf $(DEMO) build dist *.egg-info
