"""Tests of panels and logic run in the host: `pytest`. In Slicer the same files run as its own tests do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing import host

sys.path.append(str(Path(__file__).parent))  # as Slicer does: tests import what lies beside them
host.start()  # the test files import slicer and qt at their heads


@pytest.fixture
def slicer_app() -> Iterator[Any]:
    """The application, its scene empty; what goes wrong in a slot, a modal box or a thread fails the test."""
    yield from host.fresh_application()


@pytest.fixture(autouse=True)
def _every_test_in_the_host(slicer_app: Any) -> None:
    """TestCase classes cannot ask for fixtures."""
