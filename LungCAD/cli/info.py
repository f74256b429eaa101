"""`lungcad info`: say what is in a file or folder and whether it is fit for use."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.images import describe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("path", metavar="PATH", type=Path, help="image file, DICOM file or DICOM folder")
    parser.add_argument("--series", metavar="UID", help="series of a DICOM folder to look at closely")


def run(options: argparse.Namespace) -> int:
    """Print the description; exit code 2 where nothing in it can be used."""
    description = describe(options.path, options.series)
    print(description)
    return 0 if description.usable else 2
