"""Reading a CT, whatever it comes in, and checking it at the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.dicom_pixels import read_hu
from LungCAD.images.dicom_slices import Slice, number_or_none, slices_of
from LungCAD.images.geometry import axial_axis
from LungCAD.images.hounsfield import clamp, require_hu
from LungCAD.images.kernels import is_sharp
from LungCAD.images.nifti import placement_remarks
from LungCAD.images.scan import Scan, ScanFacts
from LungCAD.images.series import LARGEST, NO_DENSITIES, choose_series, kernel_name, series_kind
from LungCAD.images.stack import arrange
from LungCAD.images.volume_file import (
    NIFTI_SUFFIXES,
    PICTURE_SUFFIXES,
    has_suffix,
    is_dicom,
    read_image,
    require_file,
)

SPARSE = 1.5
"""Slices farther apart than this many thicknesses leave tissue between them that was not imaged."""


EDGES_MM = (0.01, 100.0)
"""Edges of a voxel, from micro-CT to slices far apart."""


def read_ct(path: Path | str, series: str | None = None) -> Scan:
    """Return the CT at `path`: NIfTI, NRRD, MHA, a DICOM folder or one DICOM file.

    Parameters
    ----------
    path : the file or folder.
    series : which series of a DICOM folder: its UID, "largest" for the axial CT with the most slices, or None
        where there is only one axial CT (scouts, projections and other modalities beside it do not count).
        "largest" also goes with a file, the only one there is.

    Raises
    ------
    InputError
        The path cannot be read, holds no CT or several and no choice, is a scout or a projection (MIP), is
        damaged or irregular (slices missing, repeated, unevenly spaced, mixed, tilted gantry), or its values
        are not HU.
    """
    path = Path(path)
    if path.is_dir():
        return _read_slices(choose_series(path, series), path)
    require_file(path)
    if series not in (None, LARGEST):
        raise InputError(path, "is a file, not a DICOM folder", "Leave the series away, or give the folder")
    if is_dicom(path):
        return _read_slices(slices_of(path), path)
    if has_suffix(path, PICTURE_SUFFIXES):
        raise InputError(path, "is a picture, not a CT", "Give NIfTI, NRRD, MHA or a DICOM folder")
    return _read_volume(path)


def _read_volume(path: Path) -> Scan:
    image = as_volume(read_image(path), path)
    _require_edges(image.GetSpacing(), path)
    values = sitk.GetArrayViewFromImage(image)
    require_hu(values, path)
    hu = sitk.GetImageFromArray(clamp(values))
    hu.CopyInformation(image)
    remarks = placement_remarks(path) if has_suffix(path, NIFTI_SUFFIXES) else ()
    return Scan(hu, path, ScanFacts(slice_spacing_mm=hu.GetSpacing()[axial_axis(hu)]), tuple(remarks))


def as_volume(image: sitk.Image, subject: object) -> sitk.Image:
    """Return a scalar image of 2 to 4 dimensions as a 3-D one; a fourth dimension must have size 1.

    Raises
    ------
    InputError
        Several components per voxel, or several time points; the error names `subject`.
    """
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(
            subject, "has several values per voxel (colour or vectors)", "Give a grey-level image"
        )
    if image.GetDimension() == 2:
        return sitk.JoinSeries(image)
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        return image[..., 0]
    if image.GetDimension() > 3:
        raise InputError(subject, f"has {image.GetSize()[3]} time points", "Save one of them as a 3-D image")
    return image


def _read_slices(slices: list[Slice], path: Path) -> Scan:
    modality = str(slices[0].header.get("Modality", "")) if slices else ""
    if modality != "CT":
        raise InputError(path, f"is no CT (modality {modality or 'not given'})", "Give a CT")
    if (kind := series_kind(slices)) in NO_DENSITIES:
        problem = f"is a {kind}, whose values are not those of tissue"
        raise InputError(path, problem, "Give the axial series of the scan")
    ordered, grid, warnings = arrange(slices, path)
    _require_edges(grid.spacing, path)
    values = read_hu(ordered, warnings)
    require_hu(values, path)
    image = sitk.GetImageFromArray(clamp(values))
    image.SetOrigin(grid.origin)
    image.SetSpacing(grid.spacing)
    image.SetDirection(grid.direction.ravel())
    facts = _facts(ordered, grid.spacing[2])
    thickness, distance = facts.slice_thickness_mm, facts.slice_spacing_mm
    if thickness and distance and distance > SPARSE * thickness:
        warnings.append(
            f"Slices are {thickness:g} mm thick but {distance:g} mm apart: the tissue between was not imaged."
        )
    return Scan(image, path, facts, tuple(warnings))


def _require_edges(spacing: tuple[float, ...], path: Path) -> None:
    """Refuse voxels that no scanner makes: the header has another unit, or is damaged."""
    if not all(EDGES_MM[0] <= edge <= EDGES_MM[1] for edge in spacing):
        problem = f"has voxels of {' x '.join(f'{edge:.4g}' for edge in spacing)} mm"
        raise InputError(path, problem, "Correct spacing or unit in its header, or export it again")


def read_facts(path: Path | str) -> ScanFacts:
    """Return what one DICOM file of a CT says of how the scan was made; the distance of slices it does not.

    Raises
    ------
    InputError
        The file cannot be read, is damaged or holds no image.
    """
    path = Path(path)
    try:
        slices = slices_of(path) if is_dicom(path) else []
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
    if not slices:
        raise InputError(path, "is no DICOM image")
    return _facts(slices[:1], 0.0)


def _facts(slices: list[Slice], spacing: float) -> ScanFacts:
    header = slices[0].header
    manufacturer = str(header.get("Manufacturer") or "") or None
    kernel = kernel_name(header.get("ConvolutionKernel"))
    said = [tag for tag in ("ContrastBolusAgent", "ContrastBolusAgentSequence") if tag in header]
    return ScanFacts(
        modality=str(header.get("Modality") or "") or None,
        series_uid=slices[0].series_uid or None,
        manufacturer=manufacturer,
        kernel=kernel,
        sharp_kernel=is_sharp(manufacturer, kernel),
        slice_thickness_mm=number_or_none(header.get("SliceThickness")),
        slice_spacing_mm=round(float(np.round(spacing, 4)), 4) if len(slices) > 1 else None,
        kvp=number_or_none(header.get("KVP")),
        contrast=any(bool(header[tag].value) for tag in said) if said else None,
    )
