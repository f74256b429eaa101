"""How hard the detection benchmark is: what the histogram of the lung tells of a slice, without texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from LungCAD.labels import load_schema
from LungCAD.phantom.study import make_study
from LungCAD.progress import Progress, each, silent
from LungCAD.train.detection.label_volumes import SCHEMA
from LungCAD.train.detection.metrics import areas_under_roc
from LungCAD.train.detection.phantoms import benchmark_study
from LungCAD.train.detection.slices import DISEASES, disease_areas
from LungCAD.train.detection.targets import T6000_MM2

PREVALENCE = (0.17, 0.085, 0.072, 0.15)
"""Part of LTRC's slices that show each disease (table 1), in the order of `DISEASES`."""

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


def slice_histograms(seeds: Sequence[int], progress: Progress = silent) -> SliceHistograms:
    """Return what density tells of every slice of the benchmark's studies with these seeds."""
    schema, found = load_schema(SCHEMA), []
    for seed in each(seeds, progress, "Making studies"):
        study = make_study(benchmark_study(seed))
        hu, lungs = (sitk.GetArrayViewFromImage(image) for image in (study.ct, study.lungs))
        counts = np.stack(
            [np.histogram(h[m > 0], [-np.inf, *BINS_HU, np.inf])[0] for h, m in zip(hu, lungs, strict=True)]
        )
        parts = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        found.append((parts, disease_areas(study.labels, schema, DISEASES), np.full(len(hu), seed)))
    return SliceHistograms(*(np.concatenate(values) for values in zip(*found, strict=True)))


def near_threshold(areas: NDArray, threshold_mm2: float) -> float:
    """Return the part of all positives whose area is less than 30 % above the threshold."""
    present = areas >= threshold_mm2
    return float((areas[present] < (1 + NEAR) * threshold_mm2).mean())


def histogram_auc(learned: SliceHistograms, tested: SliceHistograms, threshold_mm2: float) -> NDArray:
    """Return the area under the ROC curve (C,) of logistic regression on histograms of the lung."""
    present, scores = learned.areas >= threshold_mm2, []
    for truth in present.T:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        scores.append(model.fit(learned.histograms, truth).decision_function(tested.histograms))
    return areas_under_roc(tested.areas >= threshold_mm2, np.stack(scores, axis=1))


def measure_difficulty(learned: SliceHistograms, tested: SliceHistograms) -> dict[str, object]:
    """Return the gate of the benchmark as plain data: prevalence, positives near T, AUC of histograms."""
    auc = dict(zip(DISEASES, histogram_auc(learned, tested, T6000_MM2).tolist(), strict=True))
    near = near_threshold(tested.areas, T6000_MM2)
    hard = all(auc[code] <= MOST_BY_HISTOGRAM for code in TEXTURED)
    return {
        "slices": len(tested.areas),
        "prevalence": dict(zip(DISEASES, (tested.areas >= T6000_MM2).mean(0).tolist(), strict=True)),
        "prevalence_ltrc": dict(zip(DISEASES, PREVALENCE, strict=True)),
        "near_threshold": near,
        "histogram_auc": auc,
        "passed": hard and near >= LEAST_NEAR,
    }
