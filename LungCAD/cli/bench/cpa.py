"""`lungcad bench cpa`: signs told and placed on phantoms that no network has seen; speed of projections."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from LungCAD.cli.bench.cpa_peaks import CONTENDERS, REACH_MM, placed_peaks
from LungCAD.cli.bench.cpa_timing import projection_timing
from LungCAD.cli.bench.generators import PHANTOM, load_generator
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_paint, at_least_one
from LungCAD.errors import naming
from LungCAD.images import read_ct
from LungCAD.labels import load_schema
from LungCAD.lungs import segment_lungs
from LungCAD.phantom.aspergillosis_painted import paint_aspergillosis
from LungCAD.phantom.aspergillosis_study import (
    AspergillosisParameters,
    AspergillosisStudy,
    make_aspergillosis,
)
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.progress import Progress, each
from LungCAD.report.measurements import voxel_volume_ml
from LungCAD.tasks.cpa import SIGNS, CpaParameters, CpaReader
from LungCAD.tasks.cpa_projections import REGIONS, region_box
from LungCAD.train.confusion import ConfusionTable
from LungCAD.weights.shipped import shipped_files

FIRST_SEED = 9000
"""Thoraxes that training does not use."""

STUDIES_PER_THORAX = 2
PUBLISHED, SMALL = (512, 512, 432), (256, 256, 216)

CLASSES = ("absent", "present")
DISEASE = "disease"

Row = dict[str, Any]


class Told(NamedTuple):
    """What a region or a scan shows, and what was said of it. ml : volume of the sign in the region."""

    present: bool
    probability: float
    ml: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--studies", type=at_least_one, default=20, metavar="N", help="phantoms (default: 20)"
    )
    parser.add_argument("--seed", type=int, default=FIRST_SEED, metavar="N", help="of the first thorax")
    parser.add_argument("--weights", default="", metavar="PATH", help="networks (default: the shipped ones)")
    parser.add_argument(
        "--rotations", type=int, default=1, choices=(1, 27), help="read so many turned copies"
    )
    parser.add_argument(
        "--cross", metavar="FILE", help="also studies of another generator: a Python file with make_study"
    )
    add_paint(parser, "also score signs painted into these real lungs; any that a patient has count as false")
    parser.add_argument("--full-size", action="store_true", help="time projections on 512 x 512 x 432 voxels")
    parser.add_argument("--no-timing", action="store_true", help="leave the projections' speed out")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Time the projections; score and place signs, where there are networks; print what came of it."""
    result: Row = {}
    if not options.no_timing:
        size = PUBLISHED if options.full_size else SMALL
        spacing = tuple(360.0 / v for v in size)
        ct = make_study(StudyParameters(size=size, spacing=spacing, thickness=None, disease=False)).ct
        result["projections"] = row = projection_timing(ct)
        print(
            f"projections   27 rotations in {row['project_s']:.1f} s, {row['ratio']:.1f} times SciPy's speed"
        )
    if options.weights or shipped_files("cpa-"):
        result |= _scores(options)
    else:
        print("signs   not scored: no networks ship; train some with lungcad train cpa, and give --weights")
    write_numbers(options, result)
    return 0


def _scores(options: argparse.Namespace) -> Row:
    reader = CpaReader(CpaParameters(weights=options.weights, rotations=options.rotations))
    found: Row = {}
    names = (PHANTOM, *([options.cross] if options.cross else []))
    # A wrong name is told before any study is made.
    sources = {name: (_studies(name, options.seed, options.studies), options.studies) for name in names}
    for number, ct in enumerate(options.paint, 1):  # whose name may be a patient's
        painted = painted_studies(ct, options.seed, options.paintings)
        sources[f"painted CT {number}"] = painted, options.paintings
    with progress_bar(options.quiet) as progress:
        for name, (studies, count) in sources.items():
            found[name] = score(reader, studies, count, progress)
            print_scores(name, found[name])
    return found


def score(reader: CpaReader, studies: Iterator[AspergillosisStudy], count: int, progress: Progress) -> Row:
    """Return, per sign, how well regions are told and how many peaks of true positives lie near it.

    Where there are networks for it also how far they tell the scans with disease from the others.
    """
    signs = [sign for sign in SIGNS if any(network.task == sign for network in reader.networks)]
    regions: dict[str, list[Told]] = {sign: [] for sign in signs}
    distances: dict[str, list[dict[str, float]]] = {sign: [] for sign in signs}
    diseased: list[Told] = []
    for study in each(studies, progress, "Reading phantoms", count):
        result = reader.read(study.ct)
        volumes = _volumes(study)
        for one in result.signs:
            place = REGIONS.index(one.region), SIGNS.index(one.sign)
            # A region that was withheld is not told to have the sign.
            regions[one.sign].append(Told(bool(study.signs[place]), one.probability or 0.0, volumes[place]))
        for sign, placed in placed_peaks(study, result):
            distances[sign].append(placed)
        if result.disease is not None:
            diseased.append(Told(bool(study.signs.any()), result.disease.probability))
    threshold = reader.parameters.threshold
    scores = {
        sign: {
            **_telling(told, threshold),
            "volumes_ml": _sizes(told, threshold),
            "peaks": _placing(distances[sign]),
        }
        for sign, told in regions.items()
    }
    return {**scores, DISEASE: _telling(diseased)} if diseased else scores


def _volumes(study: AspergillosisStudy) -> NDArray[np.float64]:
    """Return the volume (6, 3) in ml of each sign in each region."""
    labels = sitk.GetArrayFromImage(study.labels)
    values = [label.value for label in load_schema("cpa3").labels]
    boxes = [labels[region_box(region, labels.shape)] for region in range(len(REGIONS))]
    voxels = [[np.count_nonzero(box == value) for value in values] for box in boxes]
    return np.array(voxels) * voxel_volume_ml(study.labels)


def _telling(told: Sequence[Told], threshold: float = 0.5) -> Row:
    """Return how well probabilities tell yes from no: counts at a threshold, and the area under the ROC."""
    truth = np.array([one.present for one in told], int)
    probability = np.array([one.probability for one in told])
    table = np.zeros((2, 2), np.int64)
    np.add.at(table, (truth, (probability >= threshold).astype(int)), 1)
    auc = float(roc_auc_score(truth, probability)) if len(set(truth)) == 2 else None
    return {**ConfusionTable(table, CLASSES).as_dict(), "auc": auc}


def _sizes(told: Sequence[Told], threshold: float) -> dict[str, list[float]]:
    """Return the volumes of the signs that were found and of those that were missed, ascending."""
    sizes: dict[str, list[float]] = {"found": [], "missed": []}
    for one in told:
        if one.present:
            sizes["found" if one.probability >= threshold else "missed"].append(round(one.ml, 2))
    return {which: sorted(volumes) for which, volumes in sizes.items()}


def _placing(peaks: Sequence[Mapping[str, float]]) -> Row:
    """Return how many peaks there are, the part near their sign and the mean distance, by contender."""
    away = {contender: np.array([peak[contender] for peak in peaks]) for contender in CONTENDERS}
    return {
        "true_positives": len(peaks),
        "within_reach": {contender: _mean(values <= REACH_MM) for contender, values in away.items()},
        "mean_mm": {contender: _mean(values) for contender, values in away.items()},
    }


def print_scores(name: str, scores: Row) -> None:
    """Print one generator's scores."""
    for said, row in scores.items():
        precision, recall = (row[measure][CLASSES.index("present")] for measure in ("precision", "recall"))
        measures = f"precision {_text(precision)}   recall {_text(recall)}   AUC {_text(row['auc'])}"
        print(f"{name}   {said:20s} {measures}")
        if said == DISEASE:
            continue
        peaks = row["peaks"]
        shares = ", ".join(f"{who} {_text(share)}" for who, share in peaks["within_reach"].items())
        print(f"{name}   of {peaks['true_positives']} peaks within {REACH_MM:g} mm of the sign: {shares}")
        medians = (f"{which} {_median(volumes)}" for which, volumes in row["volumes_ml"].items())
        print(f"{name}   median volume of the sign: {', '.join(medians)}")


def _studies(name: str, seed: int, count: int) -> Iterator[AspergillosisStudy]:
    if name == PHANTOM:
        thoraxes = -(-count // STUDIES_PER_THORAX)
        every = (
            study
            for number in range(thoraxes)
            for study in make_aspergillosis(
                AspergillosisParameters(seed=seed + number, studies=STUDIES_PER_THORAX)
            )
        )
        return islice(every, count)
    make = load_generator(name)
    return (make(seed + number) for number in range(count))


def painted_studies(path: Path, seed: int, count: int) -> Iterator[AspergillosisStudy]:
    """Return studies of a real CT with signs painted into its lungs, as often as in the cohort.

    Raises
    ------
    InputError
        The CT cannot be read or shows no lungs.
    """
    scan = read_ct(path, "largest")
    with naming(path):
        lungs = segment_lungs(scan.image)
    return paint_aspergillosis(scan.image, lungs, seed, count, thickness=scan.facts.slice_thickness_mm)


def _mean(values: NDArray) -> float | None:
    return float(values.mean()) if values.size else None


def _median(volumes: Sequence[float]) -> str:
    return f"{np.median(volumes):.1f} ml" if volumes else "none"


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
