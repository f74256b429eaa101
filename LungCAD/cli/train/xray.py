"""`lungcad train xray`: from radiographs with masks to a network, its cross-validation and its model card."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, parameters_from
from LungCAD.files import atomic_folder
from LungCAD.report.record import repeatable_command
from LungCAD.train.extra import require_training_packages
from LungCAD.train.xray.jsrt import read_jsrt
from LungCAD.train.xray.pairs import read_pairs
from LungCAD.train.xray.parameters import PUBLISHED, XrayTrainingParameters
from LungCAD.train.xray.phantoms import phantom_radiographs
from LungCAD.train.xray.radiographs import RadiographSet
from LungCAD.train.xray.reviewed import read_reviewed
from LungCAD.train.xray.tuberculosis import read_montgomery, read_shenzhen

FIRST_SEED = 5000
"""Studies to train on; no benchmark scores them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--pairs", type=Path, metavar="FOLDER", help="films and masks listed in its pairs.csv"
    )
    source.add_argument(
        "--dataset", type=Path, metavar="FOLDER", help="films that were reviewed and exported"
    )
    source.add_argument("--jsrt", type=Path, nargs=2, metavar=("JSRT", "SCR"), help="JSRT films, SCR masks")
    source.add_argument("--montgomery", type=Path, metavar="FOLDER", help="the Montgomery County set")
    source.add_argument("--shenzhen", type=Path, metavar="FOLDER", help="the Shenzhen set")
    parser.add_argument(
        "--phantoms", type=int, default=0, metavar="N", help="learn from so many synthetic films besides"
    )
    parser.add_argument("--published", action="store_true", help="start from the published recipe")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every epoch there, and go on from it"
    )
    parser.add_argument(
        "--note",
        default="",
        metavar="TEXT",
        help="for the model card: who drew the masks, what they count as lung",
    )
    add_parameters(parser, XrayTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, train and write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.xray.outcome import markdown, write_outcome
    from LungCAD.train.xray.scores import summary
    from LungCAD.train.xray.training import train_xray

    parameters = parameters_from(options, PUBLISHED if options.published else XrayTrainingParameters())
    films = _read(options)
    extra = (
        phantom_radiographs(range(FIRST_SEED, FIRST_SEED + options.phantoms)) if options.phantoms else None
    )
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        training = train_xray(films, parameters, extra, options.checkpoints, progress)
        write_outcome(folder, training, films, extra, parameters, _command(options), options.note)
    if not options.quiet:
        print(markdown(summary(training.scores)))
        print(f"Network: {options.output / 'network.safetensors'}")
    return 0


def _read(options: argparse.Namespace) -> RadiographSet:
    if options.pairs:
        return read_pairs(options.pairs)
    if options.dataset:
        return read_reviewed(options.dataset)
    if options.jsrt:
        return read_jsrt(*options.jsrt)
    return read_montgomery(options.montgomery) if options.montgomery else read_shenzhen(options.shenzhen)


def _command(options: argparse.Namespace) -> str:
    folders = {
        name: getattr(options, name)
        for name in ("pairs", "dataset", "montgomery", "shenzhen", "checkpoints", "output")
    }
    roles = {str(folder): name.upper() for name, folder in folders.items() if folder}
    if options.note:
        roles[options.note] = "NOTE"
    if options.jsrt:
        roles |= dict(zip(map(str, options.jsrt), ("JSRT", "SCR"), strict=True))
    return repeatable_command(["lungcad", *options.words], roles)
