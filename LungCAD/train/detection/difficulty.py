"""How hard the detection benchmark is: what the histogram of the lung tells of a slice, without texture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.study import PhantomStudy
from LungCAD.progress import Progress, silent
from LungCAD.train.detection.label_volumes import SCHEMA
from LungCAD.train.detection.metrics import areas_under_roc, patient_bootstrap
from LungCAD.train.detection.phantoms import benchmark_patient
from LungCAD.train.detection.scores import plain
from LungCAD.train.detection.slices import DISEASES, disease_areas
from LungCAD.train.detection.targets import T6000_MM2

PREVALENCE = (0.17, 0.085, 0.072, 0.15)
"""Part of LTRC's slices that show each disease (table 1), in the order of `DISEASES`."""

MOST_OFF = 0.25
"""By so great a part of LTRC's prevalence ours may differ, beyond what chance explains among few patients."""

BINS_HU = np.arange(-1030, 130, 20)
NEAR = 0.3
LEAST_NEAR = 0.20
MOST_BY_HISTOGRAM = 0.85
TEXTURED = ("reticulation", "honeycombing")
"""Diseases that density alone must not tell."""


@dataclass(frozen=True)
class SliceHistograms:
    """Histograms of the lung (N, bins), parts that sum to 1; areas (N, C) in mm2; patients (N,)."""

    histograms: NDArray[np.float64]
    areas: NDArray[np.float32]
    patients: NDArray[np.intp]


def slice_histograms(
    seeds: Sequence[int], progress: Progress = silent, workers: int = 1, mimics: bool = False
) -> SliceHistograms:
    """Return what density tells of every slice of the benchmark's studies with these seeds.

    workers : processes that make them, as in `process_map`. mimics : as in `StudyParameters`.
    """
    made = partial(_patient_histograms, mimics=mimics)
    return join_histograms(process_map(made, seeds, workers, progress, "Making studies"))


def _patient_histograms(seed: int, mimics: bool) -> SliceHistograms:
    return study_histograms(benchmark_patient(seed, mimics))


def study_histograms(study: PhantomStudy) -> SliceHistograms:
    """Return what density tells of every slice of a study."""
    hu, lungs = (sitk.GetArrayViewFromImage(image) for image in (study.ct, study.lungs))
    counts = np.stack(
        [np.histogram(h[m > 0], [-np.inf, *BINS_HU, np.inf])[0] for h, m in zip(hu, lungs, strict=True)]
    )
    parts = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    areas = disease_areas(study.labels, load_schema(SCHEMA), DISEASES)
    return SliceHistograms(parts, areas, np.full(len(hu), study.seed))


def join_histograms(parts: Iterable[SliceHistograms]) -> SliceHistograms:
    """Return the slices of all parts as one."""
    rows = zip(*((one.histograms, one.areas, one.patients) for one in parts), strict=True)
    return SliceHistograms(*map(np.concatenate, rows))


def near_threshold(areas: NDArray, threshold_mm2: float) -> float:
    """Return the part of all positives whose area is less than 30 % above the threshold; nan without any."""
    positive = areas[areas >= threshold_mm2]
    return float((positive < (1 + NEAR) * threshold_mm2).mean()) if len(positive) else float("nan")


def histogram_auc(learned: SliceHistograms, tested: SliceHistograms, threshold_mm2: float) -> NDArray:
    """Return the area under the ROC curve (C,) of logistic regression on histograms of the lung.

    It is nan for a disease that all slices on one side show, or none.
    """
    present = learned.areas >= threshold_mm2
    scores = np.zeros(tested.areas.shape)
    learnable = present.any(0) & ~present.all(0)
    for number in np.flatnonzero(learnable):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        model.fit(learned.histograms, present[:, number])
        scores[:, number] = model.decision_function(tested.histograms)
    return np.where(learnable, areas_under_roc(tested.areas >= threshold_mm2, scores), np.nan)


def measure_difficulty(learned: SliceHistograms, tested: SliceHistograms) -> dict[str, object]:
    """Return the gate of the benchmark as plain data: prevalence, positives near T, AUC of histograms.

    What is undefined is None, and does not pass.
    """
    present, target = tested.areas >= T6000_MM2, np.array(PREVALENCE)
    low, high = patient_bootstrap(tested.patients, lambda rows: present[rows].mean(0))
    as_often = (low <= (1 + MOST_OFF) * target) & (high >= (1 - MOST_OFF) * target)
    auc = dict(zip(DISEASES, histogram_auc(learned, tested, T6000_MM2), strict=True))
    near = near_threshold(tested.areas, T6000_MM2)
    hard = all(auc[code] <= MOST_BY_HISTOGRAM for code in TEXTURED)
    return {
        "slices": len(present),
        "patients": len(np.unique(tested.patients)),
        "prevalence": dict(zip(DISEASES, plain(present.mean(0)), strict=True)),
        "prevalence_interval": dict(zip(DISEASES, map(plain, zip(low, high, strict=True)), strict=True)),
        "prevalence_ltrc": dict(zip(DISEASES, PREVALENCE, strict=True)),
        "near_threshold": plain([near])[0],
        "histogram_auc": dict(zip(auc, plain(list(auc.values())), strict=True)),
        "passed": bool(hard and near >= LEAST_NEAR and as_often.all()),
    }
