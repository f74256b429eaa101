"""The file of a benchmark's numbers, tried before anything is measured: benchmarks take minutes to hours."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from LungCAD.errors import InputError
from LungCAD.files import write_json


def add_json(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add --json, by `more` names as well, and --overwrite."""
    help = "file for every number"
    parser.add_argument(*more, "--json", dest="json", type=Path, metavar="FILE", help=help)
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")


def require_json(options: argparse.Namespace) -> None:
    """Raise InputError where the file that the options of `add_json` name cannot be written."""
    path: Path | None = options.json
    if path is None:
        return
    if path.exists() and not options.overwrite:
        raise InputError(path, "exists already", "Choose another name, or allow overwriting (--overwrite)")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(path.parent, f"cannot be written to ({error.strerror})", "Check the path") from error


def write_numbers(options: argparse.Namespace, numbers: Mapping[str, Any]) -> None:
    """Write the numbers where the options ask for it."""
    if options.json is not None:
        write_json(options.json, numbers, options.overwrite)
