"""A folder of cases: one sub-folder each, with a CT and what was drawn on it.

    INPUT/
      any_name/
        ct.nii.gz           or .nii, .nrrd, .mha; a folder ct/ of DICOM files; or DICOM files anywhere in here
        rois.seg.nrrd       or .nrrd, .nii.gz, .nii, .mha; or contours as .txt under any name; for methods
                            that learn from drawn regions
        lungs.seg.nrrd      optional, in the same formats: a lung mask (1 right, 2 left)
        truth.seg.nrrd      optional, in the same formats: a complete segmentation to compare with

Sub-folders whose names begin with a dot are passed over, and so are those with results of an earlier batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from LungCAD.batch.run import COLUMNS, MANIFEST
from LungCAD.batch.table import begins_with
from LungCAD.errors import InputError

IMAGES = (".nii.gz", ".nii", ".nrrd", ".mha")


@dataclass(frozen=True)
class Case:
    """One case: its name and where its images are."""

    name: str
    ct: Path
    rois: Path | None = None
    lungs: Path | None = None
    truth: Path | None = None


def case_folders(folder: Path, results: Path | None = None) -> list[Path]:
    """Return the sub-folders of `folder`, one per case, by name; those of results, if in here, are none.

    Raises
    ------
    InputError
        It is no folder, has no sub-folder, or is to hold the results as well.
    """
    results = results.resolve() if results else None
    if folder.resolve() == results:
        raise InputError(folder, "holds the cases", "Choose another folder for the results")
    if not folder.is_dir():
        raise InputError(folder, "is not a folder", "Give the folder that holds one folder per case")
    found = sorted(
        path
        for path in folder.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and path.resolve() != results
        and not begins_with(path / MANIFEST, COLUMNS)
    )
    if not found:
        raise InputError(folder, "holds no folders", "Give the folder that holds one folder per case")
    return found


def read_case(folder: Path, drawn: bool = True) -> Case:
    """Return where the images of the case in `folder` are; without what was drawn if `drawn` is false.

    Raises
    ------
    InputError
        Nothing was drawn, or it is not clear which of several files is meant.
    """
    rois = _drawn(folder) if drawn else None
    ct = _image(folder, "ct") or (folder / "ct" if (folder / "ct").is_dir() else folder)
    return Case(folder.name, ct, rois, _image(folder, "lungs"), _image(folder, "truth"))


def _drawn(folder: Path) -> Path:
    rois = _image(folder, "rois") or _only(sorted(folder.glob("*.txt")), folder, "contours (.txt)")
    if rois is None:
        raise InputError(folder, "holds no drawn regions", "Save them as rois.seg.nrrd in this folder")
    return rois


def _image(folder: Path, name: str) -> Path | None:
    found = [folder / f"{name}{middle}{end}" for end in IMAGES for middle in ("", ".seg")]
    return _only([path for path in found if path.is_file()], folder, name)


def _only(found: list[Path], folder: Path, what: str) -> Path | None:
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise InputError(
            folder, f"holds {len(found)} files of {what} ({names})", "Keep the one that is meant"
        )
    return found[0] if found else None
