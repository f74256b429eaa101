"""What slices and verdicts of detection are worth: on synthetic patients, and on another generator's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LungCAD.cli.bench.detection_places import peaks, summary
from LungCAD.cli.bench.generators import Study
from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.progress import Progress, each, part
from LungCAD.report.findings import Finding
from LungCAD.tasks.detection_input import Decision, log_odds
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.tasks.ild_detection import run as detect
from LungCAD.train.detection.difficulty import (
    join_histograms,
    measure_difficulty,
    slice_histograms,
    study_histograms,
)
from LungCAD.train.detection.metrics import areas_under_roc, f1_scores
from LungCAD.train.detection.phantoms import BENCHMARK_SEED, FIRST_SEED, benchmark_patient
from LungCAD.train.detection.scores import detection_scores, found_diseases, markdown
from LungCAD.train.detection.slices import DISEASES, disease_areas
from LungCAD.train.detection.targets import T6000_MM2

SAME_DISEASES = {
    "ground_glass": ("ground_glass",),
    "fibrosis": ("reticulation", "honeycombing"),
    "emphysema": ("emphysema",),
}
"""Diseases of another generator's schema, gao5, and what they are told as: as the likeliest of these."""


def score(
    parameters: IldDetectionParameters,
    detector: Detector,
    patients: int,
    progress: Progress,
    workers: int = 1,
    mimics: bool = False,
) -> dict[str, Any]:
    """Return what slices and verdicts are worth on synthetic patients, and how hard these are.

    workers : processes that make the patients. mimics : these also have what only resembles a disease.

    Raises
    ------
    InputError
        The network knows other diseases.
    """
    if tuple(label.code for label in detector.diseases) != DISEASES:
        raise InputError(parameters.weights, f"does not tell {', '.join(DISEASES)}", "Leave --patients 0")
    schema, full = load_schema("ltrc5"), dataclasses.replace(parameters, heat_maps=True)
    alone, smoothed, truth, names, verdicts, histograms, places = [], [], [], [], [], [], []
    seeds, share = range(BENCHMARK_SEED, BENCHMARK_SEED + patients), part(progress, 0.0, 0.6)
    make = partial(benchmark_patient, mimics=mimics)
    for study in process_map(make, seeds, workers, share, "Scoring patients"):
        areas = disease_areas(study.labels, schema, DISEASES)
        found = detect(study.ct, full, detector=detector)
        findings = found.findings
        for reading in findings.slices:
            alone.append(reading.probability or (0.0,) * len(DISEASES))
            smoothed.append(reading.smoothed or (0.0,) * len(DISEASES))
        truth.append(areas >= T6000_MM2)
        places.append(peaks(study, found, schema, truth[-1]))
        names += [str(study.seed)] * len(areas)
        verdicts.append(findings.diseases)
        histograms.append(study_histograms(study))
    others, share = range(FIRST_SEED, FIRST_SEED + patients), part(progress, 0.6, 1.0)
    learned = slice_histograms(others, share, workers, mimics)
    present = np.concatenate(truth)
    rows = {}
    decisions = [Decision(threshold=threshold) for threshold in detector.thresholds]
    for name, values in (("single slices", alone), ("with their neighbours", smoothed)):
        scores = log_odds(values)
        found = found_diseases(scores, decisions)
        rows[name] = detection_scores(scores, found, present, np.array(names))
    table = "\n\n".join(f"{name}:\n{markdown(scores, DISEASES)}" for name, scores in rows.items())
    return {
        "patients": patients,
        "mimics": mimics,
        "difficulty": measure_difficulty(learned, join_histograms(histograms)),
        **{name: scores.as_dict() for name, scores in rows.items()},
        "heat_maps": dict(summary(places)),
        "scans": _scans(verdicts, np.array([one.any(0) for one in truth])),
        "table": table,
    }


def cross_score(
    parameters: IldDetectionParameters,
    detector: Detector,
    make: Callable[[int], Study],
    studies: int,
    progress: Progress,
) -> dict[str, dict[str, float | None]]:
    """Return AUC and F1 of the curves along another generator's studies, by its own diseases."""
    schema, bare = load_schema("gao5"), dataclasses.replace(parameters, heat_maps=False)
    told, areas = [], []
    for seed in each(range(BENCHMARK_SEED, BENCHMARK_SEED + studies), progress, "Scoring other studies"):
        study = make(seed)
        areas.append(disease_areas(study.labels, schema, tuple(SAME_DISEASES)))
        readings = detect(study.ct, bare, detector=detector).findings.slices
        told += [reading.smoothed or (0.0,) * len(DISEASES) for reading in readings]
    present = np.concatenate(areas) >= T6000_MM2
    members = [[DISEASES.index(code) for code in codes] for codes in SAME_DISEASES.values()]
    probability, found = np.array(told), np.array(told) >= np.array(detector.thresholds)
    likeliest = np.stack([probability[:, own].max(1) for own in members], axis=1)
    auc = areas_under_roc(present, likeliest)
    f1 = f1_scores(present, np.stack([found[:, own].any(1) for own in members], axis=1))
    return {
        code: {
            "slices": int(present[:, k].sum()),
            "auc": _rounded(auc[k]),
            "f1": _rounded(f1[k]),
        }
        for k, code in enumerate(SAME_DISEASES)
    }


def _scans(verdicts: Sequence[Sequence[Finding]], present: NDArray[np.bool_]) -> dict[str, dict[str, Any]]:
    """Return per disease how many verdicts are right, which way the others are wrong, and their calibration.

    verdicts : of scans. present : (scans, diseases). doubtful : how often that was said, which counts as no.
    expected : the sum of the probabilities, which is near `present` if they are honest. brier : the mean
    square of probability less truth; brier_of_prevalence : that of always saying how often the disease is.
    """
    probabilities = np.array([[one.probability or 0.0 for one in scan] for scan in verdicts])
    found = np.array([[bool(one.present) for one in scan] for scan in verdicts])
    doubtful = np.array([[one.doubtful for one in scan] for scan in verdicts])
    often, square = present.mean(0), ((probabilities - present) ** 2).mean(0)
    auc = areas_under_roc(present, probabilities)
    return {
        code: {
            "present": int(present[:, number].sum()),
            "right": int((found == present)[:, number].sum()),
            "missed": int((~found & present)[:, number].sum()),
            "false_alarms": int((found & ~present)[:, number].sum()),
            "doubtful": int(doubtful[:, number].sum()),
            "auc": _rounded(auc[number]),
            "expected": round(float(probabilities[:, number].sum()), 2),
            "brier": _rounded(square[number]),
            "brier_of_prevalence": _rounded(often[number] * (1 - often[number])),
        }
        for number, code in enumerate(DISEASES)
    }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)
