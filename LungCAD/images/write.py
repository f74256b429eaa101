"""Writing images: atomically, compressed, with their geometry."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from LungCAD.errors import InputError
from LungCAD.files import atomic_path
from LungCAD.images.geometry import image_like
from LungCAD.images.nifti import require_whole_nifti
from LungCAD.images.segments import set_segments
from LungCAD.images.volume_file import NIFTI_SUFFIXES, has_suffix
from LungCAD.labels import BACKGROUND, Label, Schema

WRITABLE = (".nii", ".nii.gz", ".nrrd", ".mha")


def write_image(image: sitk.Image, path: Path | str, overwrite: bool = False) -> None:
    """Write an image as NIfTI, NRRD or MHA, chosen by the suffix, gzip-compressed where the format can.

    Positions of voxels are kept to 1e-4 mm (NIfTI stores them as 32-bit floats; NRRD and MHA exactly).

    Raises
    ------
    InputError
        Another suffix, `path` exists and `overwrite` is false, or its folder is missing, full or read-only.
    """
    path = Path(path)
    if not has_suffix(path, WRITABLE):
        raise InputError(
            path, "has a name that no format belongs to", f"End it in one of {', '.join(WRITABLE)}"
        )
    with atomic_path(path, overwrite) as temporary:
        _write(image, temporary)


def write_segmentation(labels: sitk.Image, schema: Schema, path: Path | str, overwrite: bool = False) -> None:
    """Write a label map as `.seg.nrrd`, which 3D Slicer opens as a segmentation.

    Every label of the schema becomes a segment with its name, colour and terminology, empty ones too.

    Raises
    ------
    InputError
        The name does not end in .seg.nrrd, or the file cannot be written (as for `write_image`).
    ValueError
        `labels` holds a value that is not in the schema.
    """
    path = Path(path)
    if not has_suffix(path, (".seg.nrrd",)):
        raise InputError(path, "is no name for a segmentation", "End it in .seg.nrrd")
    array = sitk.GetArrayFromImage(labels)
    unknown = sorted(set(np.unique(array).tolist()) - {BACKGROUND, *schema.values})
    if unknown:
        raise ValueError(f"labels: holds values {unknown} that the schema {schema.name} lacks")
    image = image_like(array.astype(np.uint8), labels)
    set_segments(image, schema.labels, _extents(array))
    with atomic_path(path, overwrite) as temporary:
        _write(image, temporary)


def write_probabilities(
    probabilities: sitk.Image, labels: Sequence[Label], path: Path | str, overwrite: bool = False
) -> None:
    """Write class probabilities as a float32 vector volume (.nrrd), one component per label, in this order.

    The header names each component: `Component<n>_Code`, `_Name` and `_LabelValue`.

    Raises
    ------
    InputError
        The name does not end in .nrrd, or the file cannot be written (as for `write_image`).
    ValueError
        There are more or fewer components than labels.
    """
    path = Path(path)
    if not has_suffix(path, (".nrrd",)):
        raise InputError(path, "is no name for probabilities", "End it in .nrrd")
    components = probabilities.GetNumberOfComponentsPerPixel()
    if components != len(labels):
        raise ValueError(f"probabilities: {components} components for {len(labels)} labels")
    image = sitk.Cast(probabilities, sitk.sitkVectorFloat32)
    for number, label in enumerate(labels):
        for key, value in (("Code", label.code), ("Name", label.name), ("LabelValue", str(label.value))):
            image.SetMetaData(f"Component{number}_{key}", value)
    with atomic_path(path, overwrite) as temporary:
        _write(image, temporary)


def _extents(array: NDArray) -> dict[int, tuple[int, ...]]:
    """Return the first and last index along x, y, z of each value that occurs."""
    boxes = enumerate(find_objects(array.astype(np.int32)), start=1)
    return {
        value: tuple(end for axis in reversed(box) for end in (axis.start, axis.stop - 1))
        for value, box in boxes
        if box is not None
    }


def _write(image: sitk.Image, path: Path) -> None:
    try:
        sitk.WriteImage(image, str(path), useCompression=not has_suffix(path, (".nii",)))
        if has_suffix(path, NIFTI_SUFFIXES):
            require_whole_nifti(path)
    except (RuntimeError, InputError) as error:
        # SimpleITK does not say what went wrong; with valid images it is the disk.
        raise OSError(errno.ENOSPC, "no space left, or not writable", str(path)) from error
