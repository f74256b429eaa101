"""Tests of the host itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from Testing import host

host.start()


@pytest.fixture
def slicer_app() -> Iterator[Any]:
    yield from host.fresh_application()
