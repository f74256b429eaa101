"""Names for scans and patients that do not tell who they are."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from hashlib import sha256
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import turned_round
from LungCAD.steps import Steps, finish

PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DIGITS = 12
OF_VOXELS = re.compile(rf"case-[0-9a-f]{{{DIGITS}}}")
"""Form of the names that follow from voxels; others were given by somebody and tell nothing of the scan."""

KEY_BYTES = 32


def case_pseudonym(image: sitk.Image) -> str:
    """Return a name that follows from the voxels alone: the same scan has it wherever it is read.

    It stands for the order of the slices too, so that a review of this name counts them as `to_stack` does;
    `as_reviewed` puts a scan that was stored the other way round into that order.
    """
    return finish(case_pseudonym_in_steps(sitk.GetArrayViewFromImage(image)))


def as_reviewed(image: sitk.Image, case: str) -> sitk.Image:
    """Return a scan with its slices in the order of the review that has `case` as its pseudonym.

    It is turned round where only that makes its voxels those of the case. Where the case has a name that
    somebody gave, nobody can tell, and it stays as it is.

    Raises
    ------
    InputError
        The name of the case follows from voxels, and those of the image are others.
    """
    if not OF_VOXELS.fullmatch(case):
        return image
    voxels = sitk.GetArrayViewFromImage(image)
    if finish(case_pseudonym_in_steps(voxels)) == case:
        return image
    if finish(case_pseudonym_in_steps(voxels[::-1])) == case:
        return turned_round(image)
    remedy = "Choose that scan, or load it again where its voxels were changed"
    raise InputError("image", f"is not the reviewed scan: its voxels are not those of {case}", remedy)


def case_pseudonym_in_steps(voxels: NDArray) -> Steps[str]:
    """Return the name of a scan with these voxels (z, y, x), in this very order, yielding fractions."""
    digest = sha256(str(voxels.shape[::-1]).encode())
    for number, plane in enumerate(voxels, start=1):
        # Grey levels of films lie between 0 and 1, where whole numbers are all alike.
        grey = np.issubdtype(plane.dtype, np.floating) and np.abs(plane).max(initial=0) <= 1
        digest.update(np.ascontiguousarray(plane, np.float32 if grey else np.int16).data)
        yield number / len(voxels)
    return f"case-{digest.hexdigest()[:DIGITS]}"


def patient_pseudonym(identity: str, key: bytes) -> str:
    """Return a name for a patient that only the holder of `key` can connect with the identity (HMAC-SHA256).

    A plain hash would not do: patient numbers are few enough to try them all.
    """
    return f"patient-{hmac.new(key, identity.encode(), sha256).hexdigest()[:DIGITS]}"


def secret_key(path: Path | str) -> bytes:
    """Return the key in this file, which is made, readable for its owner alone, where there is none.

    Raises
    ------
    InputError
        The file cannot be read or made, or does not hold a whole key.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _whole_key(path.read_text(encoding="ascii"))
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
        return secret_key(path)
    except (OSError, ValueError) as error:
        remedy = "Restore it from a backup, or remove it: new pseudonyms will then be others"
        raise InputError(path, f"holds no key for pseudonyms ({error})", remedy) from error


def _whole_key(text: str) -> bytes:
    """Return the key; ValueError where a full disk or a crash left less: anybody could try such a one."""
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes, not {KEY_BYTES}")
    return key


def require_pseudonym(text: str, subject: str) -> None:
    """Raise InputError unless `text` is a word of letters, digits, - and _, fit for a file name."""
    if not PSEUDONYM.fullmatch(text):
        remedy = "Use up to 64 letters, digits, - and _, and nothing that tells who the patient is"
        raise InputError(subject, f"is {text!r}, which is no pseudonym", remedy)
