"""`lungcad info`: say what is in a file or folder and whether it is fit for use."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.images import Description, describe
from LungCAD.report.cautions import find_cautions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("path", metavar="PATH", type=Path, help="image file, DICOM file or DICOM folder")
    parser.add_argument("--series", metavar="UID", help="series of a DICOM folder to look at closely")


def run(options: argparse.Namespace) -> int:
    """Print the description; exit code 2 where nothing in it can be used."""
    description = describe(options.path, options.series)
    print(description)
    if description.kind == "CT" and description.facts:
        _print_cautions(description)
    return 0 if description.usable else 2


def _print_cautions(description: Description) -> None:
    """Say what will cast doubt on the densitometry, before anyone draws."""
    between_slices = next(
        step for axis, step in zip(description.orientation, description.spacing, strict=True) if axis in "SI"
    )
    for caution in find_cautions(description.facts, between_slices, mean_hu=None):
        print(f"  caution      {caution.text}")
