"""`lungcad train detection-tables`: the paper's comparisons on the phantom, beside the paper's numbers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, add_workers, at_least_one, parameters_from
from LungCAD.cli.train.detection import Keep, scratch_slices
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, write_json, write_text
from LungCAD.phantom.study import StudyParameters
from LungCAD.progress import Progress, part
from LungCAD.report.record import repeatable_command, versions
from LungCAD.train.checkpoints import claim_checkpoints
from LungCAD.train.detection.kept_scores import KeptScores
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.phantoms import (
    BENCHMARK_SEED,
    FIRST_SEED,
    benchmark_study,
    phantom_slices,
    varied_study,
    with_mimics,
)
from LungCAD.train.detection.published_tables import LAYERS_PX
from LungCAD.train.detection.slices import DISEASES, SliceSet
from LungCAD.train.detection.store import read_slices
from LungCAD.train.extra import require_training_packages
from LungCAD.weights import load_network
from LungCAD.weights.shipped import weights_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    parser.add_argument(
        "--phantoms", type=at_least_one, default=120, metavar="N", help="to learn from (default: 120)"
    )
    parser.add_argument("--unseen", type=at_least_one, default=60, metavar="N", help="to score (default: 60)")
    parser.add_argument("--slices", type=Path, metavar="FOLDER", help="learn from what --keep wrote instead")
    parser.add_argument("--tested", type=Path, metavar="FOLDER", help="score what --keep wrote instead")
    parser.add_argument(
        "--mimics",
        action="store_true",
        help="synthetic patients also have what shares densities with honeycombing and reticulation",
    )
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=(6000.0, 4000.0), metavar="PX", help="T in pixels"
    )
    parser.add_argument(
        "--patches", type=Path, metavar="FILE", help="score this patch network of schema ltrc5 beside them"
    )
    parser.add_argument(
        "--convolutions",
        metavar="NAME|FILE",
        help="take those of this network and learn only dense layers: much faster",
    )
    parser.add_argument("--no-layers", action="store_true", help="leave out Fisher vectors (tables 5 to 7)")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="FOLDER", help="keep every row there, and go on from it"
    )
    add_workers(parser)
    add_parameters(parser, DetectionTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Train every method and write tables.md and tables.json; the folder appears when it is complete."""
    require_training_packages()
    parameters = parameters_from(options, DetectionTrainingParameters(local=0.0))
    if options.mimics and options.slices and options.tested:
        raise InputError("--mimics", "is for synthetic patients", "Leave it out, or --slices or --tested")
    if options.patches and options.tested:
        problem = "look at whole scans, which --tested does not keep"
        raise InputError("--patches", problem, "Leave one of the two out")
    with (
        atomic_folder(options.output, options.overwrite) as folder,
        progress_bar(options.quiet) as progress,
        scratch_slices() as keep,
    ):
        learned, tested = _slices(options, keep, part(progress, 0.0, 0.15))
        text, rows = _compare(options, learned, tested, parameters, part(progress, 0.15, 1.0))
        record = {
            "command": repeatable_command(["lungcad", *options.words], _roles(options)),
            "learned": learned.source,
            "tested": tested.source,
            "parameters": parameters.as_dict(),
            **rows,
            "versions": versions(),
        }
        write_text(folder / "tables.md", text)
        write_json(folder / "tables.json", record)
    if not options.quiet:
        print(text)
    return 0


def _slices(options: argparse.Namespace, keep: Keep, progress: Progress) -> tuple[SliceSet, SliceSet]:
    """Return the slices to learn from and those to score."""

    def made(seeds: range, study: Callable[[int], StudyParameters], share: Progress) -> SliceSet:
        if options.mimics:
            study = partial(with_mimics, study)
        return keep(phantom_slices(seeds, study, progress=share, workers=options.workers))

    if options.slices:
        learned = read_slices(options.slices)
    else:
        seeds = range(FIRST_SEED, FIRST_SEED + options.phantoms)
        learned = made(seeds, varied_study, part(progress, 0.0, 0.7))
    if options.tested:
        tested = read_slices(options.tested)
        if both := sorted({*learned.patients} & {*tested.patients}):
            problem = f"shows {len(both)} of the patients that are learned from, such as {both[0]}"
            raise InputError(options.tested, problem, "Give slices of other patients")
        return learned, tested
    return learned, made(_unseen(options), benchmark_study, part(progress, 0.7, 1.0))


def _unseen(options: argparse.Namespace) -> range:
    return range(BENCHMARK_SEED, BENCHMARK_SEED + options.unseen)


def _compare(
    options: argparse.Namespace,
    learned: SliceSet,
    tested: SliceSet,
    parameters: DetectionTrainingParameters,
    progress: Progress,
) -> tuple[str, dict[str, Any]]:
    """Return all tables as Markdown and as plain data."""
    from LungCAD.train.detection import table_rows, tables
    from LungCAD.train.detection.training import origin

    convolutions = None
    if options.convolutions:
        convolutions = load_network(weights_file(options.convolutions), architecture="cnn_f")[0].float()
    if options.checkpoints:
        data = origin((learned, tested), convolutions)
        claim_checkpoints(options.checkpoints, {"tables": True, **data, **parameters.as_dict()})
    kept = KeptScores(options.checkpoints)
    methods = tables.compare_methods(
        learned,
        tested,
        parameters,
        options.thresholds,
        convolutions=convolutions,
        kept=kept,
        progress=part(progress, 0.0, 0.7),
    )
    if options.patches:
        share = part(progress, 0.7, 0.8)
        patches = tables.compare_patches(
            options.patches, _unseen(options), options.thresholds, options.mimics, share
        )
        for pixels, row in patches.items():
            methods[pixels].append(row)
    texts = [table_rows.methods_markdown(rows, pixels, DISEASES) for pixels, rows in methods.items()]
    data = {"methods": {f"{pixels:g}": table_rows.rows_as_dict(rows) for pixels, rows in methods.items()}}
    if not options.no_layers:
        few = tables.few_patients(learned, parameters)
        of_all, of_few = (
            tables.compare_layers(
                slices, tested, parameters, convolutions=convolutions, kept=kept, progress=share
            )
            for slices, share in ((learned, part(progress, 0.8, 0.93)), (few, part(progress, 0.93, 1.0)))
        )
        texts.append(table_rows.layers_markdown(of_all, len(learned), DISEASES))
        texts.append(table_rows.few_markdown(of_few, len(few), DISEASES))
        data["layers_px"], data["few_slices"] = LAYERS_PX, len(few)
        data["layers"], data["layers_few"] = table_rows.rows_as_dict(of_all), table_rows.rows_as_dict(of_few)
    return "\n\n".join(texts) + "\n", data


def _roles(options: argparse.Namespace) -> dict[str, str]:
    names = ["slices", "tested", "patches", "checkpoints", "output"]
    if options.convolutions and Path(options.convolutions).suffix:
        names.append("convolutions")
    return {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
