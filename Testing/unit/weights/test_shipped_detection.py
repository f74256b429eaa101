"""The detection network that ships: its size, and that it still tells disease in patients it never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from LungCAD.progress import silent
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.train.detection.metrics import areas_under_roc
from LungCAD.train.detection.phantoms import BENCHMARK_SEED, benchmark_study, phantom_slices
from LungCAD.train.detection.targets import T6000_MM2
from LungCAD.weights.shipped import weights_file

NAME = "cnnf-quarter"
PATIENTS = (BENCHMARK_SEED + 6, BENCHMARK_SEED + 9)
"""Together they have all four diseases, each in some of their slices."""


def coarse_study(seed):
    """The benchmark's patient in eight slices: made in a second or two."""
    return replace(benchmark_study(seed), size=(230, 192, 8), spacing=(1.5, 1.5, 30.0))


def test_the_file_is_small():
    assert weights_file(NAME).stat().st_size <= 5e6


def test_disease_is_told_from_health():
    detector = Detector(IldDetectionParameters(weights=NAME, device="cpu"))
    present, told = [], []
    for slices in phantom_slices(PATIENTS, coarse_study):
        present.append(slices.present(T6000_MM2))
        told.append(detector.look(torch.from_numpy(slices.images), silent)[1])
    auc = areas_under_roc(np.concatenate(present), np.concatenate(told))
    assert auc.mean() > 0.93 and auc.min() > 0.8, auc  # of 16 slices: one pair of them moves it by 0.02
