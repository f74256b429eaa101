"""Pixels of DICOM slices, decoded by GDCM from every transfer syntax that it knows."""

from __future__ import annotations

import math

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from LungCAD.errors import InputError
from LungCAD.images.dicom_slices import Slice, number_or_none

TISSUE_HU = (-1000.0, 3071.0)
"""What a 12-bit CT can show. A padding value in here is a mistake: it would blank real tissue."""

PADDING_HU = np.int16(-2048)
"""What padding is set to, and `clamp` makes air of: as air, it would hide that a series has an offset."""

UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)


def read_hu(slices: list[Slice], warnings: list[str]) -> NDArray:
    """Return the slices (z, rows, columns), each rescaled as it says, its padding set to `PADDING_HU`.

    Raises
    ------
    InputError
        A file is truncated, in colour, compressed in a way that cannot be decoded, or rescales its frames
        differently.
    """
    _require_one_rescale(slices)
    files: dict[object, NDArray] = {}
    planes = []
    for piece in slices:
        if piece.path not in files:
            files = {piece.path: read_frames(piece)}
        planes.append(_without_padding(files[piece.path][piece.frame], piece, warnings))
    return np.stack(planes)


def read_frames(piece: Slice) -> NDArray:
    """Return all frames (n, rows, columns) of the slice's file, rescaled; raises as `read_hu`.

    GDCM has inverted MONOCHROME1 pixels: high values are bright.
    """
    _require_all_bytes(piece)
    try:
        image = sitk.ReadImage(str(piece.path), imageIO="GDCMImageIO")
    except RuntimeError as error:
        name = piece.transfer_syntax.name
        remedy = "Copy it again, or convert it to an uncompressed transfer syntax"
        raise InputError(piece.path, f"cannot be decoded ({name}): damaged or unsupported", remedy) from error
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(piece.path, "is a colour picture", "Give the original grey images")
    array = sitk.GetArrayFromImage(image)
    return array if array.ndim == 3 else array[None]


def _require_all_bytes(piece: Slice) -> None:
    """Refuse a file that ends within its uncompressed pixels, which GDCM may fill up silently."""
    header = piece.header
    if piece.transfer_syntax not in UNCOMPRESSED:
        return
    columns, rows = piece.size
    values = rows * columns * int(number_or_none(header.get("NumberOfFrames")) or 1)
    bits = (number_or_none(header.get(tag)) for tag in ("BitsAllocated", "SamplesPerPixel"))
    if piece.behind_header < values * math.prod(number or 1 for number in bits) // 8:
        raise InputError(piece.path, "is truncated", "Copy or export it again")


def _require_one_rescale(slices: list[Slice]) -> None:
    """Refuse a multi-frame file whose frames have a rescale each: GDCM applies that of the first to all."""
    rescales: dict[object, set[tuple[float, float]]] = {}
    for piece in slices:
        rescales.setdefault(piece.path, set()).add(piece.rescale)
    for path, found in rescales.items():
        if len(found) > 1:
            problem = "rescales its frames differently"
            raise InputError(path, problem, "Convert it to a file per slice (classic CT)")


def padding_range(piece: Slice) -> tuple[float, float] | None:
    """Return the rescaled values between which a pixel means "nothing here"; None where there are none."""
    header = piece.header
    first, last = (number_or_none(header.get(tag)) for tag in ("PixelPaddingValue", "PixelPaddingRangeLimit"))
    if first is None:
        return None
    slope, intercept = piece.rescale
    ends = [first, first if last is None else last]
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        ends = [2.0 ** int(header.BitsStored) - 1 - end for end in ends]  # as GDCM inverts the pixels
    low, high = sorted(slope * end + intercept for end in ends)
    return low - abs(slope) / 2, high + abs(slope) / 2


def _without_padding(plane: NDArray, piece: Slice, warnings: list[str]) -> NDArray:
    padding = padding_range(piece)
    if padding is None:
        return plane
    low, high = padding
    if high > TISSUE_HU[0] and low < TISSUE_HU[1]:
        remark = f"The padding value of the file ({(low + high) / 2:g} HU) lies among tissue and was ignored."
        if remark not in warnings:
            warnings.append(remark)
        return plane
    return np.where((plane > low) & (plane < high), PADDING_HU, plane)
