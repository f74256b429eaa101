"""Writing class probabilities plane by plane: those of a whole CT are larger than what else is in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.files import atomic_path
from LungCAD.images.volume_file import has_suffix
from LungCAD.labels import Label

FASTEST = 1
"""Compression level: most of a CT is outside the lung, where any level does."""


def write_probability_planes(
    planes: Iterable[NDArray[np.float32]],
    reference: sitk.Image,
    labels: Sequence[Label],
    path: Path | str,
    overwrite: bool = False,
) -> None:
    """Write what `write_probabilities` writes, without ever holding all of it.

    Parameters
    ----------
    planes : (y, x, C) for every z of `reference`, in turn. labels : of the C components.

    Raises
    ------
    InputError
        The name does not end in .nrrd, `path` exists and `overwrite` is false, or it cannot be written.
    ValueError
        A plane has another shape, or there are more or fewer than `reference` has.
    """
    path = Path(path)
    if not has_suffix(path, (".nrrd",)):
        raise InputError(path, "is no name for probabilities", "End it in .nrrd")
    columns, rows, depth = reference.GetSize()
    with atomic_path(path, overwrite) as temporary, temporary.open("wb") as file:
        file.write(_header(reference, labels).encode("utf-8"))
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=FASTEST, mtime=0) as data:
            count = 0
            for plane in planes:
                if plane.shape != (rows, columns, len(labels)):
                    raise ValueError(f"planes: one is {plane.shape}, not {(rows, columns, len(labels))}")
                data.write(np.ascontiguousarray(plane, "<f4").data)
                count += 1
        if count != depth:
            raise ValueError(f"planes: {count} for {depth} slices")


def _header(reference: sitk.Image, labels: Sequence[Label]) -> str:
    steps = np.reshape(reference.GetDirection(), (3, 3)) * reference.GetSpacing()
    fields = {
        "type": "float",
        "dimension": "4",
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, (len(labels), *reference.GetSize()))),
        "space directions": " ".join(("none", *(_vector(column) for column in steps.T))),
        "kinds": "vector domain domain domain",
        "endian": "little",
        "encoding": "gzip",
        "space origin": _vector(reference.GetOrigin()),
    }
    lines = ["NRRD0004", *(f"{name}: {value}" for name, value in fields.items())]
    for number, label in enumerate(labels):
        for key, value in (("Code", label.code), ("Name", label.name), ("LabelValue", label.value)):
            lines.append(f"Component{number}_{key}:={value}")
    return "\n".join(lines) + "\n\n"


def _vector(values: Iterable[float]) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
