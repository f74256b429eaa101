"""Reading one file that SimpleITK knows, with errors that a user understands."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.nifti import require_finite_nifti, require_one_placement, require_whole_nifti

NIFTI_SUFFIXES = (".nii", ".nii.gz")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif")
PAIR_SUFFIXES = (".hdr", ".img", ".hdr.gz", ".img.gz")
"""Header and voxels in a file each (NIfTI pairs, Analyze): ITK does not see where voxels are missing."""


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
        it is one of a pair of files, or it is a NIfTI file with floats that are no numbers or with two
        places for one voxel.
    """
    require_file(path)
    if has_suffix(path, PAIR_SUFFIXES):
        raise InputError(path, "is one of two files, header and voxels", "Save both as one .nii.gz")
    if has_suffix(path, NIFTI_SUFFIXES):
        require_whole_nifti(path)
        require_finite_nifti(path)
        require_one_placement(path)
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
    damaged = InputError(path, "is damaged or truncated", "Copy or export it again")
    if not all(reader.GetSize()):
        raise damaged
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise damaged from error
