"""Reading a chest radiograph: DICOM CR and DX, PNG, JPEG, TIFF, and two-dimensional volume files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LungCAD.errors import InputError
from LungCAD.images.dicom_pixels import padding_range, read_frames
from LungCAD.images.dicom_slices import slices_of
from LungCAD.images.volume_file import PICTURE_SUFFIXES, has_suffix, is_dicom, read_image, require_file

RADIOGRAPHS = ("CR", "DX", "RG")
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue (ITU-R BT.709)."""


def read_radiograph(path: Path | str) -> sitk.Image:
    """Return a radiograph as 2-D float32, 0 the darkest and 1 the brightest pixel, bone bright.

    MONOCHROME1 is inverted, colour becomes luminance, padding becomes 0. Spacing in mm is that of the DICOM
    tags (at the detector where the image plane's is not given) or of the volume file; pictures have none
    that can be trusted (their resolution is that of a screen) and get 1 x 1.

    Raises
    ------
    InputError
        The path cannot be read, is damaged, no radiograph (a CT, several frames), empty, or holds NaN.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(path, "is a folder", "Give one radiograph: a DICOM file or a picture")
    require_file(path)
    values, spacing = _read_dicom(path) if is_dicom(path) else _read_file(path)
    if not np.isfinite(values).all():
        raise InputError(path, "holds values that are no numbers (NaN or infinite)", "Export it again")
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise InputError(path, "holds one single value: it is empty", "Give a radiograph that shows a chest")
    image = sitk.GetImageFromArray(((values - low) / (high - low)).astype(np.float32))
    image.SetSpacing(spacing)
    return image


def _read_dicom(path: Path) -> tuple[NDArray[np.float64], tuple[float, float]]:
    slices = slices_of(path)
    header = slices[0].header if slices else Dataset()
    modality = str(header.get("Modality", "not given"))
    if modality not in RADIOGRAPHS:
        raise InputError(path, f"is no radiograph (modality {modality})", "Give a CR or DX image")
    frames = read_frames(slices[0])
    if len(frames) != 1:
        raise InputError(path, f"holds {len(frames)} frames", "Give a single image")
    values = frames[0].astype(float)
    low, high = padding_range(header) or (np.inf, -np.inf)
    padding = (values > low) & (values < high)
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        values = -values
    if padding.any() and not padding.all():
        values[padding] = values[~padding].min()
    rows, columns = header.get("PixelSpacing") or header.get("ImagerPixelSpacing") or (1.0, 1.0)
    return values, (float(columns), float(rows))


def _read_file(path: Path) -> tuple[NDArray[np.float64], tuple[float, float]]:
    image = read_image(path)
    array = sitk.GetArrayFromImage(image).astype(float)
    bands = image.GetNumberOfComponentsPerPixel()
    if bands in (3, 4):
        array = array[..., :3] @ LUMINANCE
    elif bands == 2:
        array = array[..., 0]  # grey with transparency
    elif bands > 1:
        raise InputError(path, f"has {bands} values per pixel", "Give a grey or colour picture")
    plane = array.reshape([size for size in array.shape if size > 1] or [1])
    if plane.ndim != 2:
        raise InputError(
            path, f"is no radiograph: it has {plane.ndim} dimensions", "Give a two-dimensional image"
        )
    picture = has_suffix(path, PICTURE_SUFFIXES)
    return plane, (1.0, 1.0) if picture else image.GetSpacing()[:2]
