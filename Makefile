# make demo   a server and two real players, kept together, seen and measured
# make test   everything
# Each target brings what it needs first (.ci/setup): Debian packages, and a .venv.

PYTHON := .venv/bin/python
PAGES := $(wildcard man/*.[1-8])
# More than there are cores, since most tests wait: for a process, a player or a timer.
WORKERS := $(shell echo $$((3 * $$(nproc))))

.PHONY: help setup setup-all demo test lint house bench bench-skew man clean

help:
	@sed -n 's/^# //p' $(MAKEFILE_LIST)
	@echo 'make lint   ruff, mypy, import-linter, mandoc'
	@echo 'make house  how large each folder is, and which folder imports from which (ARGS="--compare REV")'
	@echo 'make bench  the benchmarks, with their numbers'
	@echo 'make bench-skew  how far apart two viewers are, in picture and sound, beside Syncplay: 45 minutes'
	@echo 'make man    the manual pages as HTML, in build/man'
	@echo 'make clean  remove what was built'

setup:
	@.ci/setup

setup-all:
	@.ci/setup all

demo: setup
	@$(PYTHON) -m tests.demo

test: setup-all
ifdef ARGS
	$(PYTHON) -m pytest $(ARGS)
else
	$(PYTHON) -m pytest -m "not real" --numprocesses=$(WORKERS)
	$(PYTHON) -m pytest -m "real and not timed" --numprocesses=$(WORKERS) --dist=loadfile
	$(PYTHON) -m pytest -m "real and timed"
endif

lint: setup
	$(PYTHON) -m ruff check hangd hangctl tools tests
	$(PYTHON) -m ruff format --check hangd hangctl tools tests
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	mandoc -T lint -W warning $(PAGES)

house: setup
	@$(PYTHON) -m tools.house $(ARGS)

bench: setup
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(PYTHON) -m "$$(echo "$${bench%.py}" | tr / .)" || exit 1; done

bench-skew: setup-all
	$(PYTHON) -m tests.bench.skew $(ARGS)

man: setup
	@mkdir -p build/man
	@for page in $(PAGES); do mandoc -T html -O style=mandoc.css "$$page" > "build/man/$$(basename "$$page").html"; done
	@echo build/man

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
