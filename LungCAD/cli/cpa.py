"""`lungcad cpa`: signs of chronic pulmonary aspergillosis on a chest CT, and where they are."""

from __future__ import annotations

import argparse

from LungCAD.batch.cpa import write_scan
from LungCAD.batch.scans import PICTURES
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_ct, add_output, add_parameters, parameters_from, private_roles
from LungCAD.files import atomic_folder, refuse_results
from LungCAD.images import read_ct
from LungCAD.progress import part
from LungCAD.report.record import repeatable_command
from LungCAD.report.signs import nothing_present, present_signs, region_name
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks import cpa
from LungCAD.tasks.cpa import CpaParameters, CpaResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    add_ct(parser)
    add_method(parser)
    add_output(parser)


def add_method(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for any number of scans."""
    add_parameters(parser, CpaParameters)


def run(options: argparse.Namespace) -> int:
    """Read, search and write; the output folder appears when everything in it is complete."""
    parameters = parameters_from(options, CpaParameters())
    refuse_results(options.output, but_of="cpa")
    stopwatch = Stopwatch()
    with (
        atomic_folder(options.output, options.overwrite, stale=PICTURES) as folder,
        progress_bar(options.quiet) as progress,
    ):
        progress(0.0, "Reading")
        scan = read_ct(options.ct, options.series)
        stopwatch.lap("reading")
        result = cpa.run(scan.image, parameters, part(progress, 0.1, 0.9))
        stopwatch.lap("searching")
        progress(0.9, "Writing")
        roles = {str(options.ct): "CT", str(options.output): "OUT", parameters.weights: "WEIGHTS"}
        command = repeatable_command(["lungcad", *options.words], roles | private_roles(options))
        write_scan(folder, scan, result, parameters, command, stopwatch)
        progress(1.0, "Done")
    if not options.quiet:
        for warning in (*scan.warnings, *result.warnings):
            print(f"Warning: {warning}")
        print(summary(result, parameters.threshold))
        print(f"Report: {options.output / 'report.html'}")
    return 0


def summary(result: CpaResult, threshold: float) -> str:
    """Return the signs that are present in one line per region, or that there are none."""
    found: dict[str, list[str]] = {}
    for one in present_signs(result.signs, threshold):
        words = f"{one.sign.replace('_', ' ')} {100 * one.probability:.0f} %"
        found.setdefault(region_name(one.region), []).append(words)
    lines = [f"{region}: {', '.join(signs)}" for region, signs in found.items()]
    return "\n".join(lines) or nothing_present(result.signs)
