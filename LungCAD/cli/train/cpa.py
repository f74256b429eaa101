"""`lungcad train cpa`: from ticks per scan and region to the networks that tell them on projections."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import (
    add_config,
    add_paint,
    add_parameters,
    add_workers,
    at_least_one,
    configured,
    parameters_from,
    require_unseen,
)
from LungCAD.errors import InputError
from LungCAD.progress import Progress, part
from LungCAD.report.record import repeatable_command
from LungCAD.train.cpa.cases import Case
from LungCAD.train.cpa.painted import painted_cases
from LungCAD.train.cpa.parameters import COMPACT, CpaTrainingParameters
from LungCAD.train.cpa.phantoms import STUDIES, phantom_cases
from LungCAD.train.cpa.plans import SURVIVAL, chosen_plans, published_plans
from LungCAD.train.cpa.readiness import require_side
from LungCAD.train.cpa.scans import scan_cases, split_of_sheets
from LungCAD.train.cpa.sheets import read_sheets
from LungCAD.train.cpa.splitting import Split, split_by_patient
from LungCAD.train.extra import require_training_packages
from LungCAD.weights import imagenet_state, registered

DOWNLOAD = "download"

FIRST_SEED, FIRST_UNSEEN = 6000, 7000
"""Thoraxes to train on, and to score; no benchmark uses them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scans", type=Path, metavar="CSV", help="one row per scan: patient, image, disease")
    source.add_argument("--phantoms", type=at_least_one, metavar="N", help="so many synthetic patients")
    parser.add_argument(
        "--regions", type=Path, metavar="CSV", help="with --scans: one row per region, its signs"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="WORD",
        help="train the networks of these tasks, directions or architectures alone, such as: cavity axial",
    )
    parser.add_argument(
        "--projections",
        type=Path,
        metavar="FOLDER",
        help="keep projections there and use those that are there (default: in the output folder)",
    )
    parser.add_argument(
        "--imagenet",
        nargs="?",
        const=DOWNLOAD,
        metavar="FOLDER",
        help="start from torchvision's ImageNet files, downloaded where no folder with them is named",
    )
    parser.add_argument(
        "--unseen",
        type=at_least_one,
        default=0,
        metavar="N",
        help="with --phantoms: score so many further patients instead, signs as often as in the cohort",
    )
    parser.add_argument(
        "--studies",
        type=at_least_one,
        default=STUDIES,
        metavar="N",
        help=f"of each synthetic patient, with disease of its own (default: {STUDIES})",
    )
    add_paint(parser, "learn besides from these real lungs, into which the phantom's signs are painted")
    parser.add_argument(
        "--licence", default="not stated", help="of the scans and of the CT to paint, for the model cards"
    )
    parser.add_argument(
        "--compact", action="store_true", help="start from the recipe for small networks from scratch"
    )
    add_workers(parser)
    add_config(parser)
    add_parameters(parser, CpaTrainingParameters)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="folder; a part of a training goes on"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no closing words")
    parser.set_defaults(resumable=True)


def run(options: argparse.Namespace) -> int:
    """Train what the output folder lacks: run the same command again to go on after a break."""
    require_training_packages()
    from LungCAD.train.cpa.outcome import Source
    from LungCAD.train.cpa.training import train_cpa

    if options.scans and options.unseen:
        raise InputError("--unseen", "is for synthetic patients", "Leave it out, or give --phantoms")
    require_unseen(options.phantoms, FIRST_SEED, FIRST_UNSEEN)
    if options.regions and not options.scans:
        raise InputError("--regions", "belongs to scans that readers ticked", "Give --scans too")
    recipe = COMPACT if options.compact else CpaTrainingParameters()
    p = parameters_from(options, configured(options, recipe))
    plans = chosen_plans(published_plans(p.together), options.only)
    if options.phantoms is not None:
        plans = [plan for plan in plans if plan.tasks != (SURVIVAL,)]  # phantoms do not die
    if not plans:
        raise InputError("--only", "asks for survival, which phantoms do not have", "Give --scans")
    if p.shares and options.imagenet:
        problem = "make six channels of three, which ImageNet's files do not know"
        raise InputError("--shares", problem, "Add --no-shares, or leave out --imagenet")
    require_side(plans, p)
    kept = options.projections or options.output / "projections"
    read = _scans if options.scans else _phantoms
    with progress_bar(options.quiet) as progress:
        split, data, warnings = read(options, p, kept, part(progress, 0.0, 0.8))
        painted = _painted(options, p, kept, part(progress, 0.8, 1.0))
    if not options.quiet:
        for warning in warnings:
            print(f"Warning: {warning}")
    if painted:
        split = split._replace(training=[*split.training, *painted])
        ways = f"signs painted in, {options.paintings} times each"
        data += f" Besides {len(options.paint)} real CT with {ways}."
    licences = ["Apache-2.0"] if options.phantoms else []
    if options.scans or painted:
        licences.append(options.licence)
    source = Source(data, "; ".join(licences), synthetic=not options.scans, command=_command(options))
    with progress_bar(options.quiet) as progress:
        imagenet = _imagenet(options.imagenet, progress)
        records = train_cpa(options.output, plans, split, p, source, imagenet, progress)
    if not options.quiet:
        print((options.output / "scores.md").read_text(encoding="utf-8"))
        print(f"Networks: {len(records)} in {options.output}")
    return 0


def _scans(
    options: argparse.Namespace, parameters: CpaTrainingParameters, kept: Path, progress: Progress
) -> tuple[Split, str, list[str]]:
    sheets = read_sheets(options.scans, options.regions)
    cases, warnings = scan_cases(sheets, kept, progress)
    split = split_of_sheets(sheets, cases) or split_by_patient(cases, parameters)
    patients = len({case.patient for case in cases})
    return split, f"{len(cases)} scans of {patients} patients, ticked by readers.", warnings


def _phantoms(
    options: argparse.Namespace, parameters: CpaTrainingParameters, kept: Path, progress: Progress
) -> tuple[Split, str, list[str]]:
    seeds = range(FIRST_SEED, FIRST_SEED + options.phantoms)
    made = phantom_cases(seeds, kept, True, options.studies, part(progress, 0.0, 0.7), options.workers)
    split = split_by_patient(made, parameters)
    if options.unseen:
        further = range(FIRST_UNSEEN, FIRST_UNSEEN + options.unseen)
        share = part(progress, 0.7, 1.0)
        unseen = phantom_cases(further, kept, False, options.studies, share, options.workers)
        split = Split([*split.training, *split.test], split.validation, unseen)
    data = (
        f"Phantom scans of {len(seeds)} thoraxes, seeds {seeds[0]} to {seeds[-1]}: "
        f"{len(split.training)} learned from, {len(split.validation)} to choose the epoch. Signs in all "
        "regions alike, besides bullae, nodules, consolidation, effusion and atelectasis. No patient."
    )
    return split, data, []


def _painted(
    options: argparse.Namespace, parameters: CpaTrainingParameters, kept: Path, progress: Progress
) -> list[Case]:
    return [
        case
        for number, ct in enumerate(options.paint)
        for case in painted_cases(
            ct,
            f"real-{number + 1}",
            options.paintings,
            kept,
            parameters.seed,
            part(progress, number / len(options.paint), (number + 1) / len(options.paint)),
        )
    ]


def _imagenet(folder: str | None, progress: Progress) -> Callable[[str], dict[str, torch.Tensor]] | None:
    if folder is None:
        return None

    def state(architecture: str) -> dict[str, torch.Tensor]:
        entry = registered(f"{architecture}-imagenet")
        file = None if folder == DOWNLOAD else Path(folder) / Path(entry.url).name
        return imagenet_state(entry, file, progress)

    return state


def _command(options: argparse.Namespace) -> str:
    names = ("scans", "regions", "projections", "imagenet", "config", "output")
    roles = {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
    roles |= {str(path): "CT" for path in options.paint}
    return repeatable_command(["lungcad", *options.words], roles)
