"""What label propagation gives back, and how it is put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.labels import ACCEPTED, BACKGROUND, UNTOUCHED, Provenance
from LungCAD.report.densitometry import Densitometry
from LungCAD.report.measurements import Measurements


@dataclass(frozen=True)
class LabelPropagationResult:
    """Everything has the geometry of the input CT.

    labels : uint8, values of the schema; 0 outside the lung, where undecided and where erased.
    unary_labels : the same before the CRF.
    probabilities : float32 vector, one component per value of `classes`, 0 outside the lung and where erased.
    uncertainty : float32, entropy of the probabilities over log C: 0 certain, 1 all classes alike.
    provenance : uint8, values of `Provenance`.
    lungs, zones : uint8; the lungs include what was drawn or corrected outside the lung field.
    classes : label values that could be assigned, ascending.
    expansion_factor : automatically labelled voxels / voxels that the reader labelled.
    unary_report : how the drawn regions were learned, and whether that is calibrated.
    warnings : understandable sentences.
    """

    labels: sitk.Image
    unary_labels: sitk.Image
    probabilities: sitk.Image
    uncertainty: sitk.Image
    provenance: sitk.Image
    lungs: sitk.Image
    zones: sitk.Image
    classes: tuple[int, ...]
    expansion_factor: float
    measurements: Measurements
    densitometry: Densitometry
    unary_report: dict[str, object]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ReaderLabels:
    """What the reader said of every voxel, (z, y, x): drawn regions first, then corrections of a result.

    drawn : uint8, values of the schema, 0 where nothing is drawn.
    fixed : int16, the label that a voxel keeps; 0 where it was erased, UNTOUCHED where nobody said anything.
    accepted : bool, where a label is kept because the reader found it right.
    overruled : number of corrected voxels that keep what was drawn instead.
    """

    drawn: np.ndarray
    fixed: np.ndarray
    accepted: np.ndarray
    overruled: int

    @classmethod
    def of(cls, drawn: np.ndarray, corrections: np.ndarray) -> ReaderLabels:
        """Combine drawn regions and corrections (int16, `LabelPropagation.update`): what was drawn stays."""
        accepted = corrections >= ACCEPTED
        said = np.where(accepted, corrections - ACCEPTED, corrections)
        fixed = np.where(drawn > 0, drawn, said).astype(np.int16)
        overruled = np.count_nonzero((said != UNTOUCHED) & (said != fixed))
        return cls(drawn, fixed, accepted & (drawn == 0), overruled)

    @property
    def untouched(self) -> np.ndarray:
        """Where an algorithm may decide: (z, y, x) bool."""
        return self.fixed == UNTOUCHED

    @property
    def corrected(self) -> np.ndarray:
        """Where a result was corrected: (z, y, x) bool."""
        return (self.fixed != UNTOUCHED) & (self.drawn == 0) & ~self.accepted

    def over(self, labels: np.ndarray) -> np.ndarray:
        """Return uint8 labels with what the reader said in their place."""
        return np.where(self.untouched, labels, self.fixed).astype(np.uint8)


def provenance_map(
    reader: ReaderLabels, lungs: np.ndarray, undecided: np.ndarray, assigned: Provenance
) -> np.ndarray:
    """Return uint8 values of `Provenance`; `assigned` is what an algorithm's labels count as."""
    provenance = np.where(lungs > 0, assigned, Provenance.NONE).astype(np.uint8)
    provenance[undecided | (reader.accepted & (reader.fixed == BACKGROUND))] = Provenance.UNDECIDED
    provenance[reader.corrected] = Provenance.CORRECTED
    provenance[reader.drawn > 0] = Provenance.DRAWN
    return provenance


def assert_promises(labels: np.ndarray, reader: ReaderLabels, lungs: np.ndarray) -> None:
    """Fail loudly rather than hand out a result that breaks a promise."""
    if not (labels[reader.drawn > 0] == reader.drawn[reader.drawn > 0]).all():
        raise AssertionError("a drawn voxel lost its label")
    kept = ~reader.untouched
    if not (labels[kept] == reader.fixed[kept]).all():
        raise AssertionError("a corrected or accepted voxel lost its label")
    if (labels[reader.untouched & (lungs == 0)] != BACKGROUND).any():
        raise AssertionError("a voxel outside lung, drawing and correction was labelled")
