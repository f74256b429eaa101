"""NIfTI files as they are stored: what ITK does not check when it reads them."""

from __future__ import annotations

import gzip
import itertools
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError

HEADER_BYTES = 348
FLOATS = {16: np.float32, 64: np.float64}
"""NIfTI's codes of the kinds of voxel that can be NaN."""

BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
"""Of a voxel of each kind, which a header gives once more, and ITK goes by the kind."""

MOST_AXES = 7

VOXELS_FROM = 352
"""In a single file; where the header says less, ITK takes the header's end for voxels."""

BLOCK_BYTES = 1 << 22

SAME_SIZE = 5e-3
"""Sizes of a voxel that differ by no more than this part are the same, rounded."""

SAME_PLACE = 0.5
"""Two placements of a voxel that are no farther apart than this part of its shortest edge are the same."""


SHEARED = 0.01
"""Axes of which the cosine is larger are not at right angles; ITK may take qform instead and say nothing."""


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
            expected = header.start + header.voxels * max(header.bits, BITS.get(header.code, 0)) // 8
            if HEADER_BYTES + sum(map(len, _blocks(file))) < expected:
                raise damaged
    except (EOFError, zlib.error, gzip.BadGzipFile, struct.error, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
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


def require_one_placement(path: Path) -> None:
    """Check that a NIfTI file does not say two things of where its voxels lie.

    A voxel's size is in `pixdim`, which ITK believes, and in the matrix sform, which others believe; its
    place may be in sform and in the rotation qform. A wrong size makes wrong millilitres, a wrong place
    may take the right lung for the left.

    Raises
    ------
    InputError
        `pixdim` and sform give other sizes, a size is not positive, sform is sheared, or sform and qform turn
        the axes to other sides of the patient.
    """
    remedy = "Correct its header, or export it again from its source"
    with _opened(path) as file:
        header = _read_header(file)
    long = [axis for axis, size in enumerate(header.size) if size > 1]
    if not (header.edges[long] > 0).all():
        raise InputError(path, f"has voxels of {_millimetres(header.edges)} (pixdim)", remedy)
    if header.sform is None:
        return
    columns = np.linalg.norm(header.sform[:, :3], axis=0)
    if header.sform[:, :3].any(axis=0).all() and _lean(header.sform[:, :3] / columns) > SHEARED:
        problem = "has axes that are not at right angles (sheared)"
        raise InputError(path, problem, "Resample it onto a grid with right angles")
    said = [axis for axis in range(len(header.size)) if header.edges[axis] > 0 and columns[axis] > 0]
    given = sorted({*long, *said})
    if not np.allclose(columns[given], header.edges[given], rtol=SAME_SIZE):
        sizes = (
            f"{_millimetres(header.edges)} (pixdim) and {_millimetres(columns[: len(header.size)])} (sform)"
        )
        raise InputError(path, f"gives its voxels two sizes, {sizes}", remedy)
    if header.qform is not None and len(long) == 3 and _towards(header.sform) != _towards(header.qform):
        problem = "gives its axes two directions: sform and qform turn them to other sides of the patient"
        raise InputError(path, problem, remedy)


def placement_remarks(path: Path) -> list[str]:
    """Return sentences on what a NIfTI file that passed `require_one_placement` leaves open of its place."""
    with _opened(path) as file:
        header = _read_header(file)
    if header.sform is None and header.qform is None:
        return [
            "The file does not say how the patient lies in it (neither sform nor qform): which side is "
            "left is a guess."
        ]
    if header.sform is None or header.qform is None:
        return []
    ends = itertools.product(*((0, size - 1) for size in header.size))
    corners = np.array([(*end, *[0] * (3 - len(end)), 1) for end in ends], float)
    apart = np.linalg.norm(corners @ (header.sform - header.qform).T, axis=1).max()
    if apart <= SAME_PLACE * header.edges[header.edges > 0].min():
        return []
    return [
        f"sform and qform of the file place voxels up to {apart:.3g} mm apart: other programs may differ."
    ]


class _Header(NamedTuple):
    order: str
    code: int
    bits: int
    start: int
    voxels: int
    size: tuple[int, ...]  # along the first axes, three at most
    edges: NDArray[np.float64]  # of a voxel along these, in the file's unit
    qform: NDArray[np.float64] | None  # (3, 4), from voxel index to RAS; None where the file has none
    sform: NDArray[np.float64] | None


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")


def _read_header(file: BinaryIO) -> _Header | None:
    """What a NIfTI-1 header says of the voxels; None if it is not one, ValueError if it makes no sense."""
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or header[344:347] not in (b"n+1", b"ni1"):
        return None
    order = "<" if struct.unpack("<i", header[:4])[0] == HEADER_BYTES else ">"
    dim = struct.unpack(f"{order}8h", header[40:56])
    code, bits = struct.unpack(f"{order}2h", header[70:74])
    start = struct.unpack(f"{order}f", header[108:112])[0]
    pixdim = np.array(struct.unpack(f"{order}4f", header[76:92]), float)
    has_qform, has_sform = struct.unpack(f"{order}2h", header[252:256])
    placed = np.array(struct.unpack(f"{order}18f", header[256:328]), float)
    places = [*pixdim[: dim[0] + 1], *placed[: 6 * (has_qform > 0)], *placed[6 : 6 + 12 * (has_sform > 0)]]
    if not 1 <= dim[0] <= MOST_AXES or min(dim[1 : dim[0] + 1]) < 1 or not np.isfinite(places).all():
        raise ValueError("the header says nothing of size or place")
    if header[344:347] == b"n+1" and start < VOXELS_FROM:
        raise ValueError("the voxels begin within the header")
    return _Header(
        order,
        code,
        bits,
        int(start),
        math.prod(dim[1 : dim[0] + 1]),
        dim[1 : min(dim[0], 3) + 1],
        pixdim[1 : min(dim[0], 3) + 1],
        _qform(placed[:6], pixdim) if has_qform > 0 else None,
        placed[6:].reshape(3, 4) if has_sform > 0 else None,
    )


def _qform(numbers: NDArray[np.float64], pixdim: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix (3, 4) of a rotation, of which a quaternion has three numbers, and an offset."""
    b, c, d = numbers[:3]
    a = math.sqrt(max(1.0 - b * b - c * c - d * d, 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    edges = pixdim[1:] * (1, 1, -1 if pixdim[0] < 0 else 1)
    return np.column_stack([rotation * edges, numbers[3:]])


def _lean(directions: NDArray[np.float64]) -> float:
    """Return the largest cosine between two of three axes (columns)."""
    return float(np.abs(directions.T @ directions - np.eye(3)).max())


def _towards(matrix: NDArray[np.float64]) -> list[tuple[int, bool]]:
    """Return the patient axis that each axis of the voxels is nearest to, and whether it runs along it."""
    nearest = np.abs(matrix[:, :3]).argmax(axis=0)
    return [(int(row), bool(matrix[row, axis] > 0)) for axis, row in enumerate(nearest)]


def _millimetres(edges: NDArray[np.float64]) -> str:
    return " x ".join(f"{edge:.4g}" for edge in edges)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block
