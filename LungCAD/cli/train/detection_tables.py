"""`lungcad train detection-tables`: the paper's comparisons on the phantom, beside the paper's numbers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, parameters_from
from LungCAD.cli.train.detection import scratch_slices
from LungCAD.files import atomic_folder, write_text
from LungCAD.progress import part
from LungCAD.report.record import repeatable_command, versions
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.phantoms import (
    BENCHMARK_SEED,
    FIRST_SEED,
    benchmark_study,
    phantom_slices,
)
from LungCAD.train.detection.slices import DISEASES
from LungCAD.train.detection.store import read_slices
from LungCAD.train.extra import require_training_packages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    parser.add_argument("--phantoms", type=int, default=120, metavar="N", help="to learn from (default: 120)")
    parser.add_argument("--unseen", type=int, default=60, metavar="N", help="to score (default: 60)")
    parser.add_argument("--slices", type=Path, metavar="FOLDER", help="learn from what --keep wrote instead")
    parser.add_argument("--tested", type=Path, metavar="FOLDER", help="score what --keep wrote instead")
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=(6000.0, 4000.0), metavar="PX", help="T in pixels"
    )
    parser.add_argument(
        "--patches", type=Path, metavar="FILE", help="score this patch network of schema ltrc5 beside them"
    )
    parser.add_argument("--no-layers", action="store_true", help="leave out Fisher vectors (tables 5 to 7)")
    add_parameters(parser, DetectionTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Train every method and write tables.md and tables.json; the folder appears when it is complete."""
    require_training_packages()
    from LungCAD.train.detection.tables import (
        compare_layers,
        compare_methods,
        compare_patches,
        layers_markdown,
        methods_markdown,
        rows_as_dict,
    )

    parameters = parameters_from(options, DetectionTrainingParameters(local=0.0))
    with (
        atomic_folder(options.output, options.overwrite) as folder,
        progress_bar(options.quiet) as progress,
        scratch_slices() as keep,
    ):
        seeds = range(FIRST_SEED, FIRST_SEED + options.phantoms)
        unseen = range(BENCHMARK_SEED, BENCHMARK_SEED + options.unseen)
        learned = (
            read_slices(options.slices)
            if options.slices
            else keep(phantom_slices(seeds, progress=part(progress, 0.0, 0.1)))
        )
        tested = (
            read_slices(options.tested)
            if options.tested
            else keep(phantom_slices(unseen, benchmark_study, progress=part(progress, 0.1, 0.15)))
        )
        methods = compare_methods(
            learned, tested, parameters, options.thresholds, progress=part(progress, 0.15, 0.8)
        )
        layers = (
            []
            if options.no_layers
            else compare_layers(learned, tested, parameters, progress=part(progress, 0.85, 1.0))
        )
        if options.patches:
            patches = compare_patches(options.patches, unseen, options.thresholds, part(progress, 0.8, 0.85))
            for pixels, row in patches.items():
                methods[pixels].append(row)
        texts = [methods_markdown(rows, pixels, DISEASES) for pixels, rows in methods.items()]
        if layers:
            texts.append(layers_markdown(layers, DISEASES))
        text = "\n\n".join(texts) + "\n"
        record = {
            "command": repeatable_command(["lungcad", *options.words], _roles(options)),
            "learned": learned.source,
            "tested": tested.source,
            "parameters": parameters.as_dict(),
            "methods": {f"{pixels:g}": rows_as_dict(rows) for pixels, rows in methods.items()},
            "layers": rows_as_dict(layers),
            "versions": versions(),
        }
        write_text(folder / "tables.md", text)
        write_text(folder / "tables.json", json.dumps(record, indent=1))
    if not options.quiet:
        print(text)
    return 0


def _roles(options: argparse.Namespace) -> dict[str, str]:
    names = ("slices", "tested", "patches", "output")
    return {str(getattr(options, name)): name.upper() for name in names if getattr(options, name)}
