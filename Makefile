# Everything runs from .venv, which the first command makes; nothing else needs to be installed by hand.
PYTHON ?= python3
# A pinned torch keeps every machine on the same build. The declared range in pyproject.toml is wide.
TORCH ?= torch==2.13.0
BIN := .venv/bin
EXTRAS := dev,train,slicer
# What VTK and Qt load to draw without a screen.
DRAWING := libegl1 libgl1 libgl1-mesa-dri libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0 libx11-6 fonts-dejavu-core

# A process for each core, each up to two gigabytes; a file's tests share what they have made.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() or 1))')
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
apt = { $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1); }

.PHONY: demo test test-slow bench lint clean

demo: .venv/ready
	$(BIN)/lungcad demo --overwrite -o demo

test: .venv/ready
	$(PYTEST)

test-slow: .venv/ready
	$(PYTEST) -m "slow or not slow"

# The peers that we measure ourselves against need a C++ compiler; without them the bench says so.
bench: .venv/ready
	-$(BIN)/python -m pip install --quiet --editable ".[peers]"
	$(BIN)/lungcad bench crf
	$(BIN)/lungcad bench lungs
	$(BIN)/lungcad bench few-shot
	$(BIN)/lungcad bench patches
	$(BIN)/lungcad bench xray
	$(BIN)/lungcad bench ild
	$(BIN)/lungcad bench ild-scores --generator Testing/second_generator.py
	$(BIN)/lungcad bench detection --cross Testing/second_generator.py
	$(BIN)/lungcad bench cpa --cross Testing/second_generator_cpa.py
	$(BIN)/lungcad bench propagation --cross Testing/second_generator.py

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv)
	@! command -v apt-get >/dev/null || { /sbin/ldconfig -p | grep -q libEGL.so.1 && /sbin/ldconfig -p | grep -q libxkbcommon.so.0; } \
		|| $(call apt,$(DRAWING))
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --editable ".[$(EXTRAS)]"
	@touch $@

clean:
	rm -rf .venv demo build dist *.egg-info
