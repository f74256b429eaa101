"""Axial slices of which one knows how much of each disease they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch.nn.functional import avg_pool2d, interpolate

from LungCAD.errors import InputError
from LungCAD.images.geometry import same_geometry, spacing_zyx, to_axial
from LungCAD.labels import Schema
from LungCAD.tasks.detection_input import SIDE_PX, DetectionInput, Field

DISEASES = ("ground_glass", "reticulation", "honeycombing", "emphysema")
"""Of LTRC, in the order of the paper's tables; codes of the schema ltrc5."""

CELLS, CELL_PX, FIRST_CELL_PX = 13, 16, 17
"""The last maps of CNN-F have 13 x 13 places, 16 pixels apart; the first looks at pixel 17 of the image."""

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
    cells : (N, 2 + C, 13, 13) uint8, how much of each cell of the network's last maps is healthy lung, each
        disease, and what only resembles one, 255 all of it; None where only ticks or areas are known.
    gap_mm : (N,) from the slice below it in the scan, 0 for the lowest of a scan; None where slices of some
        scan are missing.
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
    cells: NDArray[np.uint8] | None = None
    gap_mm: NDArray[np.float32] | None = None

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
        """Return the slices at these indices; no scan is taken for whole any more."""
        return replace(
            self,
            images=self.images[indices],
            areas=self.areas[indices],
            patients=self.patients[indices],
            folds=None if self.folds is None else self.folds[indices],
            cells=None if self.cells is None else self.cells[indices],
            gap_mm=None,
        )


def cut_slices(
    ct: sitk.Image,
    labels: sitk.Image,
    schema: Schema,
    prepare: DetectionInput,
    patient: str,
    source: str,
    licence: str,
    synthetic: bool = False,
    subject: object = "labels",
    mimics: sitk.Image | None = None,
) -> SliceSet:
    """Return every axial slice of a labelled scan, feet first.

    Parameters
    ----------
    ct : HU. labels : values of the schema, on the same grid. subject : what an error names.
    mimics : nonzero where something only resembles a disease, on the same grid; None where nothing is known.

    Raises
    ------
    InputError
        Another grid, a value that the schema does not know, a disease that it lacks, or as `images`.
    """
    if not same_geometry(ct, labels):
        raise InputError(subject, "has another geometry than its CT", "Give the labels of this very scan")
    areas = disease_areas(labels, schema, DISEASES, subject)
    axial, field = prepare.place(ct)
    images = prepare.grey_levels(torch.from_numpy(sitk.GetArrayFromImage(axial)), field).numpy()
    patients = np.full(len(images), patient)
    return SliceSet(
        images,
        areas,
        patients,
        DISEASES,
        prepare,
        source,
        licence,
        synthetic,
        cells=cell_shares(labels, schema, DISEASES, field, mimics),
        gap_mm=np.concatenate([[0], np.full(len(images) - 1, axial.GetSpacing()[2])]).astype(np.float32),
    )


def cell_shares(
    labels: sitk.Image,
    schema: Schema,
    diseases: Sequence[str],
    field: Field,
    mimics: sitk.Image | None = None,
) -> NDArray[np.uint8]:
    """Return how much of every cell shows what, (Z, 2 + C, 13, 13), as `SliceSet.cells`."""
    values = _axial_voxels(labels)
    masks = [values == schema.by_code(code).value for code in ("healthy", *diseases)]
    masks.append(torch.zeros_like(values) if mimics is None else _axial_voxels(mimics) != 0)
    return np.stack([_shares_of_cells(mask, field) for mask in masks], axis=1)


def unlabelled(labels: sitk.Image, lungs: sitk.Image) -> sitk.Image:
    """Return 1 where painted lungs have no label, which is where something only resembles a disease."""
    return sitk.And(labels == 0, lungs != 0)


def _axial_voxels(image: sitk.Image) -> torch.Tensor:
    return torch.from_numpy(sitk.GetArrayFromImage(to_axial(image)).astype(np.uint8))


def _shares_of_cells(mask: torch.Tensor, field: Field) -> NDArray[np.uint8]:
    """Return how much of every cell a mask (Z, Y, X) covers, (Z, 13, 13)."""
    start = FIRST_CELL_PX - CELL_PX // 2
    seen = slice(start, start + CELLS * CELL_PX)
    cut = field.cut(mask).clamp_(min=0)[:, None]
    whole = interpolate(cut, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)
    return avg_pool2d(whole[:, 0, seen, seen], CELL_PX).mul_(255).round_().to(torch.uint8).numpy()


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
    cells = [one.cells for one in sets if one.cells is not None]
    gaps = [one.gap_mm for one in sets if one.gap_mm is not None]
    return replace(
        sets[0],
        images=np.concatenate([one.images for one in sets]),
        areas=np.concatenate([one.areas for one in sets]),
        patients=np.concatenate([one.patients for one in sets]),
        source="; ".join(dict.fromkeys(one.source for one in sets)),
        licence="; ".join(dict.fromkeys(one.licence for one in sets)),
        synthetic=any(one.synthetic for one in sets),
        folds=np.concatenate(folds) if len(folds) == len(sets) else None,
        cells=np.concatenate(cells) if len(cells) == len(sets) else None,
        gap_mm=np.concatenate(gaps) if len(gaps) == len(sets) else None,
    )


def require_alike(first: SliceSet, other: SliceSet) -> None:
    """Check that two sets have the same diseases and were prepared alike; raises InputError."""
    if (first.diseases, first.input) != (other.diseases, other.input):
        raise InputError(other.source, "was prepared otherwise than other slices", "Make all of them anew")
