"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded; as the lungcad command does

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real images (LUNGCAD_DATA, or shared/data beside the checkout); skips without one."""
    folder = Path(os.environ.get("LUNGCAD_DATA", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no real images: {folder} is not a folder; set LUNGCAD_DATA")
    return folder
