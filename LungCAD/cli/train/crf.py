"""`lungcad train crf`: choose the dense CRF's parameters on phantoms that a simulated reader drew on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_workers
from LungCAD.crf import CALIBRATED, CRFParameters
from LungCAD.crf.calibration import Calibration, CalibrationCase, calibrate
from LungCAD.errors import InputError
from LungCAD.files import write_json
from LungCAD.parallel import process_map
from LungCAD.phantom.reader import draw_rois, fraction_rois
from LungCAD.phantom.study import BENCHMARK, make_study
from LungCAD.progress import part
from LungCAD.tasks.class_probabilities import from_rois

FIRST_SEED = 100
"""Studies for calibration; no benchmark scores them."""
GRID = {
    "appearance_weight": (0.0, 0.3, 0.6, 1.0),
    "smoothness_weight": (3.0, 5.0, 10.0),
    "theta_gamma": (2.7, 5.4),
}
SHOWN = 12
"""Trials that are printed; the file has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="JSON: best and evidence"
    )
    parser.add_argument("--studies", type=int, default=3, help="phantoms to calibrate on (default: 3)")
    parser.add_argument(
        "--drawn",
        type=float,
        metavar="PART",
        help="draw this part of the lung in patches, 0..1, instead of a few regions per class",
    )
    add_workers(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> int:
    """Calibrate, print the best trials, write the evidence."""
    if options.output.exists() and not options.overwrite:
        raise InputError(options.output, "exists already", "Choose another name, or allow overwriting")
    if options.studies < 1:
        raise InputError("--studies", f"is {options.studies}", "At least 1 is needed")
    if options.drawn is not None and not 0 < options.drawn < 1:
        raise InputError("--drawn", f"is {options.drawn}", "Give a part between 0 and 1")
    seeds = range(FIRST_SEED, FIRST_SEED + options.studies)
    with progress_bar(options.quiet) as progress:
        stage = part(progress, 0.0, 0.3)
        make = partial(make_case, part_drawn=options.drawn)
        cases = list(process_map(make, seeds, options.workers, stage, "Making phantoms"))
        result = calibrate(cases, GRID, CALIBRATED, part(progress, 0.3, 1.0), CRFParameters.presets)
    evidence = {"seeds": list(seeds), "drawn": options.drawn, **result.evidence()}
    write_json(options.output, evidence, options.overwrite)
    print(table(result))
    return 0


def make_case(seed: int, part_drawn: float | None = None) -> CalibrationCase:
    """Return a phantom with the unary learned from what the simulated reader drew on it.

    part_drawn : of the lung, 0..1; a few regions per class when None.
    """
    study = make_study(replace(BENCHMARK, seed=seed))
    if part_drawn is None:
        drawing = draw_rois(study.labels, study.lungs, seed)
    else:
        drawing = fraction_rois(study.labels, study.lungs, part_drawn, seed)
    images = (study.ct, study.labels, study.lungs, drawing)
    hu, truth, lungs, rois = (sitk.GetArrayFromImage(image) for image in images)
    hu, spacing = hu.astype(np.float32), study.ct.GetSpacing()[::-1]
    unary = from_rois(hu, rois, lungs > 0, spacing, stride=1)
    index = np.full(256, -1, np.int16)
    index[list(unary.classes)] = np.arange(len(unary.classes))
    return CalibrationCase(unary.values, hu, lungs > 0, lungs, spacing, index[rois], index[truth])


def table(result: Calibration) -> str:
    """Return the best trials as text, below the unary alone and the settings that have a name."""
    named = [("unary alone", result.unary), *result.known.items()]
    named += [
        ("  ".join(f"{name} {value:g}" for name, value in trial.changed.items()), trial)
        for trial in result.trials[:SHOWN]
    ]
    rows = [f"{trial.mean:8.4f}{trial.worst:8.4f}  {name}" for name, trial in named]
    return "\n".join([f"{'mean':>8}{'worst':>8}  balanced accuracy of what was not drawn", *rows])
