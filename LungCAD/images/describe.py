"""What is in a file or folder, and whether it is fit for use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.dicom_slices import slices_of
from LungCAD.images.geometry import tilt_degrees
from LungCAD.images.hounsfield import require_hu
from LungCAD.images.radiograph import NO_SIZE, RADIOGRAPHS, read_radiograph
from LungCAD.images.read_ct import read_ct
from LungCAD.images.scan import ScanFacts
from LungCAD.images.segments import has_segments, read_segments
from LungCAD.images.series import SeriesInfo, list_series
from LungCAD.images.volume_file import PICTURE_SUFFIXES, has_suffix, is_dicom, read_image, require_file

MOST_LABELS = 255


@dataclass(frozen=True)
class Description:
    """What is in a file or folder, without anything about the patient; ``str()`` makes a page of it.

    `kind` is "CT", "DICOM folder", "radiograph", "segmentation", "label map" or "nothing usable"; `problem`
    says why it is not fit for use (None: it is). Sizes are x, y, z; spacing is in mm, None where a film does
    not tell it; `orientation` has the patient directions of the axes, such as LPS; `oblique_degrees` is how
    far they are turned; `value_range` is in HU for a CT.
    """

    path: Path
    kind: str
    problem: str | None = None
    series: tuple[SeriesInfo, ...] = ()
    size: tuple[int, ...] | None = None
    spacing: tuple[float, ...] | None = None
    orientation: str | None = None
    oblique_degrees: float | None = None
    value_range: tuple[float, float] | None = None
    facts: ScanFacts | None = None
    labels: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether LungCAD can work on it as it is."""
        return self.problem is None

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.kind}"]
        lines += [f"  series       {item}" for item in self.series]
        if self.size:
            lines.append(f"  geometry     {self._grid()}{self._orientation()}")
        if self.value_range:
            unit = " HU" if self.kind == "CT" else ""
            lines.append(f"  values       {self.value_range[0]:g} to {self.value_range[1]:g}{unit}")
        if self.facts:
            lines.append(f"  acquisition  {self.facts}")
        if self.labels:
            lines.append(f"  labels       {', '.join(self.labels)}")
        lines += [f"  warning      {warning}" for warning in self.warnings]
        lines.append(f"  verdict      {'fit for use' if self.usable else f'not usable: {self.problem}'}")
        return "\n".join(lines)

    def _grid(self) -> str:
        grid = f"{' x '.join(map(str, self.size))} {'pixels' if len(self.size) == 2 else 'voxels'}"
        if self.spacing is None:
            return f"{grid} of unknown size"
        return f"{grid} of {' x '.join(f'{step:g}' for step in self.spacing)} mm"

    def _orientation(self) -> str:
        if self.orientation is None:
            return ""
        turned = f", turned by {self.oblique_degrees:g} degrees" if self.oblique_degrees else ""
        return f", axes to {self.orientation}{turned}"


def describe(path: Path | str, series: str | None = None) -> Description:
    """Return what is at `path`: a CT or its DICOM folder, a radiograph, a segmentation or a label map.

    `series` chooses among those of a DICOM folder as in `read_ct`. What is wrong with the content becomes the
    description's `problem`.

    Raises
    ------
    InputError
        There is nothing at `path`, or it may not be read.
    """
    path = Path(path)
    if not path.is_dir():
        require_file(path)
    try:
        if path.is_dir():
            return _describe_folder(path, series)
        if has_suffix(path, PICTURE_SUFFIXES) or (is_dicom(path) and _modality(path) in RADIOGRAPHS):
            return _describe_radiograph(path)
        if not is_dicom(path):
            image = read_image(path)
            if has_segments(image):
                names = tuple(segment.name for segment in read_segments(image, path))
                return replace(_geometry(path, "segmentation", image), labels=names)
            if (values := _label_values(image)) is not None:
                return replace(_geometry(path, "label map", image), labels=tuple(map(str, values)))
            if _is_film(image):
                return _describe_radiograph(path)
        return _describe_ct(path, series)
    except InputError as error:
        return Description(path, "nothing usable", problem=_without_path(error))


def _is_film(image: sitk.Image) -> bool:
    """Tell whether an image is one plane of grey levels that are no HU."""
    if sum(size > 1 for size in image.GetSize()) != 2:
        return False
    try:
        require_hu(sitk.GetArrayViewFromImage(image), "CT")
    except InputError:
        return True
    return False


def _describe_folder(path: Path, series: str | None) -> Description:
    found = tuple(list_series(path))
    try:
        return replace(_describe_ct(path, series), series=found)
    except InputError as error:
        kind = "DICOM folder" if found else "nothing usable"
        return Description(path, kind, problem=_without_path(error), series=found)


def _describe_ct(path: Path, series: str | None) -> Description:
    scan = read_ct(path, series)
    return replace(_geometry(path, "CT", scan.image), facts=scan.facts, warnings=scan.warnings)


def _describe_radiograph(path: Path) -> Description:
    image = read_radiograph(path)
    facts = ScanFacts(modality=_modality(path)) if is_dicom(path) else None
    spacing = None if image.GetSpacing() == NO_SIZE else image.GetSpacing()
    return Description(path, "radiograph", size=image.GetSize(), spacing=spacing, facts=facts)


def _geometry(path: Path, kind: str, image: sitk.Image) -> Description:
    letters = None
    oblique = None
    if image.GetDimension() == 3:
        letters = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(image.GetDirection())
        oblique = round(tilt_degrees(image), 2)
    values = sitk.GetArrayViewFromImage(image)
    return Description(
        path,
        kind,
        size=image.GetSize(),
        spacing=image.GetSpacing(),
        orientation=letters,
        oblique_degrees=oblique,
        value_range=(float(values.min()), float(values.max())),
    )


def _label_values(image: sitk.Image) -> list[int] | None:
    """Return the values other than 0 of an image that can only be a label map, else None."""
    if image.GetNumberOfComponentsPerPixel() > 1 or "float" in image.GetPixelIDTypeAsString():
        return None
    values = sitk.GetArrayViewFromImage(image)
    if values.min() < 0 or values.max() > MOST_LABELS:
        return None
    found = np.unique(values)
    return [int(value) for value in found if value] if len(found) <= 32 else None


def _modality(path: Path) -> str | None:
    slices = slices_of(path)
    return str(slices[0].header.get("Modality", "")) if slices else None


def _without_path(error: InputError) -> str:
    return ". ".join(part for part in (error.problem, error.remedy) if part)
