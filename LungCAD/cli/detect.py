"""`lungcad detect`: which slices of a CT show interstitial lung disease."""

from __future__ import annotations

import argparse

from LungCAD.batch.detection import REPORT, write_scan
from LungCAD.batch.scans import PICTURES
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_ct, add_output, add_parameters, parameters_from, private_roles
from LungCAD.files import atomic_folder, refuse_results
from LungCAD.images import read_ct
from LungCAD.progress import part
from LungCAD.report.detection import verdict
from LungCAD.report.findings import Finding
from LungCAD.report.numbers import format_number
from LungCAD.report.record import repeatable_command
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks import ild_detection
from LungCAD.tasks.ild_detection import IldDetectionParameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    add_ct(parser)
    add_method(parser)
    add_output(parser)


def add_method(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for any number of cases."""
    add_parameters(parser, IldDetectionParameters)


def run(options: argparse.Namespace) -> int:
    """Read, detect and write; the output folder appears when everything in it is complete."""
    parameters = parameters_from(options, IldDetectionParameters())
    refuse_results(options.output, but_of="detect")
    stopwatch = Stopwatch()
    with (
        atomic_folder(options.output, options.overwrite, stale=PICTURES) as folder,
        progress_bar(options.quiet) as progress,
    ):
        progress(0.0, "Reading")
        scan = read_ct(options.ct, options.series)
        stopwatch.lap("reading")
        result = ild_detection.run(scan.image, parameters, part(progress, 0.1, 0.8), facts=scan.facts)
        stopwatch.lap("detecting")
        progress(0.8, "Writing")
        write_scan(folder, scan, result, parameters, _command(options), stopwatch)
        progress(1.0, "Done")
    if not options.quiet:
        for warning in (*scan.warnings, *result.warnings):
            print(f"Warning: {warning}")
        for disease in result.findings.diseases:
            print(f"{disease.name:24s} {_said(disease)}")
        print(f"Report: {options.output / REPORT}")
    return 0


def _said(disease: Finding) -> str:
    if disease.probability is None:
        return verdict(disease)
    shown = ", ".join(one.slices for one in disease.ranges)
    slices = f", slices {shown}" if shown else ""
    return f"{verdict(disease)} ({format_number(disease.probability, 2)}){slices}"


def _command(options: argparse.Namespace) -> str:
    roles = {str(options.ct): "CT", str(options.output): "OUTPUT"}
    return repeatable_command(["lungcad", *options.words], roles | private_roles(options))
