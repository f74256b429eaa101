"""Reading one file that SimpleITK knows, with errors that a user understands."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError

NIFTI_SUFFIXES = (".nii", ".nii.gz")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif")
HEADER_BYTES = 348
FLOATS = {16: np.float32, 64: np.float64}
"""NIfTI's codes of the kinds of voxel that can be NaN."""

BLOCK_BYTES = 1 << 22


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
        The file cannot be read, is no image, is damaged or truncated, its axes are not at right angles,
        or it is a NIfTI file with floats that are no numbers.
    """
    require_file(path)
    if has_suffix(path, NIFTI_SUFFIXES):
        require_whole_nifti(path)
        require_finite_nifti(path)
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
    damaged = InputError(path, "is damaged or truncated", "Copy or export it again")
    try:
        with _opened(path) as file:
            header = _read_header(file)
            if header is None:
                raise InputError(
                    path, "is not a NIfTI-1 file", "Give the file its true name, or export it again"
                )
            expected = header.start + header.voxels * header.bits // 8
            if HEADER_BYTES + sum(map(len, _blocks(file))) < expected:
                raise damaged
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise damaged from error


def require_finite_nifti(path: Path) -> None:
    """Check the floats of a whole NIfTI file as they are stored: ITK reads NaN and infinity as 0.

    Raises
    ------
    InputError
        Some are no numbers.
    """
    with _opened(path) as file:
        header = _read_header(file)
        if header.code not in FLOATS:
            return
        file.seek(header.start)
        kind = np.dtype(FLOATS[header.code]).newbyteorder(header.order)
        left, bad = header.voxels, 0
        for block in _blocks(file):
            values = np.frombuffer(block, kind, min(left, len(block) // kind.itemsize))
            left -= values.size
            bad += values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise InputError(
            path,
            f"holds {bad} values that are no numbers (NaN or infinite)",
            "Replace them (in a CT by -1024), or export it again from its source",
        )


class _Header(NamedTuple):
    order: str
    code: int
    bits: int
    start: int
    voxels: int


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _read_header(file: BinaryIO) -> _Header | None:
    """What a NIfTI-1 header says of the voxels; None if it is not one."""
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or header[344:347] not in (b"n+1", b"ni1"):
        return None
    order = "<" if struct.unpack("<i", header[:4])[0] == HEADER_BYTES else ">"
    dim = struct.unpack(f"{order}8h", header[40:56])
    code, bits = struct.unpack(f"{order}2h", header[70:74])
    start = struct.unpack(f"{order}f", header[108:112])[0]
    return _Header(order, code, bits, int(start), math.prod(dim[1 : dim[0] + 1]))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block
