"""From labelled scans to labelled slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import to_axial
from LungCAD.labels import Schema
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.loss import OUTSIDE, UNLABELLED
from LungCAD.train.ild.slices import LungSlice, SliceSet, class_pixels

IGNORED = 255
"""Label value of lung that takes no part."""

TOLD = 0.05
"""What lies outside the lungs is told from this part of a class on: the rim of a region often does."""


class SliceCollector:
    """Cuts scans into slices, as `input` says, and remembers what scanners they are from.

    schema : its codes are the classes.
    """

    def __init__(self, schema: Schema, input: IldInput) -> None:
        self.schema = schema
        self._input = input
        self._slices: list[LungSlice] = []
        self._pixels: list[float] = []
        self._thicknesses: list[float] = []
        self._unused = 0
        self._drawn, self._found = (np.zeros(len(schema.codes), np.int64) for _ in range(2))

    @property
    def scans(self) -> int:
        """Number of scans from which there are slices."""
        return len(self._thicknesses)

    @property
    def patients(self) -> int:
        """Number of patients from whom there are slices."""
        return len({one.patient for one in self._slices})

    def add(
        self,
        ct: sitk.Image,
        labels: sitk.Image,
        lungs: sitk.Image,
        patient: str,
        *,
        thickness_mm: float | None = None,
        meaning: Mapping[int, str | None] | None = None,
        unlabelled: int = 0,
    ) -> None:
        """Take both lungs of all slices on which something is labelled.

        Parameters
        ----------
        ct, labels, lungs : HU, label values, and 1 right, 2 left; of one geometry, any orientation.
        thickness_mm : of the slices; their distance where it is not known.
        meaning : code by label value, that of the schema where None. Values without a code, or with one that
            is no class, take no part.
        unlabelled : value beside 0 of lung that nobody labelled.
        """
        axial = to_axial(ct)
        hu = sitk.GetArrayFromImage(axial)
        values, field = (sitk.GetArrayFromImage(to_axial(image)) for image in (labels, lungs))
        table = self._table(meaning, unlabelled)
        given = table[values]
        self._drawn += class_pixels(given, len(self._drawn))
        self._found += class_pixels(given[field > 0], len(self._drawn))
        found = len(self._slices)
        for crop in self._input.crops(field):
            targets = np.where(crop.cut(field) == crop.side, crop.cut(given), np.int8(OUTSIDE))
            if (targets >= 0).any():
                self._slices.append(LungSlice(crop.cut(hu).astype(np.int16), targets, patient))
        if len(self._slices) > found:
            self._pixels += axial.GetSpacing()[:2]
            self._thicknesses.append(thickness_mm or axial.GetSpacing()[2])
        else:
            self._unused += 1

    def done(
        self,
        source: str,
        licence: str,
        synthetic: bool = False,
        warnings: Sequence[str] = (),
        require_all: bool = True,
    ) -> SliceSet:
        """Return what was collected; the texts are those of `SliceSet`, with more warnings where due.

        Raises
        ------
        InputError
            There is no labelled slice, or a class has no pixel and `require_all`.
        """
        warnings = (*warnings, *self._left_out())
        if not self._slices:
            remedy = " ".join(["Check the labels and the schema.", *warnings[:1]])
            raise InputError(source, "has no labelled slice of the lung", remedy.removesuffix("."))
        seen = replace(
            self._input,
            pixel_mm=(min(self._pixels), max(self._pixels)),
            thickness_mm=(min(self._thicknesses), max(self._thicknesses)),
        )
        codes = tuple(self.schema.codes)
        made = SliceSet(tuple(self._slices), codes, seen, source, licence, synthetic, warnings)
        missing = [code for code, count in zip(codes, made.pixels.sum(0), strict=True) if not count]
        if missing and require_all:
            raise InputError(
                source,
                f"shows no {', '.join(missing)}",
                "Give data that show all classes, or name a --schema of those that they show",
            )
        return made

    def _left_out(self) -> Iterator[str]:
        if self._unused:
            yield f"{self._unused} scans show no class of the schema in the lungs and were not used."
        lost = 1 - self._found / np.maximum(self._drawn, 1)
        shares = [
            f"{100 * share:.0f} % of {code}"
            for code, share, drawn in zip(self.schema.codes, lost, self._drawn, strict=True)
            if drawn and share >= TOLD
        ]
        if shares:
            yield f"Outside the lungs that were found lie {', '.join(shares)}: these pixels take no part."

    def _table(self, meaning: Mapping[int, str | None] | None, unlabelled: int) -> np.ndarray:
        """Return the target by label value."""
        if meaning is None:
            meaning = {label.value: label.code for label in self.schema.labels}
        index = {code: number for number, code in enumerate(self.schema.codes)}
        table = np.full(256, OUTSIDE, np.int8)
        table[[0, unlabelled]] = UNLABELLED
        for value, code in meaning.items():
            table[value] = index.get(code, OUTSIDE)
        return table
