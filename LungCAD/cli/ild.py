"""`lungcad ild`: patterns of interstitial lung disease on every slice of a CT."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.batch.ild import REPORT, write_ild_case
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_ct, add_output, add_parameters, parameters_from, private_roles
from LungCAD.files import atomic_folder, refuse_inputs, refuse_results
from LungCAD.images import read_ct, read_labels
from LungCAD.labels import load_schema
from LungCAD.progress import part
from LungCAD.report.measurements import BOTH_LUNGS
from LungCAD.report.numbers import format_number
from LungCAD.report.record import repeatable_command
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks import ild_segmentation
from LungCAD.tasks.ild_segmentation import IldSegmentationInputs, IldSegmentationParameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    add_ct(parser)
    parser.add_argument(
        "--lungs", type=Path, help="lung mask (1 right, 2 left); segmented where none is given"
    )
    add_method(parser)
    add_output(parser)


def add_method(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for any number of cases."""
    add_parameters(parser, IldSegmentationParameters)


def run(options: argparse.Namespace) -> int:
    """Read, segment and write; the output folder appears when everything in it is complete."""
    parameters = parameters_from(options, IldSegmentationParameters())
    refuse_results(options.output, but_of="ild")
    refuse_inputs(options.output, (options.lungs,))
    stopwatch = Stopwatch()
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        progress(0.0, "Reading")
        scan = read_ct(options.ct, options.series)
        lungs = read_labels(options.lungs, load_schema("lungs"), scan.image) if options.lungs else None
        inputs = IldSegmentationInputs(scan.image, lungs, scan.facts)
        stopwatch.lap("reading")
        result = ild_segmentation.run(inputs, parameters, part(progress, 0.05, 0.9))
        stopwatch.lap("segmenting")
        progress(0.9, "Writing")
        write_ild_case(folder, scan, inputs, result, parameters, _command(options), stopwatch)
        progress(1.0, "Done")
    if not options.quiet:
        for warning in (*scan.warnings, *result.warnings):
            print(f"Warning: {warning}")
        for share in result.measurements.of_region(BOTH_LUNGS.code):
            if share.percent:
                print(f"{share.name:24s} {format_number(share.percent):>5s} % of the lung")
        print(f"Report: {options.output / REPORT}")
    return 0


def _command(options: argparse.Namespace) -> str:
    roles = {str(getattr(options, name)): name.upper() for name in ("ct", "lungs", "output")}
    return repeatable_command(["lungcad", *options.words], roles | private_roles(options))
