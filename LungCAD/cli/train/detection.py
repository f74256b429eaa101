"""`lungcad train detection`: from slices whose diseases are known to a network, its scores and its card."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import (
    PAINTINGS,
    add_output,
    add_paint,
    add_parameters,
    add_workers,
    at_least_one,
    parameters_from,
)
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.progress import Progress, part
from LungCAD.report.record import repeatable_command
from LungCAD.tasks.detection_input import decisions_from_plain
from LungCAD.train.detection.label_volumes import label_volume_slices
from LungCAD.train.detection.painted import painted_slices
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.phantoms import (
    FIRST_SEED,
    phantom_slices,
    usual_study,
    varied_study,
    with_gaps,
    with_mimics,
)
from LungCAD.train.detection.reviewed import reviewed_slices
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.store import read_slices, write_slices
from LungCAD.train.detection.ticks import ticked_slices
from LungCAD.train.extra import require_training_packages
from LungCAD.weights import load_network
from LungCAD.weights.shipped import weights_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--labels", type=Path, metavar="FOLDER", help="scans and label volumes (LTRC) listed in its pairs.csv"
    )
    source.add_argument(
        "--ticks", type=Path, metavar="CSV", help="one row per slice with 0 or 1 for every disease"
    )
    source.add_argument(
        "--dataset", type=Path, metavar="FOLDER", help="cases that were reviewed and exported"
    )
    source.add_argument("--phantoms", type=at_least_one, metavar="N", help="so many synthetic patients")
    source.add_argument(
        "--slices", type=Path, nargs="+", metavar="FOLDER", help="what --keep wrote, once or several times"
    )
    parser.add_argument(
        "--first-seed",
        type=int,
        default=FIRST_SEED,
        metavar="N",
        help="of the first synthetic patient and painting; --start must not know those that are held out "
        f"(default: {FIRST_SEED})",
    )
    parser.add_argument(
        "--usual-looks",
        action="store_true",
        help="disease of --phantoms looks as on the benchmark, not in more ways",
    )
    parser.add_argument(
        "--gap",
        type=float,
        metavar="MM",
        help="between slices of --phantoms, such as 20: more patients in the same time (default: 7 to 12 mm, "
        "another in each)",
    )
    parser.add_argument(
        "--mimics",
        action="store_true",
        help="patients of --phantoms and --paint also have what shares densities with honeycombing and "
        "reticulation",
    )
    add_paint(parser, "learn besides from these real lungs, into which the phantom's disease is painted")
    parser.add_argument(
        "--start", metavar="NAME|FILE", help="go on from this network, which learned from the same"
    )
    parser.add_argument(
        "--dense-only", action="store_true", help="keep the convolutions of --start; one fold is held out"
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="keep the network of --start; fit only thresholds and temperatures, to slices new to it",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the prepared slices there")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every epoch there, and go on from it"
    )
    add_workers(parser)
    add_parameters(parser, DetectionTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, train and write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.detection.dense_layers import train_dense_layers
    from LungCAD.train.detection.outcome import write_outcome
    from LungCAD.train.detection.scores import markdown
    from LungCAD.train.detection.start import require_renewable
    from LungCAD.train.detection.training import calibrate, train_detection

    parameters = parameters_from(options, DetectionTrainingParameters())
    if options.usual_looks and options.phantoms is None:
        raise InputError("--usual-looks", "is for synthetic patients", "Leave it out, or give --phantoms")
    if options.gap is not None and options.phantoms is None:
        raise InputError("--gap", "is for synthetic patients", "Leave it out, or give --phantoms")
    if options.mimics and options.phantoms is None and not options.paint:
        problem = "is for synthetic patients and painted scans"
        raise InputError("--mimics", problem, "Leave it out, or give --phantoms or --paint")
    if options.dense_only and not options.start:
        raise InputError("--dense-only", "needs --start", "Name the network whose convolutions to keep")
    if options.calibrate and (not options.start or options.paint or options.dense_only):
        problem = "needs --start, and neither --paint nor --dense-only"
        raise InputError("--calibrate", problem, "Name the network whose outputs are to be read anew")
    _refuse_unused(options)
    start = before = None
    if options.start:
        network, description = load_network(weights_file(options.start), architecture="cnn_f")
        start, before = network.float(), description.card
        if options.calibrate and (own := description.input.get("head")) != parameters.head:
            raise InputError(options.start, f"was trained with the head {own}", f"Give --head {own}")
    require_renewable(parameters.renew, None if options.calibrate or options.dense_only else start)
    with (
        atomic_folder(options.output, options.overwrite) as folder,
        progress_bar(options.quiet) as progress,
        scratch_slices() as keep,
    ):
        slices = _slices(options, keep, part(progress, 0.0, 0.2))
        extra = _painted(options, keep, part(progress, 0.2, 0.3))
        share = part(progress, 0.3, 1.0)
        if options.calibrate:
            decisions = decisions_from_plain(description.input["decisions"])
            training = calibrate(slices, parameters, start, decisions, share)
        elif options.dense_only:
            training = train_dense_layers(slices, parameters, start, extra, share)
        else:
            training = train_detection(slices, parameters, extra, start, options.checkpoints, share)
        scores = write_outcome(folder, training, slices, extra, parameters, _command(options), before)
    if not options.quiet:
        print(markdown(scores, slices.diseases))
        print(f"Network: {options.output / 'network.safetensors'}")
    return 0


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuse options that would be passed over: whoever gives them counts on them."""
    without_folds = options.dense_only or options.calibrate
    seeded = options.phantoms is not None or options.paint
    for option, unused, remedy in (
        ("--checkpoints", options.checkpoints and without_folds, "there are no folds to go on from"),
        ("--paintings", options.paintings != PAINTINGS and not options.paint, "it needs --paint"),
        ("--first-seed", options.first_seed != FIRST_SEED and not seeded, "it needs --phantoms or --paint"),
    ):
        if unused:
            raise InputError(option, "has nothing to do here", f"Leave it out: {remedy}")


Keep = Callable[[Iterable[SliceSet]], SliceSet]
"""Puts slices on the disk, as they may not fit into memory, and returns them from there."""


@contextmanager
def scratch_slices() -> Iterator[Keep]:
    """Yield what keeps slices in a folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="lungcad-") as name:
        folders = (Path(name) / str(number) for number in count())

        def keep(parts: Iterable[SliceSet]) -> SliceSet:
            folder = next(folders)
            write_slices(parts, folder)
            return read_slices(folder)

        yield keep


def _slices(options: argparse.Namespace, keep: Keep, progress: Progress) -> SliceSet:
    """Return the slices to score."""
    if options.slices:
        sets = [read_slices(folder) for folder in options.slices]
        return sets[0] if len(sets) == 1 else keep(sets)
    if not options.keep:
        return keep(_read(options, progress))
    if options.keep.exists() and options.checkpoints:
        return read_slices(options.keep)  # of this very training, which was broken off
    if options.keep.exists():
        remedy = f"Go on with --slices {options.keep} in the place of what made them, or choose another name"
        raise InputError(options.keep, "exists already", remedy)
    write_slices(_read(options, progress), options.keep)
    return read_slices(options.keep)


def _read(options: argparse.Namespace, progress: Progress) -> Iterator[SliceSet]:
    if options.labels:
        return label_volume_slices(options.labels, progress=progress)
    if options.ticks:
        return ticked_slices(options.ticks, progress=progress)
    if options.dataset:
        return reviewed_slices(options.dataset, progress=progress)
    seeds = range(options.first_seed, options.first_seed + options.phantoms)
    study = usual_study if options.usual_looks else varied_study
    if options.gap is not None:
        study = partial(with_gaps, study, options.gap)
    if options.mimics:
        study = partial(with_mimics, study)
    return phantom_slices(seeds, study, progress=progress, workers=options.workers)


def _painted(options: argparse.Namespace, keep: Keep, progress: Progress) -> SliceSet | None:
    if not options.paint:
        return None
    seeds = range(options.first_seed, options.first_seed + options.paintings)
    shares = [
        part(progress, n / len(options.paint), (n + 1) / len(options.paint))
        for n in range(len(options.paint))
    ]
    return keep(
        slices
        for number, (path, share) in enumerate(zip(options.paint, shares, strict=True), 1)
        for slices in painted_slices(path, seeds, f"real-{number}", mimics=options.mimics, progress=share)
    )


def _command(options: argparse.Namespace) -> str:
    names = ["labels", "ticks", "dataset", "keep", "checkpoints", "output"]
    if options.start and Path(options.start).suffix:
        names.append("start")
    roles = {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
    roles |= {str(path): "CT" for path in options.paint}
    roles |= {str(path): "SLICES" for path in options.slices or ()}
    return repeatable_command(["lungcad", *options.words], roles)
