"""Everything that is needed to repeat a run, as plain data for run.json; nothing that names a patient."""

from __future__ import annotations

import hashlib
import platform
import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

import LungCAD
from LungCAD.parameters import Parameters
from LungCAD.weights.checksum import sha256_of_file

PACKAGES = ("numpy", "scipy", "SimpleITK", "scikit-image", "scikit-learn", "torch")

FILES = frozenset({"weights", "schema"})
"""Parameters that may be the path of a file."""

OPTION_WITH_VALUE = re.compile(r"(--[^=]+=|-[^-]=?)(.+)", re.DOTALL)
"""One word that is both: --output=FILE, -oFILE, -o=FILE."""


def run_record(
    command: str,
    parameters: Parameters,
    images: Mapping[str, sitk.Image],
    *,
    device: str,
    threads: int,
    started: datetime,
    seconds: Mapping[str, float],
    weights: Mapping[str, Path] | None = None,
    series_uid: str | None = None,
) -> dict[str, Any]:
    """Return the record of one run.

    Parameters
    ----------
    command : as `repeatable_command` gives it.
    images : the inputs by their role in the command, as they were used.
    device, threads : what computed, such as "cpu" and its number of threads.
    started : with time zone; written in ISO 8601.
    seconds : wall-clock time by stage.
    weights : files of the networks that had a say, by their role.
    series_uid : of the DICOM series that was read; its digest is recorded.
    """
    return {
        "command": command,
        **made_with(parameters, weights or {}),
        "series": series_digest(series_uid) if series_uid else None,
        "inputs": {role: describe_image(image) for role, image in images.items()},
        "device": device,
        "threads": threads,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {stage: round(float(taken), 3) for stage, taken in seconds.items()},
        "versions": versions(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def made_with(parameters: Parameters, weights: Mapping[str, Path]) -> dict[str, Any]:
    """Return parameters, and name and SHA-256 of weights by their role: same method, same data.

    Of files there are only names, as folders may name people. Raises InputError where weights cannot be read.
    """
    plain = parameters.as_dict()
    for name in FILES.intersection(plain):
        plain[name] = file_name(plain[name])
    files = {role: {"file": path.name, "sha256": sha256_of_file(path)} for role, path in weights.items()}
    return {"parameters": plain, "weights": files}


def series_digest(uid: str) -> str:
    """Return what a record calls a DICOM series: its UID would lead to the patient."""
    return hashlib.sha256(uid.encode()).hexdigest()


def file_name(path: str) -> str:
    """Return what records and reports call a file of `FILES`: without its folders, which may name people."""
    return Path(path).name


def describe_image(image: sitk.Image) -> dict[str, Any]:
    """Return geometry, pixel type and the SHA-256 of the pixel values.

    The hash covers pixel type, size and values but not the geometry, which formats round differently: the
    same scan read from DICOM and from NIfTI has the same hash.
    """
    pixel_type = image.GetPixelIDTypeAsString()
    digest = hashlib.sha256(f"{pixel_type} {image.GetSize()}".encode())
    pixels = sitk.GetArrayViewFromImage(image)
    for plane in pixels:
        digest.update(np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).tobytes())
    return {
        "sha256": digest.hexdigest(),
        "pixel_type": pixel_type,
        "size": list(image.GetSize()),
        "spacing_mm": list(image.GetSpacing()),
        "origin_mm": list(image.GetOrigin()),
        "direction": list(image.GetDirection()),
    }


def repeatable_command(arguments: Sequence[str], roles: Mapping[str, str]) -> str:
    """Return a command line whose file names, which may name a patient, are replaced by their roles.

    However they were written: ./name, folder//name and folder/ are the files that `roles` names.

    >>> repeatable_command(["lungcad", "lungs", "/home/ann//Doe_John.nii"], {"/home/ann/Doe_John.nii": "CT"})
    'lungcad lungs CT'
    """
    of_path = {_as_path(name): role for name, role in roles.items() if name}
    return shlex.join(_without_name(argument, of_path) for argument in arguments)


def _without_name(argument: str, roles: Mapping[str, str]) -> str:
    if argument and (role := roles.get(_as_path(argument))):
        return role
    joined = OPTION_WITH_VALUE.fullmatch(argument)
    option, value = joined.groups() if joined else ("", argument)
    role = roles.get(_as_path(value)) if value else None
    return argument if role is None else f"{option}{role}"


def _as_path(name: str) -> str:
    """Return a name as `Path` writes it, which is how options of that type come back as text."""
    return str(Path(name))


def versions() -> dict[str, str]:
    """Return the versions of Python, LungCAD and the packages that numbers depend on."""
    found = {"python": platform.python_version(), "LungCAD": LungCAD.__version__}
    return found | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
