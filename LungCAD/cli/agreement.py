"""How a propagated case agrees with a complete truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.labels import Schema
from LungCAD.report.evaluation import (
    Expansion,
    RiskCoverage,
    confusion_matrix,
    expansion_curve,
    risk_coverage,
)
from LungCAD.tasks.label_propagation import LabelPropagationResult


@dataclass(frozen=True)
class Agreement:
    """Of the voxels that have a truth and were not drawn.

    confusion : counts, true values of the schema by rows. balanced_accuracy : mean recall, an undecided voxel
    counts as wrong.
    """

    confusion: np.ndarray
    balanced_accuracy: float
    risk_coverage: RiskCoverage
    expansion: Expansion


def require_comparable(truth: sitk.Image, rois: sitk.Image) -> None:
    """Raise InputError where a truth says nothing of what was not drawn, as the drawn regions themselves."""
    known, drawn = (sitk.GetArrayViewFromImage(image) > 0 for image in (truth, rois))
    if not (known & ~drawn).any():
        problem = "has no label outside the drawn regions: nothing is left to compare with"
        raise InputError("--truth", problem, "Give a complete segmentation, or leave it away")


def compare(truth: sitk.Image, rois: sitk.Image, result: LabelPropagationResult, schema: Schema) -> Agreement:
    """Compare the labels of a result with `truth` (values of the schema, 0 unknown) on the same grid."""
    true, drawn, labels = (sitk.GetArrayViewFromImage(image) for image in (truth, rois, result.labels))
    scored = (true > 0) & (drawn == 0)
    confidence = sitk.GetArrayViewFromImage(result.probabilities)[scored].max(-1)
    confidence[labels[scored] == 0] = 0
    confusion = confusion_matrix(true[scored], labels[scored], schema.values)
    present = confusion[confusion.any(1)]
    recall = confusion.diagonal()[confusion.any(1)] / present.sum(1)
    return Agreement(
        confusion=confusion,
        balanced_accuracy=float(recall.mean()),
        risk_coverage=risk_coverage(confidence, labels[scored] == true[scored]),
        expansion=expansion_curve(confidence, np.count_nonzero(drawn)),
    )
