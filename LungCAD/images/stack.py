"""Putting slices in order, and refusing those that make no regular grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.dicom_slices import Slice, number_or_none

SAME_DIRECTION = 1e-3
"""Direction cosines that differ by less belong to parallel slices (0.06 degrees)."""

SAME_POSITION_MM = 0.01
UNEVEN = 0.10
"""How far a slice may lie from its place on an even grid, as a fraction of the slice spacing."""

UNEVEN_MM = 0.1
"""How far it may lie there in any case: positions are often rounded to this."""

NOTICEABLE_MM = 0.02


@dataclass(frozen=True)
class Grid:
    """Where voxels lie, in LPS mm: `direction` has one column per index axis, `spacing` is x, y, z."""

    origin: tuple[float, ...]
    direction: NDArray[np.float64]
    spacing: tuple[float, float, float]


def arrange(slices: list[Slice], subject: object) -> tuple[list[Slice], Grid, list[str]]:
    """Return the slices ordered along their normal (axial: feet first), the grid they make, and warnings.

    Raises
    ------
    InputError
        Positions are missing or repeated, slices are missing, unevenly spaced, of different sizes or
        orientations, or were acquired with a tilted gantry. The error names `subject`.
    """
    warnings = []
    unique = without_copies(slices)
    if copies := len(slices) - len(unique):
        warnings.append(f"{copies} of the files are copies of others and were left out.")
    _require_one_shape(unique, subject)
    first = unique[0]
    positions = np.array([piece.position for piece in unique])
    order = np.argsort(positions @ first.normal, kind="stable")
    ordered, positions = [unique[index] for index in order], positions[order]
    rows, columns = first.spacing
    direction = np.column_stack([*first.orientation, first.normal])
    if len(ordered) == 1:
        thickness = number_or_none(first.header.get("SliceThickness")) or 1.0
        return ordered, Grid(tuple(positions[0]), direction, (columns, rows, thickness)), warnings
    spacing = _even_spacing(positions @ first.normal, subject, warnings)
    _require_no_tilt(positions, first.normal, min(rows, columns), subject)
    return ordered, Grid(tuple(positions[0]), direction, (columns, rows, spacing)), warnings


def without_copies(slices: Iterable[Slice]) -> list[Slice]:
    """Return the slices of which none is a copy of another, in their order."""
    return list({_identity(piece): piece for piece in slices}.values())


def _identity(piece: Slice) -> tuple[object, ...]:
    """What only copies of a slice share: some anonymisers give all slices the same UID, or an empty one."""
    uid = piece.header.get("SOPInstanceUID") or piece.path
    return uid, piece.frame, None if piece.position is None else tuple(piece.position)


def _require_one_shape(slices: list[Slice], subject: object) -> None:
    lacking = sum(
        piece.position is None or piece.orientation is None or piece.spacing is None for piece in slices
    )
    if lacking:
        raise InputError(
            subject,
            f"does not say where {lacking} of its {len(slices)} slices lie",
            "Export the original axial series again",
        )
    sizes = Counter(piece.size for piece in slices)
    if len(sizes) > 1:
        listed = ", ".join(f"{count} of {columns} x {rows}" for (columns, rows), count in sizes.most_common())
        raise InputError(subject, f"mixes slices of different sizes ({listed})", "Keep those of one size")
    first = slices[0]
    if not all(step > 0 for step in first.spacing):
        rows, columns = first.spacing
        raise InputError(subject, f"has pixels of {columns:g} x {rows:g} mm", "Export the series again")
    if np.abs(first.orientation @ first.orientation.T - np.eye(2)).max() > SAME_DIRECTION:
        problem = "has slices whose rows and columns are not at right angles, or have no length of 1"
        raise InputError(subject, problem, "Export the original axial series again")
    turned = sum(np.abs(piece.orientation - first.orientation).max() > SAME_DIRECTION for piece in slices)
    if turned:
        raise InputError(
            subject,
            f"mixes orientations ({turned} of {len(slices)} slices lie in another plane than the first)",
            "Remove scouts and reformatted slices",
        )
    if any(not np.allclose(piece.spacing, first.spacing, rtol=1e-3) for piece in slices):
        raise InputError(
            subject, "mixes slices of different pixel spacing", "Keep those of one reconstruction"
        )


def _even_spacing(heights: NDArray[np.float64], subject: object, warnings: list[str]) -> float:
    """Return the distance of neighbouring slices (mm), given their ascending places along the normal."""
    gaps = np.diff(heights)
    if repeated := int(np.count_nonzero(gaps < SAME_POSITION_MM)):
        raise InputError(
            subject,
            f"holds {repeated} slices at the position of another (several reconstructions or time points)",
            "Keep one of them",
        )
    usual = float(np.median(gaps))
    wide = np.flatnonzero(gaps > 1.5 * usual)
    if wide.size:
        missing = int(np.rint(gaps[wide] / usual - 1).sum())
        raise InputError(
            subject,
            f"lacks slices: about {missing} missing, first between {heights[wide[0]]:.1f} and "
            f"{heights[wide[0] + 1]:.1f} mm, where neighbours usually lie {usual:g} mm apart",
            "Copy or export the whole series again",
        )
    spacing = float((heights[-1] - heights[0]) / len(gaps))
    off = float(np.abs(heights - heights[0] - spacing * np.arange(len(heights))).max())
    if off > max(UNEVEN * spacing, UNEVEN_MM):
        raise InputError(
            subject,
            f"has unevenly spaced slices ({gaps.min():.2f} to {gaps.max():.2f} mm apart)",
            "Resample it onto an even grid, or keep the evenly spaced part",
        )
    if off > NOTICEABLE_MM:
        warnings.append(f"Slices lie up to {off:.2f} mm from their place on an even grid.")
    return spacing


def _require_no_tilt(
    positions: NDArray[np.float64], normal: NDArray[np.float64], pixel: float, subject: object
) -> None:
    """Refuse a stack that leans so much that its voxels would be misplaced by more than half a pixel."""
    whole = positions[-1] - positions[0]
    drift = positions - positions[0]
    drift -= np.outer(drift @ normal, normal)
    if np.linalg.norm(drift, axis=1).max() > pixel / 2:
        angle = np.degrees(np.arccos(min(whole @ normal / np.linalg.norm(whole), 1.0)))
        raise InputError(
            subject,
            f"was acquired with a tilted gantry (by {angle:.1f} degrees) or its slices are shifted sideways",
            "Resample it onto a grid with right angles, as Slicer does when it loads such a series",
        )
