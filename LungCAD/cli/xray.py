"""`lungcad xray`: both lungs on one radiograph, on a folder of them, or on those that a CSV lists."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.batch.xray_run import run_films
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, parameters_from, private_roles
from LungCAD.errors import InputError
from LungCAD.report.record import repeatable_command
from LungCAD.tasks.xray_lungs import XrayLungParameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    parser.add_argument(
        "source", type=Path, metavar="IMAGE|FOLDER|CSV", help="one film, a folder, or a CSV with column image"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="films at once (default: 8)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="decoding threads (default: 2)")
    add_parameters(parser, XrayLungParameters)
    add_output(parser)
    parser.set_defaults(resumable=True)


def run(options: argparse.Namespace) -> int:
    """Write masks/, results.csv, report.html and run.json; a run that was broken off is gone on with.

    Raises InputError, when they are written, where no film could be used.
    """
    roles = {str(options.source): "SOURCE", str(options.output): "OUT", **private_roles(options)}
    with progress_bar(options.quiet) as progress:
        done = run_films(
            options.source,
            options.output,
            parameters_from(options, XrayLungParameters()),
            batch=options.batch,
            workers=options.workers,
            overwrite=options.overwrite,
            command=repeatable_command(["lungcad", *options.words], roles),
            progress=progress,
        )
    if not options.quiet:
        for problem in done.failed.values():
            print(f"Not used: {problem}")
        used = done.films - len(done.failed)
        print(f"{used} film{'' if used == 1 else 's'}, {done.flagged} of them to look at: {done.report}")
    if len(done.failed) == done.films:
        raise InputError(options.source, "holds no film that can be used", f"See why in {done.report}")
    return 0
