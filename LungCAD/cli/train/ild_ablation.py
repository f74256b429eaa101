"""`lungcad train ild-ablation`: all rows of LungNet's tables on phantoms, beside the paper's numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import (
    add_config,
    add_output,
    add_parameters,
    add_workers,
    configured,
    parameters_from,
)
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.report.record import repeatable_command
from LungCAD.train.extra import require_training_packages
from LungCAD.train.ild.ablation_rows import ROWS, AblationParameters, Row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    parser.add_argument(
        "--rows", nargs="+", metavar="NAME", help="only these, as the paper calls them; all rows otherwise"
    )
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every training there, and go on from it"
    )
    add_workers(parser)
    add_config(parser)
    add_parameters(parser, AblationParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Train, score, write, print the table."""
    require_training_packages()
    from LungCAD.train.ild.ablation import run_ablation
    from LungCAD.train.ild.ablation_report import table, write_ablation

    parameters = parameters_from(options, configured(options, AblationParameters()))
    rows = _chosen(options.rows)
    roles = {str(getattr(options, name)): name.upper() for name in ("checkpoints", "config", "output")}
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        results = run_ablation(parameters, rows, options.checkpoints, progress, options.workers)
        command = repeatable_command(["lungcad", *options.words], roles)
        write_ablation(folder, results, parameters, command)
    if not options.quiet:
        print(table(results))
    return 0


def _chosen(names: list[str] | None) -> tuple[Row, ...]:
    known = {row.name: row for row in ROWS}
    if strange := [name for name in names or () if name not in known]:
        raise InputError("--rows", f"{', '.join(strange)} is unknown", f"There are {', '.join(known)}")
    return tuple(known[name] for name in names) if names else ROWS
