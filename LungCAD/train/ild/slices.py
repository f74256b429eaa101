"""Labelled slices, one lung at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from LungCAD.tasks.ild_input import IldInput


@dataclass(frozen=True)
class LungSlice:
    """A crop of one slice around one lung.

    hu : (Y, X) int16. targets : (Y, X) int8: index of the class, `UNLABELLED` lung, or `OUTSIDE`.
    patient : the same for slices that must not be on both sides of a split.
    """

    hu: NDArray[np.int16]
    targets: NDArray[np.int8]
    patient: str


@dataclass(frozen=True)
class SliceSet:
    """Slices and what is known of them.

    classes : codes of a label schema. input : how they were cut and what scanners they are from.
    source, licence : sentences for the model card. warnings : sentences on what was left out.
    """

    slices: tuple[LungSlice, ...]
    classes: tuple[str, ...]
    input: IldInput
    source: str
    licence: str
    synthetic: bool = False
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def patients(self) -> tuple[str, ...]:
        """All patients, in alphabetical order."""
        return tuple(sorted({one.patient for one in self.slices}))

    @property
    def pixels(self) -> NDArray[np.int64]:
        """Labelled pixels of every class (columns) in every patient (rows, as `patients`)."""
        rows = {patient: row for row, patient in enumerate(self.patients)}
        counts = np.zeros((len(rows), len(self.classes)), np.int64)
        for one in self.slices:
            counts[rows[one.patient]] += class_pixels(one.targets, len(self.classes))
        return counts

    def contents(self) -> Iterator[str | NDArray]:
        """Yield all that is learned from, slice by slice."""
        for one in self.slices:
            yield from (one.patient, one.hu, one.targets)

    def of_patients(self, patients: Iterable[str]) -> SliceSet:
        """Return the slices of these patients."""
        wanted = set(patients)
        return replace(self, slices=tuple(one for one in self.slices if one.patient in wanted))

    def joined(self, other: SliceSet) -> SliceSet:
        """Return both sets as one; ValueError when they have other classes or were cut otherwise."""
        if (self.classes, self._cut) != (other.classes, other._cut):
            raise ValueError("sets of other classes or cut otherwise cannot be joined")
        return SliceSet(
            self.slices + other.slices,
            self.classes,
            replace(
                self.input,
                pixel_mm=_both(self.input.pixel_mm, other.input.pixel_mm),
                thickness_mm=_both(self.input.thickness_mm, other.input.thickness_mm),
            ),
            f"{self.source}; {other.source}",
            "; ".join(dict.fromkeys([self.licence, other.licence])),
            self.synthetic or other.synthetic,
            self.warnings + other.warnings,
        )

    @property
    def _cut(self) -> tuple[object, ...]:
        return self.input.window, self.input.margin_px, self.input.multiple_px


def class_pixels(targets: NDArray, classes: int) -> NDArray[np.int64]:
    """Return the number of pixels of every class (C,)."""
    return np.bincount(targets[targets >= 0], minlength=classes)


def _both(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    return min(first[0], second[0]), max(first[1], second[1])
