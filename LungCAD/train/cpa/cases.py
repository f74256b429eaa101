"""Scans as training sees them: their projections in a few rotations, and what is known of them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.files import atomic_path
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import AXES, REGIONS, ProjectionVolume, Rotation, project

UNKNOWN = -1

AERATED = "aerated"
"""Says in files that whole scans are projected within the aerated lung: older files have wider masks."""

MADE_ANEW = "Delete it: it is made anew"

Pictures = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Case:
    """One scan. Pictures are 0..255 for the 0..1 of `Projections`, by direction.

    Attributes
    ----------
    name, patient : of the scan; all scans of a patient fall on one side of every split.
    whole : (R, Y, X) in R rotations. regions, shares : (R, 6, 3, Y, X).
    signs : (6, 3) int8, by region and sign; disease, survival : 1 present (or died), 0 absent, -1 unknown.
    file : name of the file that the case was read from, which differs where the scan does; "" of none.
    """

    name: str
    patient: str
    whole: Pictures
    regions: Pictures
    shares: Pictures
    signs: NDArray[np.int8]
    disease: int
    survival: int = UNKNOWN
    file: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        patient: str,
        volume: ProjectionVolume,
        rotations: Sequence[Rotation],
        signs: NDArray,
        disease: int,
        survival: int = UNKNOWN,
    ) -> Case:
        """Project a scan in the given rotations."""
        both = volume.with_aerated()
        turned = [project(both, rotation) for rotation in rotations]
        return cls(
            name,
            patient,
            {axis: _bytes([each.whole[axis] for each in turned]) for axis in AXES},
            {axis: _bytes([each.regions[axis] for each in turned]) for axis in AXES},
            {axis: _bytes([each.shares[axis] for each in turned]) for axis in AXES},
            np.asarray(signs, np.int8).reshape(len(REGIONS), len(SIGNS)),
            disease,
            survival,
        )

    def write(self, path: Path) -> None:
        """Write the case to an .npz file, atomically; an existing one is replaced."""
        pictures = {f"whole_{axis}": self.whole[axis] for axis in AXES}
        pictures |= {f"regions_{axis}": self.regions[axis] for axis in AXES}
        pictures |= {f"shares_{axis}": self.shares[axis] for axis in AXES}
        truth = {"signs": self.signs, "disease": self.disease, "survival": self.survival}
        with atomic_path(path, overwrite=True) as temporary:
            about = {"name": self.name, "patient": self.patient, "whole": AERATED}
            np.savez_compressed(temporary, **about, **truth, **pictures)


def read_case(path: Path) -> Case:
    """Read what `Case.write` wrote, pictures only when they are asked for: a cohort's would fill the memory.

    Raises
    ------
    InputError
        It is something else.
    """
    with _opened(path) as data:
        kinds = [_Kept(path, kind) for kind in ("whole", "regions", "shares")]
        if not all(name in data for kind in kinds for name in kind.names.values()):
            raise KeyError("pictures")
        if str(data.get("whole", "")) != AERATED:
            kinds[0].problem = "has whole scans within another mask, which do not mix with those of today"
        return Case(
            str(data["name"]),
            str(data["patient"]),
            *kinds,
            data["signs"],
            int(data["disease"]),
            int(data["survival"]),
            path.name,
        )


class _Kept(Mapping):
    """The pictures of one kind by direction, read from their file each time.

    problem : why they cannot be used, said by an InputError when they are asked for.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.names, self.problem = path, {axis: f"{kind}_{axis}" for axis in AXES}, ""

    def __getitem__(self, axis: str) -> NDArray[np.uint8]:
        name = self.names[axis]
        if self.problem:
            raise InputError(self.path, self.problem, MADE_ANEW)
        with _opened(self.path) as data:
            return data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, NDArray]]:
    try:
        with np.load(path) as data:
            yield data
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(path, "holds no projections of a scan", MADE_ANEW) from error


def _bytes(pictures: Sequence[torch.Tensor]) -> NDArray[np.uint8]:
    return (torch.stack(list(pictures)) * 255).round().byte().cpu().numpy()
