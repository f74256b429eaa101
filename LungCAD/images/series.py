"""The series in a DICOM folder, and the choice among them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.images.dicom_slices import CT_STORAGE, ENHANCED_CT_STORAGE, Slice, number_or_none, slices_below

LARGEST = "largest"
"""Given as the series, it takes the axial CT with the most slices."""

AXIAL = np.cos(np.radians(35.0))
"""A plane is axial if its normal runs within 35 degrees of the long axis: gantries tilt by up to 30."""


PROJECTED = {"MIP", "MINIP", "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM", "PROJECTION"}
"""Words in the image type of what shows the highest or lowest values of a slab, not the tissue itself."""

NO_DENSITIES = ("scout", "CT projection")
"""Kinds of series that are CT by their modality but hold no Hounsfield units of voxels."""


@dataclass(frozen=True)
class SeriesInfo:
    """One series of a folder, without anything about the patient. Sizes in pixels, distances in mm."""

    uid: str
    number: int | None
    modality: str
    kind: str  # "axial CT", "scout", "CT projection", "CT, not axial", "derived CT", or the modality
    slices: int
    size: tuple[int, int]
    pixel_spacing_mm: float | None
    slice_spacing_mm: float | None
    slice_thickness_mm: float | None
    kernel: str | None

    def __str__(self) -> str:
        """One line for a list: what a user needs to choose by."""
        said = [f"{self.slices} slices" if self.slices != 1 else "1 slice"]
        if self.slice_spacing_mm:
            said.append(f"every {self.slice_spacing_mm:g} mm")
        if self.slice_thickness_mm:
            said.append(f"{self.slice_thickness_mm:g} mm thick")
        if self.kernel:
            said.append(f"kernel {self.kernel}")
        return f"{self.uid} ({self.kind}, {', '.join(said)})"


def list_series(folder: Path | str) -> list[SeriesInfo]:
    """Return the image series below the folder, axial CTs first, the largest first.

    Raises
    ------
    InputError
        The folder cannot be read, or a DICOM file in it is damaged.
    """
    return [describe_series(slices) for slices in series_below(Path(folder)).values()]


def series_below(folder: Path) -> dict[str, list[Slice]]:
    """Return the slices of each series UID, in the order of `list_series`."""
    if not folder.is_dir():
        raise InputError(folder, "is not a folder", "Give the folder that holds the DICOM files")
    groups: dict[str, list[Slice]] = defaultdict(list)
    for piece in slices_below(folder):
        groups[piece.series_uid].append(piece)

    def rank(item: tuple[str, list[Slice]]) -> tuple[bool, int, str]:
        return not _is_axial_ct(item[1]), -_positions(item[1]), item[0]

    return dict(sorted(groups.items(), key=rank))


def choose_series(folder: Path, series: str | None) -> list[Slice]:
    """Return the slices of the CT series to read.

    With `series` a UID, that series. With "largest", the axial CT with the most slices. With None, the only
    axial CT there is: scouts, projections (MIP, MinIP), other modalities, planes other than axial, and series
    that show one single position (bolus tracking) beside a real stack do not count.

    Raises
    ------
    InputError
        No such series, no axial CT, or several of them and no choice: the error lists them.
    """
    groups = series_below(folder)
    if not groups:
        raise InputError(folder, "holds no DICOM images", "Give the folder of a CT, or an image file")
    if series is not None and series != LARGEST:
        if series not in groups:
            listed = "; ".join(str(describe_series(slices)) for slices in groups.values())
            raise InputError(folder, f"holds no series {series}", f"It holds {listed}")
        return groups[series]
    axial = [slices for slices in groups.values() if _is_axial_ct(slices)]
    if not axial:
        listed = "; ".join(str(describe_series(slices)) for slices in groups.values())
        raise InputError(folder, "holds no axial CT", f"It holds {listed}")
    stacks = [slices for slices in axial if _positions(slices) > 1] or axial
    if len(stacks) > 1 and series is None:
        listed = "; ".join(str(describe_series(slices)) for slices in stacks)
        raise InputError(
            folder,
            f"holds {len(stacks)} axial CT series",
            f'Choose one by its UID, or "{LARGEST}" for the one with the most slices: {listed}',
        )
    return stacks[0]


def describe_series(slices: list[Slice]) -> SeriesInfo:
    """Return what can be told of one series from its headers."""
    header = slices[0].header
    heights = _heights(slices)
    number = number_or_none(header.get("SeriesNumber"))
    return SeriesInfo(
        uid=slices[0].series_uid,
        number=None if number is None else int(number),
        modality=str(header.get("Modality", "")),
        kind=series_kind(slices),
        slices=len(slices),
        size=slices[0].size,
        pixel_spacing_mm=slices[0].spacing[0] if slices[0].spacing else None,
        slice_spacing_mm=round(float(np.median(np.diff(heights))), 4) if len(heights) > 1 else None,
        slice_thickness_mm=number_or_none(header.get("SliceThickness")),
        kernel=kernel_name(header.get("ConvolutionKernel")),
    )


def kernel_name(value: object) -> str | None:
    """Return the kernel's name, its parts joined by a backslash as in the file; None where there is none."""
    if not value:
        return None
    return value if isinstance(value, str) else "\\".join(map(str, value))


def series_kind(slices: list[Slice]) -> str:
    """Return what the slices of one series are, as `SeriesInfo.kind`."""
    header = slices[0].header
    modality = str(header.get("Modality", "")) or "unknown"
    if modality != "CT":
        return modality
    image_type = header.get("ImageType") or ()
    values = [image_type] if isinstance(image_type, str) else image_type
    words = [word for value in values for word in str(value).upper().split()]
    if "LOCALIZER" in words:
        return "scout"
    if not PROJECTED.isdisjoint(words):
        return "CT projection"
    if str(header.get("SOPClassUID")) not in (CT_STORAGE, ENHANCED_CT_STORAGE):
        return "derived CT"
    planes = [piece.orientation for piece in slices if piece.orientation is not None]
    if not planes:
        return "CT of unknown position"
    axial = np.mean([abs(np.cross(*plane)[2]) >= AXIAL for plane in planes]) > 0.5
    return "axial CT" if axial else "CT, not axial"


def _is_axial_ct(slices: list[Slice]) -> bool:
    return series_kind(slices) == "axial CT"


def _positions(slices: list[Slice]) -> int:
    """Count the different places, so that a series with repeats does not look larger than it is."""
    return max(len(_heights(slices)), 1)


def _heights(slices: list[Slice]) -> np.ndarray:
    """Return the different places of the slices along the first one's normal (mm), ascending."""
    placed = [piece for piece in slices if piece.position is not None and piece.orientation is not None]
    if not placed:
        return np.empty(0)
    return np.unique(np.round([piece.position @ placed[0].normal for piece in placed], 2))
