"""Regions of the Geneva (HUG) database: one text file with contours beside the slices of a scan.

The text holds `key: value` lines (spacings in mm), then for every region `label`, `slice_number` (from 1) and
`nb_points_on_contour`, followed by that many lines `x y`: millimetres from the centre of the slice's first
pixel, along its rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from LungCAD.errors import InputError
from LungCAD.images.dicom_slices import Slice, number_or_none, slices_below
from LungCAD.images.geometry import affine, axial_axis, image_like, to_axial
from LungCAD.images.stack import without_copies
from LungCAD.labels import BACKGROUND, Schema

SAME_AS = {"hc": "honeycombing"}
"""Labels of the database that it writes otherwise than our schemas do."""

PARALLEL = 0.999
"""Cosine of the angle between planes that are taken for parallel."""

BESIDE_PX = 1.5
"""So far from the middle of the outermost pixels a contour may be drawn, at most."""

Frame = NDArray[np.float64]
"""A slice's place in LPS mm, (3, 3): its first pixel, the directions along a row and along a column."""


@dataclass(frozen=True)
class Contour:
    """One closed contour: the label as written, the slice (from 1), and points (n, 2), x and y in mm."""

    label: str
    slice_number: int
    points: NDArray[np.float64]


def read_txt_rois(
    path: Path | str,
    reference: sitk.Image,
    schema: Schema,
    source: Path | str | None = None,
    series_uid: str | None = None,
) -> sitk.Image:
    """Return the contours in a text file as a uint8 label map on the grid of `reference`.

    `path` is the text file, or a folder that holds just one. Slices are numbered by the instance numbers of
    the DICOM files beside the text, or else of those of `source`; without such files the first slice is taken
    to be the topmost.

    Parameters
    ----------
    source : what `reference` was read from. series_uid : of it; needed where several series lie there.

    Raises
    ------
    InputError
        No text file, or several; several series in the plane of the scan and no `series_uid`; a text not in
        this format, or drawn on another scan; a label that the schema lacks; contours outside the reference;
        pixels in two contours of different labels.
    """
    path = _text_file(Path(path))
    contours, spacing = parse_contours(path)
    _require_spacing(spacing, reference, path)
    frames = _frames(path, reference, Path(source) if source else None, series_uid)
    labels = np.zeros(reference.GetSize()[::-1], dtype=np.uint8)
    for contour in contours:
        if contour.slice_number not in frames:
            problem = f"has a contour on slice {contour.slice_number} of {len(frames)}"
            raise InputError(path, problem, "Give this scan's text")
        number, inside = _pixels(contour, frames[contour.slice_number], reference, path)
        plane = np.moveaxis(labels, 2 - axial_axis(reference), 0)[number]
        value = _value(contour, schema, path)
        if np.any((plane[inside] != BACKGROUND) & (plane[inside] != value)):
            problem = f"has overlapping regions of different labels on slice {contour.slice_number}"
            raise InputError(path, problem, "Correct one of the two contours")
        plane[inside] = value
    if not labels.any():
        raise InputError(path, "holds no region of at least one pixel", "Give this scan's text")
    return image_like(labels, reference)


def parse_contours(path: Path) -> tuple[list[Contour], tuple[float, float]]:
    """Return the contours of a text file and its in-plane spacing (x, y) in mm.

    Raises
    ------
    InputError
        The file cannot be read, or is not in this format; the error names the line.
    """
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
    numbered = ((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())
    number, entries, contours = 0, {}, []
    try:
        for number, line in numbered:  # noqa: B007
            key, _, value = (part.strip() for part in line.partition(":"))
            entries[key.lower()] = value
            if key.lower() == "nb_points_on_contour":
                points = [_point(next(numbered)[1]) for _ in range(int(value))]
                if points:
                    contours.append(Contour(entries["label"], int(entries["slice_number"]), np.array(points)))
        spacing = float(entries["spacingx"]), float(entries["spacingy"])
    except (KeyError, ValueError, StopIteration) as error:
        raise InputError(
            path,
            f"is no text of contours as in the Geneva database, from line {number} on",
            "It needs SpacingX, SpacingY, and for each contour label, slice_number, nb_points_on_contour",
        ) from error
    return contours, spacing


def _point(line: str) -> tuple[float, float]:
    x, y = line.replace(",", " ").split()[:2]
    return float(x), float(y)


def _text_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    texts = sorted(path.glob("*.txt"))
    if len(texts) != 1:
        raise InputError(path, f"holds {len(texts)} text files", "Give the one with the contours")
    return texts[0]


def _require_spacing(spacing: tuple[float, float], reference: sitk.Image, path: Path) -> None:
    x, y = to_axial(reference).GetSpacing()[:2]
    if not np.allclose(spacing, (x, y), rtol=0.01):
        raise InputError(
            path,
            f"is of another scan (pixels of {spacing[0]:g} x {spacing[1]:g} mm, not {x:g} x {y:g} mm)",
            "Give this scan's text",
        )


def _frames(
    path: Path, reference: sitk.Image, source: Path | None, series_uid: str | None
) -> dict[int, Frame]:
    """Return where each slice number lies."""
    beside = [piece for piece in slices_below(path.parent) if piece.path.parent == path.parent]
    of_source = slices_below(source) if source and source.is_dir() else []
    if placed := _of_scan(beside, reference, series_uid) or _of_scan(of_source, reference, series_uid):
        if len({piece.series_uid for piece in placed}) > 1:
            problem = "lies beside several series, whose slices have the same numbers"
            raise InputError(path, problem, "Name the series (--series), or leave its slices there alone")
        ordered = sorted(placed, key=_instance)
        return {
            number: np.vstack([piece.position, piece.orientation]) for number, piece in enumerate(ordered, 1)
        }
    axial = to_axial(reference)
    directions = np.reshape(axial.GetDirection(), (3, 3)).T[:2]
    count = axial.GetSize()[2]
    return {
        number: np.vstack([axial.TransformIndexToPhysicalPoint((0, 0, count - number)), directions])
        for number in range(1, count + 1)
    }


def _of_scan(pieces: Iterable[Slice], reference: sitk.Image, series_uid: str | None) -> list[Slice]:
    """Return the slices of a scan: those of its series that lie in its planes, as a scout does not.

    Copies of a file, which `read_ct` leaves out as well, would count as slices of their own.
    """
    across = np.reshape(reference.GetDirection(), (3, 3))[:, axial_axis(reference)]
    in_plane = (
        piece
        for piece in pieces
        if piece.position is not None
        and piece.orientation is not None
        and series_uid in (None, "", piece.series_uid)
        and abs(piece.normal @ across) > PARALLEL
    )
    return without_copies(in_plane)


def _instance(piece: Slice) -> tuple[float, str]:
    return number_or_none(piece.header.get("InstanceNumber")) or 0.0, piece.path.name


def _value(contour: Contour, schema: Schema, path: Path) -> int:
    code = SAME_AS.get(contour.label.lower(), contour.label.lower().replace(" ", "_"))
    if code not in schema.codes:
        raise InputError(
            path,
            f'holds a label "{contour.label}" that the schema {schema.name} lacks',
            f"It has {', '.join(schema.codes)}; geneva18 has all of the database",
        )
    return schema.by_code(code).value


def _pixels(
    contour: Contour, frame: Frame, reference: sitk.Image, path: Path
) -> tuple[int, NDArray[np.bool_]]:
    """Return the contour's slice along the axial axis, and the mask of pixels whose centres it encloses."""
    to_index = np.linalg.inv(affine(reference))
    if not np.isfinite(contour.points).all():
        raise InputError(path, "has a contour with a point that is no number", "Export it again")
    points = frame[0] + contour.points @ frame[1:]
    indices = points @ to_index[:3, :3].T + to_index[:3, 3]
    axis, size = axial_axis(reference), reference.GetSize()
    number = round(float(indices[:, axis].mean()))
    if np.abs(indices[:, axis] - number).max() > 0.1 or not 0 <= number < size[axis]:
        raise InputError(path, "has a contour that lies on no slice of the scan", "Give this scan's text")
    rest = [other for other in (2, 1, 0) if other != axis]
    ends = np.array([size[other] for other in rest]) - 1 + BESIDE_PX
    if (indices[:, rest] < -BESIDE_PX).any() or (indices[:, rest] > ends).any():
        raise InputError(path, "has a contour beside the picture", "Give this scan's text")
    return number, polygon2mask([size[other] for other in rest], indices[:, rest])
