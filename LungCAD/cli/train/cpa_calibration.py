"""`lungcad train cpa-calibration`: fit what 0.5 means to ticked scans that the networks have not seen."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_workers, at_least_one
from LungCAD.cli.train.cpa import FIRST_UNSEEN
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.progress import Progress
from LungCAD.report.record import repeatable_command
from LungCAD.tasks.cpa.networks import TASKS, find_networks
from LungCAD.train.cpa.cases import Case
from LungCAD.train.cpa.phantoms import phantom_cases
from LungCAD.train.cpa.scans import scan_cases
from LungCAD.train.cpa.sheets import read_sheets
from LungCAD.train.extra import require_training_packages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scans", type=Path, metavar="CSV", help="one row per scan: patient, image, disease")
    source.add_argument(
        "--phantoms",
        type=at_least_one,
        metavar="N",
        help="so many synthetic patients, signs as often as in the cohort",
    )
    parser.add_argument(
        "--regions", type=Path, metavar="CSV", help="with --scans: one row per region, its signs"
    )
    parser.add_argument(
        "--weights",
        default="",
        metavar="PATH",
        help="networks, a file or a folder (default: the shipped ones)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        choices=TASKS,
        metavar="TASK",
        help="these tasks alone, such as: cavity",
    )
    parser.add_argument(
        "--projections",
        type=Path,
        metavar="FOLDER",
        help="keep projections there and use those that are there, such as those of a training",
    )
    add_workers(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, calibrate, write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.cpa.calibration import calibrate, calibration_rows, write_calibrated
    from LungCAD.train.cpa.scores import markdown

    if options.regions and not options.scans:
        raise InputError("--regions", "belongs to scans that readers ticked", "Give --scans too")
    networks = [
        network
        for network in find_networks(options.weights)
        if not network.shipped and (not options.only or network.task in options.only)
    ]
    if not networks:
        raise InputError("--only", f"{' '.join(options.only)} leaves no network", "Ask for what they tell")
    with (
        atomic_folder(options.output, options.overwrite) as folder,
        tempfile.TemporaryDirectory(prefix="lungcad-") as scratch,
        progress_bar(options.quiet) as progress,
    ):
        cases, data, warnings = _cases(options, options.projections or Path(scratch), progress)
        found = calibrate(networks, cases)
        write_calibrated(folder, networks, found, data, _command(options))
    if not options.quiet:
        for warning in warnings:
            print(f"Warning: {warning}")
        print(markdown(calibration_rows(found)))
        print(f"Networks: {options.output}")
    return 0


def _cases(options: argparse.Namespace, kept: Path, progress: Progress) -> tuple[list[Case], str, list[str]]:
    """Return the cases, what they are, in words, and sentences on what is wrong with scans."""
    if options.scans:
        cases, warnings = scan_cases(read_sheets(options.scans, options.regions), kept, progress)
        patients = len({case.patient for case in cases})
        return cases, f"{len(cases)} scans of {patients} patients, ticked by readers.", warnings
    seeds = range(FIRST_UNSEEN, FIRST_UNSEEN + options.phantoms)
    cases = phantom_cases(seeds, kept, uniform=False, progress=progress, workers=options.workers)
    return cases, f"{len(cases)} phantom scans of {len(seeds)} thoraxes, seeds {seeds[0]} to {seeds[-1]}.", []


def _command(options: argparse.Namespace) -> str:
    names = ("scans", "regions", "weights", "projections", "output")
    roles = {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
    return repeatable_command(["lungcad", *options.words], roles)
