"""`lungcad lungs`: segment both lungs and their six zones."""

from __future__ import annotations

import argparse

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_ct, add_output
from LungCAD.files import atomic_folder, refuse_results
from LungCAD.images import read_ct, write_image, write_segmentation
from LungCAD.labels import load_schema
from LungCAD.lungs import lung_zones, segment_lungs
from LungCAD.progress import part
from LungCAD.report.densitometry import densitometry
from LungCAD.report.tables import write_densitometry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_ct(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Write lungs.seg.nrrd, zones.nii.gz and densitometry.csv."""
    refuse_results(options.output)
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        progress(0.0, "Reading")
        scan = read_ct(options.ct, options.series)
        lungs = segment_lungs(scan.image, progress=part(progress, 0.1, 0.9))
        write_segmentation(lungs, load_schema("lungs"), folder / "lungs.seg.nrrd")
        write_image(lung_zones(lungs), folder / "zones.nii.gz")
        write_densitometry(folder / "densitometry.csv", densitometry(scan.image, lungs, scan.facts))
    if not options.quiet:
        for warning in scan.warnings:
            print(f"Warning: {warning}")
        print(f"Wrote lungs.seg.nrrd, zones.nii.gz and densitometry.csv to {options.output}")
    return 0
