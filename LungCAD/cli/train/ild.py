"""`lungcad train ild`: from labelled CT to a network for interstitial lung disease, scores and card."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import (
    add_config,
    add_output,
    add_paint,
    add_parameters,
    add_workers,
    at_least_one,
    configured,
    none_or_more,
    parameters_from,
    require_unseen,
)
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.labels import Schema, available_schemas, load_schema, schema_reference
from LungCAD.progress import Progress, part
from LungCAD.report.record import repeatable_command
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.extra import require_training_packages
from LungCAD.train.ild.geneva import geneva_slices
from LungCAD.train.ild.painted import RealLungs, painted_slices
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.phantoms import phantom_slices
from LungCAD.train.ild.slices import SliceSet
from LungCAD.train.ild.volumes import label_volume_slices, reviewed_slices

FIRST_SEED, FIRST_UNSEEN = 5000, 7000
"""Studies to train on, and to score; no benchmark uses them. Those of --start may be of any before."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--geneva", type=Path, metavar="FOLDER", help="the Geneva (HUG) ILD database")
    source.add_argument(
        "--ltrc", type=Path, metavar="FOLDER", help="scans and label volumes listed in its pairs.csv"
    )
    source.add_argument(
        "--dataset", type=Path, metavar="FOLDER", help="scans that were reviewed and exported"
    )
    source.add_argument("--phantoms", type=at_least_one, metavar="N", help="so many synthetic studies")
    parser.add_argument(
        "--unseen",
        type=none_or_more,
        default=0,
        metavar="N",
        help="score the network on so many further phantoms",
    )
    add_paint(parser, "learn besides from these real lungs, into which the phantom's disease is painted")
    parser.add_argument("--start", type=Path, metavar="FILE", help="begin with the weights of this network")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every epoch there, and go on from it"
    )
    add_workers(parser)
    add_config(parser)
    add_parameters(parser, IldTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, train and write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.ild.networks import network_options, read_start
    from LungCAD.train.ild.outcome import told, write_outcome
    from LungCAD.train.ild.training import train_ild
    from LungCAD.train.lightning_run import is_first_process

    p = parameters_from(options, configured(options, IldTrainingParameters()))
    _refuse_known_phantoms(options, p)
    network_options(p)
    schema, start = load_schema(p.schema), read_start(options.start, p)
    with _folder(options) as folder, progress_bar(options.quiet) as progress:
        data = _read(options, schema, part(progress, 0.0, 0.1))
        extra = _painted(options, p, part(progress, 0.1, 0.15))
        unseen = _unseen(options, p, part(progress, 0.15, 0.2))
        training = train_ild(
            data,
            p,
            extra=extra,
            unseen=unseen,
            start=start,
            checkpoints=options.checkpoints,
            progress=part(progress, 0.2, 1.0),
        )
        learned = data.joined(extra) if extra else data
        write_outcome(Path(folder), training, learned, schema, p, _command(options))
    if not options.quiet and is_first_process():
        for warning in data.warnings:
            print(f"Warning: {warning}")
        print(told(training))
        print(f"Network: {options.output / 'network.safetensors'}")
    return 0


def _refuse_known_phantoms(options: argparse.Namespace, parameters: IldTrainingParameters) -> None:
    """Refuse to score a network on phantoms that it, or the one it begins with, has learned from."""
    require_unseen(options.phantoms, FIRST_SEED, FIRST_UNSEEN)
    if options.start and options.phantoms and parameters.folds:
        problem = "may have learned from these phantoms, which its folds would score"
        raise InputError("--start", problem, "Add --folds 0, and --unseen for a score")


def _folder(options: argparse.Namespace) -> AbstractContextManager[Path | str]:
    """Return the output folder; one that vanishes for all but the first process of a distributed training."""
    from LungCAD.train.lightning_run import is_first_process

    return atomic_folder(options.output, options.overwrite) if is_first_process() else TemporaryDirectory()


def _read(options: argparse.Namespace, schema: Schema, progress: Progress) -> SliceSet:
    if options.phantoms is not None:
        seeds = range(FIRST_SEED, FIRST_SEED + options.phantoms)
        return phantom_slices(seeds, schema_reference(schema), IldInput(), progress, options.workers)
    readers = {"geneva": geneva_slices, "ltrc": label_volume_slices, "dataset": reviewed_slices}
    name = next(name for name in readers if getattr(options, name))
    return readers[name](getattr(options, name), schema, IldInput(), progress)


def _painted(
    options: argparse.Namespace, parameters: IldTrainingParameters, progress: Progress
) -> SliceSet | None:
    if not options.paint:
        return None
    real = [RealLungs.read(path, f"real-{number}", progress) for number, path in enumerate(options.paint, 1)]
    return painted_slices(real, options.paintings, parameters.schema, parameters.seed, IldInput(), progress)


def _unseen(
    options: argparse.Namespace, parameters: IldTrainingParameters, progress: Progress
) -> SliceSet | None:
    if not options.unseen:
        return None
    seeds = range(FIRST_UNSEEN, FIRST_UNSEEN + options.unseen)
    return phantom_slices(seeds, parameters.schema, IldInput(), progress, options.workers)


def _command(options: argparse.Namespace) -> str:
    names = ("geneva", "ltrc", "dataset", "start", "checkpoints", "config", "output")
    roles = {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
    roles |= {str(path): "CT" for path in options.paint}
    if (schema := getattr(options, "schema", "")) not in available_schemas():
        roles[schema] = "SCHEMA"
    return repeatable_command(["lungcad", *options.words], roles)
