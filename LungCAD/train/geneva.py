"""Scans of the Geneva (HUG) database (Depeursinge 2012): `ILD_DB_txtROIs`, as its users are given it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import Scan, read_ct, read_txt_rois
from LungCAD.labels import load_schema
from LungCAD.progress import Progress, each, silent

SCHEMA = "geneva18"
ROIS = "ILD_DB_txtROIs"
NOT_A_PATIENT = {ROIS, "HRCT_pilot"}
"""Folders that hold patients but are none."""

LICENCE = "terms of the Geneva ILD database"


@dataclass(frozen=True)
class GenevaScan:
    """One series. `rois` : values of the schema geneva18 on the grid of the CT; all else is unlabelled."""

    patient: str
    scan: Scan
    rois: sitk.Image


def geneva_scans(folder: Path | str, skipped: list[str], progress: Progress = silent) -> Iterator[GenevaScan]:
    """Yield every series that has a text of contours; all below one patient's folder are one patient.

    Parameters
    ----------
    folder : `ILD_DB_txtROIs` or the folder that holds it. Each text lies beside its DICOM slices.
    skipped : gets a sentence for every series that cannot be used.

    Raises
    ------
    InputError
        The folder holds no such texts.
    """
    folder = Path(folder)
    root = folder / ROIS if (folder / ROIS).is_dir() else folder
    texts = sorted(path for path in root.rglob("[!.]*.txt") if any(path.parent.glob("*.dcm")))
    if not texts:
        raise InputError(folder, "holds no texts of contours beside DICOM slices", f"Give the folder {ROIS}")
    schema = load_schema(SCHEMA)
    for text in each(texts, progress, "Reading the Geneva database"):
        patient = _patient(text, root)
        try:
            scan = read_ct(text.parent, "largest")
            rois = read_txt_rois(text, scan.image, schema, series_uid=scan.facts.series_uid)
        except InputError as error:
            skipped.append(left_out(patient, error))
            continue
        yield GenevaScan(patient, scan, rois)


def left_out(patient: str, error: InputError) -> str:
    """Return the sentence that says why a scan cannot be used."""
    return f"A scan of patient {patient} was left out: {error.problem}."


def _patient(text: Path, root: Path) -> str:
    """Return the patient's folder: below the last that holds patients, else the first below `root`.

    So a patient is one however many folders are above, and where just one patient's folder was given.
    """
    parts = (root.resolve() / text.relative_to(root)).parts
    above = [place for place, name in enumerate(parts) if name in NOT_A_PATIENT]
    return parts[above[-1] + 1] if above else text.relative_to(root).parts[0]


def geneva_source(patients: int) -> str:
    """Return the sentence for a model card."""
    return f"Geneva (HUG) ILD database, {patients} patients (Depeursinge et al. 2012)"
