# `make demo` and `make test` each work alone on a fresh machine with Python 3.11 or newer.

PYTHON ?= python3
BIN := .venv/bin
# Tests write thousands of files that are synced; in memory that waits for no disk.
IN_MEMORY := $(shell test "$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 {print $$4}')" -gt 2000000 2>/dev/null && echo TMPDIR=/dev/shm)

.PHONY: install demo test test-gpu lint check docs bench torture clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: install
	@$(BIN)/lstmgen demo

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# To rewrite 300 files for their assertions takes each worker nine seconds; what fails runs again with them told in full. Tests that lie side
# by side go to one worker, so what they share is made once.
check: install
	$(IN_MEMORY) $(BIN)/pytest -n 2 --dist worksteal -m 'not slow' --assert=plain || { $(BIN)/pytest -n 2 --last-failed --last-failed-no-failures none; exit 1; }

test: install
	@$(MAKE) -j2 --no-print-directory lint check  # types are checked on one core while the tests begin

test-gpu: install
	$(BIN)/pytest -m gpu

torture: install
	$(BIN)/pytest -q -n 2 -m "not slow" --hypothesis-profile search tests  # new draws of every law
	$(BIN)/python tests/torture/run.py  # hours of faults; a short part of each campaign runs in `make test`

docs: install
	$(BIN)/python docs/generate_cli.py

bench: install
	$(BIN)/python benchmarks/tinyshakespeare.py

clean:
	rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis
