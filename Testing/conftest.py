"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is loaded; as the lungcad command does
if beside := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    own = str(max(1, (os.cpu_count() or 1) // beside))  # processes that share the cores do not fight for them
    for variable in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ.setdefault(variable, own)

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real images (LUNGCAD_DATA, or shared/data beside the checkout); skips without one."""
    folder = Path(os.environ.get("LUNGCAD_DATA", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no real images: {folder} is not a folder; set LUNGCAD_DATA")
    return folder
