"""Axial slices of which one knows how much of each disease they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import same_geometry, spacing_zyx, to_axial
from LungCAD.labels import Schema
from LungCAD.tasks.detection_input import DetectionInput

DISEASES = ("ground_glass", "reticulation", "honeycombing", "emphysema")
"""Of LTRC, in the order of the paper's tables; codes of the schema ltrc5."""

TICKED = np.inf
"""The area of a disease that a reader ticked: large enough, whatever the threshold."""


@dataclass(frozen=True)
class SliceSet:
    """Slices as the network sees them, with their truth.

    images : (N, 3, side, side) uint8, as `DetectionInput` makes them; may be mapped from a file.
    areas : (N, C) mm2 of each disease, `TICKED` or 0 where a reader only ticked what is there.
    patients : (N,) pseudonyms; slices of one patient must not be on both sides of a split.
    diseases : codes, in the order of `areas`. input : how the images were made.
    source, licence : a sentence each for the model card. folds : (N,) where somebody chose them.
    """

    images: NDArray[np.uint8]
    areas: NDArray[np.float32]
    patients: NDArray[np.str_]
    diseases: tuple[str, ...]
    input: DetectionInput
    source: str
    licence: str
    synthetic: bool = False
    folds: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def ticked(self) -> bool:
        """Whether some truth is a reader's tick, without an area."""
        return bool(np.isinf(self.areas).any())

    def present(self, threshold_mm2: float) -> NDArray[np.bool_]:
        """Return which diseases reach an area, (N, C)."""
        return self.areas >= threshold_mm2

    def take(self, indices: NDArray[np.intp]) -> SliceSet:
        """Return the slices at these indices."""
        return replace(
            self,
            images=self.images[indices],
            areas=self.areas[indices],
            patients=self.patients[indices],
            folds=None if self.folds is None else self.folds[indices],
        )


def cut_slices(
    ct: sitk.Image,
    labels: sitk.Image,
    schema: Schema,
    diseases: Sequence[str],
    prepare: DetectionInput,
    subject: object = "labels",
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return every axial slice of a scan, feet first, and the mm2 of each disease on it.

    Parameters
    ----------
    ct : HU. labels : values of the schema, on the same grid. subject : what an error names.

    Returns
    -------
    Images (Z, 3, side, side) and areas (Z, C).

    Raises
    ------
    InputError
        Another grid, a value that the schema does not know, a disease that it lacks, or as `images`.
    """
    if not same_geometry(ct, labels):
        raise InputError(subject, "has another geometry than its CT", "Give the labels of this very scan")
    return prepare.images(ct).numpy(), disease_areas(labels, schema, diseases, subject)


def disease_areas(
    labels: sitk.Image, schema: Schema, diseases: Sequence[str], subject: object = "labels"
) -> NDArray[np.float32]:
    """Return the mm2 of each disease on every axial slice (Z, C), feet first; raises as `cut_slices`."""
    if missing := [code for code in diseases if code not in schema.codes]:
        raise InputError(subject, f"its schema {schema.name} lacks {', '.join(missing)}", "Choose another")
    axial = to_axial(labels)
    values = sitk.GetArrayViewFromImage(axial)
    known = {0, schema.ignore_value, *schema.values}
    if strange := sorted(set(np.unique(values).tolist()) - known):
        problem = f"holds the values {', '.join(map(str, strange))}, which {schema.name} does not know"
        raise InputError(subject, problem, "Give the schema of these labels, or say what the values mean")
    _, height, width = spacing_zyx(axial)
    counts = [(values == schema.by_code(code).value).sum((1, 2)) for code in diseases]
    return (np.stack(counts, axis=1) * (height * width)).astype(np.float32)


def join(sets: Iterable[SliceSet]) -> SliceSet:
    """Return all slices of sets that were made alike; raises InputError where they were not."""
    sets = list(sets)
    for other in sets:
        require_alike(sets[0], other)
    folds = [one.folds for one in sets if one.folds is not None]
    return replace(
        sets[0],
        images=np.concatenate([one.images for one in sets]),
        areas=np.concatenate([one.areas for one in sets]),
        patients=np.concatenate([one.patients for one in sets]),
        source="; ".join(dict.fromkeys(one.source for one in sets)),
        licence="; ".join(dict.fromkeys(one.licence for one in sets)),
        synthetic=any(one.synthetic for one in sets),
        folds=np.concatenate(folds) if len(folds) == len(sets) else None,
    )


def require_alike(first: SliceSet, other: SliceSet) -> None:
    """Check that two sets have the same diseases and were prepared alike; raises InputError."""
    if (first.diseases, first.input) != (other.diseases, other.input):
        raise InputError(other.source, "was prepared otherwise than other slices", "Make all of them anew")
