"""Reading a chest radiograph: DICOM CR and DX, PNG, JPEG, TIFF, and two-dimensional volume files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from LungCAD.errors import InputError
from LungCAD.images.dicom_pixels import padding_range, read_frames
from LungCAD.images.dicom_slices import number_or_none, slices_of
from LungCAD.images.volume_file import PICTURE_SUFFIXES, has_suffix, is_dicom, read_image, require_file

RADIOGRAPHS = ("CR", "DX", "RG")
LATERAL = ("LATERAL", "LAT", "LL", "RL")
"""What the tag ViewPosition says of a chest seen from its side."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue (ITU-R BT.709)."""

MOST_COLOURFUL = 0.1
"""A phone's photograph of a film on a light box has about 0.04, of a cat 0.12, of a person 0.3."""

NO_SIZE = (1.0, 1.0)
"""Spacing of a film whose pixels have no size in mm that can be trusted."""

GREY_MODES = ("L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of one number per pixel, 8 to 32 bits; everything else is taken as colour."""


def read_radiograph(path: Path | str) -> sitk.Image:
    """Return a radiograph as 2-D float32, 0 the darkest and 1 the brightest pixel, bone bright.

    MONOCHROME1 is inverted, colour becomes luminance, padding becomes 0. Spacing in mm is that of the DICOM
    tags (at the detector where the image plane's is not given) or of the volume file; pictures have none
    that can be trusted (their resolution is that of a screen) and get `NO_SIZE`. Pictures are turned upright
    as their EXIF data say, which every viewer does; one slice of a volume file as its directions say, the
    patient's head (or front, of an axial one) above and the patient's right on the left.

    Raises
    ------
    InputError
        The path cannot be read, is damaged, no radiograph (a CT, several frames), lateral, empty, or holds
        NaN.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(path, "is a folder", "Give one radiograph: a DICOM file or a picture")
    require_file(path)
    if is_dicom(path):
        values, spacing = _read_dicom(path)
    elif has_suffix(path, PICTURE_SUFFIXES):
        values, spacing = _read_picture(path)
    else:
        values, spacing = _read_volume(path)
    return film_from_values(values, spacing, path)


def film_from_values(values: NDArray, spacing: tuple[float, float], subject: object) -> sitk.Image:
    """Return grey levels (Y, X), or red, green and blue (Y, X, 3), as `read_radiograph` does.

    Raises
    ------
    InputError
        Values that are no numbers or all the same, or a picture in colours; the error names `subject`.
    """
    if not np.isfinite(values).all():
        raise InputError(subject, "holds values that are no numbers (NaN or infinite)", "Export it again")
    grey = values if values.ndim == 2 else _grey(values, subject)
    low, high = float(grey.min()), float(grey.max())
    if low == high:
        problem = "holds one single value: it is empty"
        raise InputError(subject, problem, "Give a radiograph that shows a chest")
    image = sitk.GetImageFromArray(((grey - low) / (high - low)).astype(np.float32))
    image.SetSpacing(spacing)
    return image


def _read_dicom(path: Path) -> tuple[NDArray[np.float64], tuple[float, float]]:
    slices = slices_of(path)
    header = slices[0].header if slices else Dataset()
    modality = str(header.get("Modality", "not given"))
    if modality not in RADIOGRAPHS:
        raise InputError(path, f"is no radiograph (modality {modality})", "Give a CR or DX image")
    view = str(header.get("ViewPosition") or "")
    if view.upper() in LATERAL:
        raise InputError(path, f"is a lateral film (view {view})", "Give a frontal one (PA or AP)")
    frames = read_frames(slices[0])
    if len(frames) != 1:
        raise InputError(path, f"holds {len(frames)} frames", "Give a single image")
    values = frames[0].astype(float)
    low, high = padding_range(slices[0]) or (np.inf, -np.inf)
    padding = (values > low) & (values < high)
    if padding.any() and not padding.all():
        values[padding] = values[~padding].min()
    return values, _spacing(header)


def _spacing(header: Dataset) -> tuple[float, float]:
    """Return the size of a pixel, (x, y); `NO_SIZE` where the file tells none, or one that cannot be."""
    for tag in ("PixelSpacing", "ImagerPixelSpacing"):
        values = header.get(tag)
        pair = values if isinstance(values, MultiValue) else ()  # one number is no pair
        sizes = [number_or_none(size) or 0.0 for size in pair]
        if len(sizes) == 2 and min(sizes) > 0:
            return sizes[1], sizes[0]
    return NO_SIZE


def _read_picture(path: Path) -> tuple[NDArray[np.float64], tuple[float, float]]:
    try:
        with Image.open(path) as picture:
            frames = getattr(picture, "n_frames", 1)
            picture = ImageOps.exif_transpose(picture)
            grey = picture.mode in GREY_MODES
            pixels = np.asarray(picture if grey else picture.convert("RGB"), dtype=float)
    except UnidentifiedImageError as error:
        raise InputError(
            path, "is not an image that LungCAD can read", "Give PNG, JPEG, TIFF or DICOM"
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(path, "is too large for a radiograph", "Save it with fewer pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(path, "is damaged or truncated", "Copy or export it again") from error
    if frames > 1:
        raise InputError(path, f"holds {frames} pictures", "Save the radiograph alone")
    return pixels, NO_SIZE


def _grey(pixels: NDArray, subject: object) -> NDArray[np.float64]:
    if _colourfulness(pixels) > MOST_COLOURFUL:
        raise InputError(subject, "is a colour picture", "Give a radiograph: it is grey, or tinted at most")
    return pixels @ LUMINANCE


def _colourfulness(pixels: NDArray[np.float64]) -> float:
    """Return how much hues differ within a picture (Y, X, 3), 0..1; a tint of the whole counts nothing."""
    brightness = pixels.sum(axis=-1, keepdims=True)
    shares = pixels / np.maximum(brightness, 1)
    lit = brightness[..., 0] > 0.15 * brightness.max()
    return float(shares[lit].std(axis=0).sum()) if lit.any() else 0.0


def _read_volume(path: Path) -> tuple[NDArray[np.float64], tuple[float, float]]:
    image = read_image(path)
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(path, "has several values per pixel", "Give a grey-level image")
    sizes = [size for size in image.GetSize() if size > 1]
    if len(sizes) != 2:
        remedy = "Give a two-dimensional image"
        raise InputError(path, f"is no radiograph: it has {len(sizes)} dimensions", remedy)
    if image.GetDimension() == 3:
        image = _upright(image)
    plane = sitk.GetArrayFromImage(image).astype(float).squeeze()
    spacing = [mm for mm, size in zip(image.GetSpacing(), image.GetSize(), strict=True) if size > 1]
    return plane, (spacing[0], spacing[1])


def _upright(image: sitk.Image) -> sitk.Image:
    """Return one slice with its first row at the head, or at the front of the patient where it is axial."""
    along_body = sitk.DICOMOrient(image, "LPS")
    return sitk.Flip(along_body, (False, False, True)) if along_body.GetSize()[2] > 1 else along_body
