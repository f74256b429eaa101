"""DICOM headers: every slice of every file below a folder, with what is needed to put slices together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from LungCAD.errors import InputError
from LungCAD.files import files_below
from LungCAD.images.volume_file import is_dicom

CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2.1"

TAGS = [
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber", "Modality",
    "ImageType", "Manufacturer", "ConvolutionKernel", "SliceThickness", "KVP", "ContrastBolusAgent",
    "ContrastBolusAgentSequence",
    "Rows", "Columns", "NumberOfFrames", "BitsAllocated", "BitsStored", "SamplesPerPixel",
    "PhotometricInterpretation", "PixelSpacing", "ImagerPixelSpacing", "ViewPosition",
    "ImagePositionPatient", "ImageOrientationPatient",
    "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
]  # fmt: skip
"""All that is ever looked at. None of them names the patient."""

OF_FRAMES = {
    "SliceThickness": "PixelMeasuresSequence",
    "ConvolutionKernel": "CTReconstructionSequence",
    "KVP": "CTXRayDetailsSequence",
}
"""Where a multi-frame file has what the header of a single slice has itself."""


@dataclass(frozen=True)
class Slice:
    """One plane of pixels: a file, or one frame of a multi-frame file. Positions in LPS millimetres."""

    path: Path
    frame: int
    header: Dataset
    behind_header: int  # bytes of the file from the pixels on
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None  # (2, 3): direction along a row, along a column
    spacing: tuple[float, float] | None  # between rows, between columns
    rescale: tuple[float, float]  # slope and intercept

    @property
    def series_uid(self) -> str:
        """The series that the slice belongs to; "" where the file names none."""
        return str(self.header.get("SeriesInstanceUID", ""))

    @property
    def transfer_syntax(self) -> UID:
        """How the pixels are encoded."""
        return UID(self.header.file_meta.get("TransferSyntaxUID", ""))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return int(self.header.get("Columns", 0)), int(self.header.get("Rows", 0))

    @property
    def normal(self) -> NDArray[np.float64]:
        """The direction perpendicular to the plane, right-handed with those of row and column."""
        return np.cross(*self.orientation)


def slices_below(folder: Path) -> list[Slice]:
    """Return every slice of the DICOM files in and below the folder, by path; other files are skipped.

    Raises
    ------
    InputError
        The folder cannot be read, or a DICOM file in it is damaged.
    """
    try:
        return [piece for path in files_below(folder) if is_dicom(path) for piece in slices_of(path)]
    except OSError as error:
        raise InputError(error.filename or folder, f"cannot be read ({error.strerror})") from error


def slices_of(path: Path) -> list[Slice]:
    """Return the slices of one DICOM file: none where it holds no image, several where it is multi-frame.

    Raises
    ------
    InputError
        The header is damaged.
    """
    try:
        with path.open("rb") as file:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=TAGS)
            behind_header = path.stat().st_size - file.tell()
        header.walk(lambda _, element: element.value)  # decode every value here, not when it is used
        return list(_slices(path, header, behind_header))
    except Exception as error:  # a damaged header can make pydicom raise anything
        raise InputError(path, "is a damaged DICOM file", "Copy or export it again") from error


def number_or_none(value: object) -> float | None:
    """Return a DICOM number as float; None where the tag is missing, empty or not one number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _slices(path: Path, header: Dataset, behind_header: int) -> Iterator[Slice]:
    if not header.get("Rows") or not header.get("Columns"):
        if header.file_meta.MediaStorageSOPClassUID.name.endswith("Image Storage"):
            raise EOFError("the header ends before it says how large the image is")
        return
    int(header.Rows), int(header.Columns)  # damaged where they are no single numbers
    frames = header.get("PerFrameFunctionalGroupsSequence", [])
    if not frames:
        yield Slice(path, 0, header, behind_header, *_plane(header, header, header), _rescale(header))
        return
    shared = header.get("SharedFunctionalGroupsSequence", [Dataset()])[0]
    for tag, name in OF_FRAMES.items():  # the frames of one reconstruction have them in common
        if tag not in header and (value := _macro(name, frames[0], shared).get(tag)) is not None:
            setattr(header, tag, value)
    for number, frame in enumerate(frames):
        macros = (
            _macro("PlanePositionSequence", frame, shared),
            _macro("PlaneOrientationSequence", frame, shared),
            _macro("PixelMeasuresSequence", frame, shared),
        )
        rescale = _rescale(_macro("PixelValueTransformationSequence", frame, shared))
        yield Slice(path, number, header, behind_header, *_plane(*macros), rescale)


def _macro(name: str, frame: Dataset, shared: Dataset) -> Dataset:
    return (frame.get(name) or shared.get(name) or [Dataset()])[0]


def _plane(position: Dataset, orientation: Dataset, measures: Dataset) -> tuple:
    origin = position.get("ImagePositionPatient")
    cosines = orientation.get("ImageOrientationPatient")
    spacing = measures.get("PixelSpacing")
    return (
        _numbers(origin).reshape(3) if origin else None,
        _numbers(cosines).reshape(2, 3) if cosines else None,
        (float(spacing[0]), float(spacing[1])) if spacing else None,
    )


def _numbers(values: object) -> NDArray[np.float64]:
    numbers = np.array(values, dtype=float)
    if not np.isfinite(numbers).all():
        raise ValueError("a place that is no number")
    return numbers


def _rescale(values: Dataset) -> tuple[float, float]:
    slope, intercept = (number_or_none(values.get(tag)) for tag in ("RescaleSlope", "RescaleIntercept"))
    return slope or 1.0, intercept or 0.0
