"""The packages that training needs beside the core."""

from __future__ import annotations

from importlib.util import find_spec

from LungCAD.errors import InputError

PACKAGES = ("lightning", "torchmetrics")


def require_training_packages() -> None:
    """Check that the extra `train` is installed; raises InputError."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise InputError(
            "training", f"needs {' and '.join(missing)}", "Install them: pip install lungcad[train]"
        )
