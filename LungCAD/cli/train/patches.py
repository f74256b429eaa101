"""`lungcad train patches`: from labelled patches to a network, its cross-validation and its model card."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, add_workers, at_least_one, parameters_from
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.labels import Schema, available_schemas, load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.progress import Progress, part
from LungCAD.report.record import repeatable_command
from LungCAD.train.extra import require_training_packages
from LungCAD.train.patches.geneva import read_geneva
from LungCAD.train.patches.npz import read_npz
from LungCAD.train.patches.parameters import PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patches.phantoms import cut_phantoms
from LungCAD.weights import imagenet_state, registered

DOWNLOAD = "download"

FIRST_SEED = 5000
"""Studies to train on; no benchmark scores them, no other training uses them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--geneva", type=Path, metavar="FOLDER", help="the Geneva (HUG) ILD database")
    source.add_argument(
        "--npz", type=Path, metavar="FILE", help="patches: hu (N,P,P), label (N,), classes, patient (N,)"
    )
    source.add_argument("--phantoms", type=at_least_one, metavar="N", help="so many synthetic studies")
    parser.add_argument(
        "--rename",
        metavar="NAME=CODE",
        nargs="+",
        default=[],
        help="classes of --npz that the schema calls otherwise",
    )
    parser.add_argument(
        "--imagenet",
        nargs="?",
        const=DOWNLOAD,
        metavar="PTH",
        help="start AlexNet from torchvision's ImageNet file, downloaded where none is named",
    )
    parser.add_argument("--licence", default="not stated", help="of the data, for the model card")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every epoch there, and go on from it"
    )
    add_workers(parser)
    add_parameters(parser, PatchTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, train and write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.patches.outcome import write_outcome
    from LungCAD.train.patches.training import train_patches

    parameters = parameters_from(options, PatchTrainingParameters())
    schema = load_schema(parameters.schema)
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        imagenet = _imagenet(options.imagenet, parameters, part(progress, 0.0, 0.05))
        data = _read(options, parameters, schema, part(progress, 0.05, 0.2))
        data = data.thinned(parameters.most, parameters.seed)
        training = train_patches(data, parameters, imagenet, options.checkpoints, part(progress, 0.2, 1.0))
        write_outcome(folder, training, data, schema, parameters, options.licence, _command(options))
    if not options.quiet:
        for warning in data.warnings:
            print(f"Warning: {warning}")
        print(training.table.markdown())
        print(f"Network: {options.output / 'network.safetensors'}")
    return 0


def _imagenet(
    file: str | None, parameters: PatchTrainingParameters, progress: Progress
) -> dict[str, torch.Tensor] | None:
    if file is None:
        return None
    if parameters.architecture != "alexnet":
        raise InputError("--imagenet", f"has no weights for {parameters.architecture}", "Use alexnet")
    return imagenet_state(registered("alexnet-imagenet"), None if file == DOWNLOAD else Path(file), progress)


def _read(
    options: argparse.Namespace, parameters: PatchTrainingParameters, schema: Schema, progress: Progress
) -> PatchSet:
    if options.npz:
        return read_npz(options.npz, schema, dict(_renamed(pair) for pair in options.rename))
    cut = parameters.patch, parameters.step, parameters.purity
    if options.geneva:
        return read_geneva(options.geneva, schema, *cut, progress)
    seeds = range(FIRST_SEED, FIRST_SEED + options.phantoms)
    wanted = [StudyParameters(seed=seed, schema=parameters.schema) for seed in seeds]
    studies = process_map(make_study, wanted, options.workers, progress, "Making phantoms")
    return cut_phantoms(studies, parameters.schema, *cut)


def _renamed(pair: str) -> tuple[str, str]:
    name, equals, code = pair.partition("=")
    if not equals:
        raise InputError("--rename", f"{pair!r} is not NAME=CODE", "Give, for instance, NT=healthy")
    return name, code


def _command(options: argparse.Namespace) -> str:
    names = ("geneva", "npz", "imagenet", "checkpoints", "output")
    roles = {str(getattr(options, name)): name.upper() for name in names}
    if (schema := getattr(options, "schema", "")) not in available_schemas():
        roles[schema] = "SCHEMA"
    return repeatable_command(["lungcad", *options.words], roles)
