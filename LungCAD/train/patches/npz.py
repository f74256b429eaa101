"""Patches from a NumPy archive."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.labels import Schema
from LungCAD.train.patches.overlap import groups_of_overlap
from LungCAD.train.patches.patch_set import PatchSet

REMEDY = "It needs hu (N, P, P), label (N,), classes (names), and patient (N,) where known"


def read_npz(path: Path | str, schema: Schema, renamed: Mapping[str, str] | None = None) -> PatchSet:
    """Return the patches of the classes that the schema has.

    Parameters
    ----------
    path : an archive of `hu` (N, P, P) in HU, `label` (N,) index into `classes`, `classes` (names), and
        `patient` (N,) of any type. Without patients, patches that share pixels count as one patient's.
    renamed : code of the schema by name of a class, for names that are none themselves (whatever their case).

    Raises
    ------
    InputError
        The file cannot be read or is no such archive, a name is renamed to no code of the schema, or fewer
        than two classes are left.
    """
    path = Path(path)
    stored = _read(path)
    codes = _codes(path, stored["classes"], schema, renamed or {})
    source = f"{len(stored['hu'])} patches"
    unknown = [name for name, code in codes.items() if code not in schema.codes]
    warnings = [f"Patches of class {name} were left out: the schema has none." for name in unknown]
    if "patient" not in stored:
        warnings.append("Patients are unknown: only patches that share pixels are kept together.")
    return PatchSet.of(
        stored["hu"],
        np.array(list(codes.values()))[stored["label"]],
        stored["patient"] if "patient" in stored else groups_of_overlap(stored["hu"]),
        schema.codes,
        source,
        warnings=warnings,
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})", "Check the path") from error
    except (ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(path, "is no archive of patches", REMEDY) from error
    problem = _problem(stored)
    if problem:
        raise InputError(path, problem, REMEDY)
    return stored


def _problem(stored: Mapping[str, np.ndarray]) -> str | None:
    missing = [name for name in ("hu", "label", "classes") if name not in stored]
    if missing:
        return f"lacks {', '.join(missing)}"
    hu, label, classes = stored["hu"], stored["label"], stored["classes"]
    if hu.ndim != 3 or hu.shape[1] != hu.shape[2] or not len(hu):
        return f"holds no square patches (hu is {hu.shape})"
    if label.ndim != 1 or not np.issubdtype(label.dtype, np.integer):
        return f"has labels that are no whole numbers, one per patch (label is {label.dtype}, {label.shape})"
    if len(label) != len(hu) or len(stored.get("patient", label)) != len(hu):
        return f"has {len(hu)} patches but other numbers of labels or patients"
    if label.min() < 0 or label.max() >= len(classes):
        return f"has labels {label.min()} to {label.max()} for {len(classes)} classes"
    if not np.isfinite(hu).all() or hu.min() < -32768 or hu.max() > 32767:
        return "holds values that are no Hounsfield units"
    return None


def _codes(path: Path, names: np.ndarray, schema: Schema, renamed: Mapping[str, str]) -> dict[str, str]:
    strange = [code for code in renamed.values() if code not in schema.codes]
    strange += [name for name in renamed if name not in names]
    if strange:
        raise InputError(
            path,
            f"cannot be renamed: {', '.join(strange)} is unknown",
            f"Its classes: {', '.join(names)}; codes of {schema.name}: {', '.join(schema.codes)}",
        )
    return {str(name): renamed.get(str(name), str(name).lower()) for name in names}
