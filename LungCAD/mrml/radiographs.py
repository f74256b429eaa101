"""Radiographs as volumes of one slice, and both lungs that were found on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from numpy.typing import NDArray
from vtk.util import numpy_support

from LungCAD.errors import InputError
from LungCAD.images import film_from_values
from LungCAD.labels import Provenance, load_schema
from LungCAD.mrml.geometry import set_geometry, volume_to_world
from LungCAD.mrml.heat_maps import show_probability
from LungCAD.mrml.nodes import place_beside
from LungCAD.mrml.result_nodes import FilmNodes
from LungCAD.mrml.review_texts import forget_shown
from LungCAD.mrml.reviewed_case import Subject
from LungCAD.mrml.segments import labels_in_steps
from LungCAD.mrml.volumes import volume_from_image
from LungCAD.steps import Steps, finish
from LungCAD.worker import JobResult


def check_film(volume: slicer.vtkMRMLVolumeNode) -> None:
    """Raise InputError where the volume is empty or has several slices; takes a moment."""
    _pixels(volume)


def film_from_volume(volume: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    """Return a radiograph (2-D, 0..1) from a volume of one slice, grey or tinted.

    Rows run down and columns to the reader's right, as Slicer loads films; where the film lies in space
    does not matter.

    Raises
    ------
    InputError
        The volume is empty, has several slices, holds no numbers or one value only, or is a colour picture.
    """
    return film_from_values(_pixels(volume), volume.GetSpacing()[:2], volume.GetName())


def grey_volume(volume: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLVolumeNode:
    """Return the volume itself, or a new grey one beside it where its pixels are red, green and blue.

    Raises InputError as `film_from_volume` does.
    """
    if _pixels(volume).ndim == 2:
        return volume
    levels = np.rint(255 * sitk.GetArrayFromImage(film_from_volume(volume))).astype(np.uint8)
    image = _in_the_place_of(sitk.GetImageFromArray(levels), volume)
    grey = volume_from_image(image, f"{volume.GetName()} grey")
    place_beside(grey, volume)
    return grey


def show_lungs(
    result: JobResult, film: slicer.vtkMRMLScalarVolumeNode, nodes: FilmNodes | None = None
) -> FilmNodes:
    """Show the result of the job "xray" over the film it was computed from.

    In the nodes of an earlier result of this film, as far as they are in the scene, else in new ones.

    Raises
    ------
    InputError
        The film is not in the scene any more, or has another size.
    """
    return finish(lungs_in_steps(result, film, nodes))


def lungs_in_steps(
    result: JobResult, film: slicer.vtkMRMLScalarVolumeNode, nodes: FilmNodes | None = None
) -> Steps[FilmNodes]:
    """Do as `show_lungs`, yielding fractions."""
    shown = (nodes or FilmNodes()).to_write(film)
    labels = on_film(result, "labels", film)
    shown.labels = yield from labels_in_steps(
        labels, load_schema("lungs"), film, shown.labels, f"{film.GetName()} lungs"
    )
    forget_shown(shown.labels)
    (lung,) = load_schema("cxr_lungs").labels
    shown.probability = show_probability(on_film(result, "probability", film), lung, film, shown.probability)
    return shown


def review_subject(
    result: JobResult,
    film: slicer.vtkMRMLScalarVolumeNode,
    labels: slicer.vtkMRMLSegmentationNode,
    parameters: Mapping[str, Any],
    model: str,
) -> Subject:
    """Return what is to be reviewed of the job "xray": all of the film, also where it found no lung.

    model : as in `Subject`.
    """
    found = on_film(result, "labels", film)
    return Subject(
        film,
        labels,
        load_schema("lungs"),
        provenance=found * 0 + int(Provenance.MODEL),
        result=found,
        model=model,
        parameters=parameters,
    )


def on_film(result: JobResult, name: str, film: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    """Return an image of the job "xray" as an image of one slice that lies on the film."""
    return _in_the_place_of(result.images[name], film)


def _in_the_place_of(image: sitk.Image, volume: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    slice_ = sitk.JoinSeries([image])
    set_geometry(slice_, volume_to_world(volume))
    return slice_


def _pixels(volume: slicer.vtkMRMLVolumeNode) -> NDArray:
    """Return a view (Y, X) or (Y, X, 3) into the volume's memory."""
    data = volume.GetImageData()
    if data is None or not data.GetNumberOfPoints() or data.GetPointData().GetScalars() is None:
        raise InputError(volume.GetName(), "holds no pixels", "Load a radiograph")
    columns, rows, slices = data.GetDimensions()
    if slices != 1:
        raise InputError(
            volume.GetName(), f"has {slices} slices", "Choose a radiograph: an image of one slice"
        )
    pixels = numpy_support.vtk_to_numpy(data.GetPointData().GetScalars()).reshape(rows, columns, -1)
    components = pixels.shape[2]
    if components == 2:
        raise InputError(volume.GetName(), "has two values per pixel", "Choose a grey-level image")
    return pixels[..., 0] if components == 1 else pixels[..., :3]
