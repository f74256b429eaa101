"""Reading one file that SimpleITK knows, with errors that a user understands."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import SimpleITK as sitk

from LungCAD.errors import InputError

NIFTI_SUFFIXES = (".nii", ".nii.gz")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif")


def has_suffix(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Tell whether the file's name ends in one of the suffixes, whatever their case."""
    return path.name.lower().endswith(suffixes)


def is_dicom(path: Path) -> bool:
    """Tell whether the file carries the mark of a DICOM file (DICM after 128 bytes)."""
    with path.open("rb") as file:
        file.seek(128)
        return file.read(4) == b"DICM"


def require_file(path: Path) -> None:
    """Check that there is a file that may be read and is not empty; raises InputError."""
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({error.strerror})", "Check the path and its permissions"
        ) from error
    if empty:
        raise InputError(path, "is an empty file", "Copy or export it again")


def read_image(path: Path) -> sitk.Image:
    """Return what is in the file, pixels and metadata as they are.

    Raises
    ------
    InputError
        The file cannot be read, is no image, is damaged or truncated, or its axes are not at right angles.
    """
    require_file(path)
    if has_suffix(path, NIFTI_SUFFIXES):
        require_whole_nifti(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            remedy = "Resample it onto a grid with right angles"
            raise InputError(path, "has axes that are not at right angles (sheared)", remedy) from error
        remedy = "Give NIfTI, NRRD, MHA or DICOM for a CT; PNG, JPEG or TIFF for a radiograph"
        raise InputError(path, "is not an image that LungCAD can read", remedy) from error
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise InputError(path, "is damaged or truncated", "Copy or export it again") from error


def require_whole_nifti(path: Path) -> None:
    """Check that no voxel of a NIfTI file is missing, which ITK neither sees on reading nor on writing.

    Raises
    ------
    InputError
        The file is no NIfTI-1 file, or damaged or truncated.
    """
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    damaged = InputError(path, "is damaged or truncated", "Copy or export it again")
    try:
        with opened(path, "rb") as file:
            header = file.read(348)
            if len(header) < 348 or header[344:347] not in (b"n+1", b"ni1"):
                raise InputError(
                    path, "is not a NIfTI-1 file", "Give the file its true name, or export it again"
                )
            order = "<" if struct.unpack("<i", header[:4])[0] == 348 else ">"
            dim = struct.unpack(f"{order}8h", header[40:56])
            bits = struct.unpack(f"{order}h", header[72:74])[0]
            start = struct.unpack(f"{order}f", header[108:112])[0]
            expected = int(start) + bits // 8 * math.prod(dim[1 : dim[0] + 1])
            if len(header) + _remaining(file) < expected:
                raise damaged
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise damaged from error


def _remaining(file: BinaryIO) -> int:
    total = 0
    while block := file.read(1 << 22):
        total += len(block)
    return total
