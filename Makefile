# make demo   a server and two real players, kept together, seen and measured
# make test   everything; with another Python: make test PYTHON=python3.13
# Each target brings what it needs first (.ci/setup): Debian packages, and a .venv (.venv-3.13 for that Python).

PYTHON := python3
ifeq ($(PYTHON),python3)
INTERPRETER := python3
VENV := .venv
else
INTERPRETER := $(shell .ci/python $(PYTHON))
ifeq ($(INTERPRETER),)
$(error there is no $(PYTHON) to use)
endif
VENV := .venv-$(shell $(INTERPRETER) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
RUN := $(VENV)/bin/python
PAGES := $(wildcard man/*.[1-8])
# More than there are cores, since most tests wait: for a process, a player or a timer.
WORKERS := $(shell echo $$((3 * $$(nproc))))

# Where this machine forbids it, each process that a test starts would compile hangd anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-all demo demo-cluster test lint house bench bench-server bench-skew bench-rest bench-web bench-cluster memory damaged abuse man clean

help:
	@sed -n '1,/^$$/s/^# //p' $(MAKEFILE_LIST)
	@echo 'make demo-cluster  the same with three servers, of which one after the other is killed in mid-film'
	@echo 'make lint   ruff, mypy, import-linter, mandoc, and tsc and biome for the page'
	@echo 'make house  how large each folder is, and which folder imports from which (ARGS="--compare REV")'
	@echo 'make bench  the benchmarks, with their numbers'
	@echo 'make bench-server  what the room server costs, beside other servers (ARGS=--quick: a minute): 25 minutes'
	@echo 'make bench-skew  how far apart two viewers are, in picture and sound, beside Syncplay: 45 minutes'
	@echo 'make bench-rest  do two viewers show the same picture in 200 pauses of a heavy film (ARGS="--count 40"): 20 minutes'
	@echo 'make bench-web  the page beside hangd and other browsers, and what loading and joining cost: 15 minutes'
	@echo 'make bench-cluster  several servers beside one: how long a command takes, and what 5,000 clients cost: 10 minutes'
	@echo 'make memory  what the daemon needs after 500 films and 2,000 seeks: 15 minutes'
	@echo 'make damaged  2,000 damaged films: what becomes of the daemon (ARGS="--count 100 --seed 7"): 40 minutes'
	@echo 'make abuse  attack a server with the whole numbers of docs/security.md, and a million mutated frames (ARGS="--seed 8")'
	@echo 'make man    the manual pages as HTML, in build/man'
	@echo 'make clean  remove what was built'

setup:
	@PYTHON=$(INTERPRETER) VENV=$(VENV) .ci/setup

setup-all:
	@PYTHON=$(INTERPRETER) VENV=$(VENV) .ci/setup all

demo: setup
	@$(RUN) -m tests.demo

demo-cluster: setup-all
	@$(RUN) -m tests.demo_cluster

test: setup-all
ifdef ARGS
	$(RUN) -m pytest $(ARGS)
else
	.ci/test $(VENV) $(WORKERS)
endif

lint: setup-all
	$(RUN) -m ruff check hangd hangctl tools tests
	$(RUN) -m ruff format --check hangd hangctl tools tests
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	mandoc -T lint -W warning $(PAGES)
	npm --prefix tests/web run --silent lint

house: setup
	@$(RUN) -m tools.house $(ARGS)

bench: setup
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(RUN) -m "$$(echo "$${bench%.py}" | tr / .)" || exit 1; done

bench-server: setup-all
	$(RUN) -m tests.bench.server $(ARGS)

bench-skew: setup-all
	$(RUN) -m tests.bench.skew $(ARGS)

bench-rest: setup-all
	$(RUN) -m tests.bench.rest $(ARGS)

bench-web: setup-all
	$(RUN) -m tests.bench.web $(ARGS)

bench-cluster: setup-all
	$(RUN) -m tests.bench.cluster $(ARGS)

memory: setup-all
	$(RUN) -m tests.bench.memory $(ARGS)

damaged: setup-all
	$(RUN) -m tests.bench.damaged $(ARGS)

abuse: setup-all
	HANG_ABUSE=full $(RUN) -m pytest -rP tests/abuse
	$(RUN) -m tests.abuse.mutated $(ARGS)

man: setup
	@mkdir -p build/man
	@for page in $(PAGES); do mandoc -T html -O style=mandoc.css "$$page" > "build/man/$$(basename "$$page").html"; done
	@echo build/man

clean:
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
