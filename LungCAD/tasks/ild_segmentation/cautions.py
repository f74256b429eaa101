"""Whether a CT is like those that the network was trained on."""

from __future__ import annotations

from collections.abc import Iterator

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, spacing_zyx, to_axial
from LungCAD.tasks.ild_input import IldInput
from LungCAD.weights import ModelCard

FAR = 2.0
"""Pixels this many times smaller or larger than any in training show another texture altogether."""

FINE_MM = 2.5
"""Thicker slices blur fine textures, whatever a network was trained on."""

TOLERANCE = 1.05
"""Of what counts as inside a trained range: scanners round."""

SQUARE = 1.02
"""Largest ratio of the sides of a pixel that a scanner made."""


def require_known_pixels(ct: sitk.Image, trained: IldInput) -> None:
    """Raise InputError where the pixels of the axial slices are far from all that the network has seen."""
    for width in spacing_zyx(to_axial(_corner(ct)))[1:]:
        low, high = trained.pixel_mm
        if not low / FAR <= width <= high * FAR:
            raise InputError(
                "CT",
                f"has pixels of {width:.3g} mm, far from the {low:.3g} to {high:.3g} mm of the training",
                "Resample its axial slices into that range, or give weights that were trained for it",
            )


def find_cautions(
    ct: sitk.Image, facts: ScanFacts | None, trained: IldInput, card: ModelCard
) -> Iterator[str]:
    """Yield what a reader of the labels must know of the scan and of the network.

    Parameters
    ----------
    facts : of the scan. Slices whose thickness is unknown are taken to touch.
    """
    if card.synthetic:
        yield f"{card.title}: trained on synthetic data only"
    distance, *pixel = spacing_zyx(to_axial(_corner(ct)))
    if max(pixel) > SQUARE * min(pixel):
        yield (
            f"The axial pixels are {pixel[1]:.3g} x {pixel[0]:.3g} mm: the CT was resampled or is not axial. "
            "Textures are stretched, and the network was trained on square pixels"
        )
    low, high = trained.pixel_mm
    if min(pixel) < low / TOLERANCE or max(pixel) > high * TOLERANCE:
        yield f"The pixels are {max(pixel):.3g} mm wide; the network knows {low:.3g} to {high:.3g} mm"
    yield from _of_thickness(facts and facts.axial_thickness_mm(ct), distance, trained)


def _of_thickness(thickness: float | None, distance: float, trained: IldInput) -> Iterator[str]:
    low, high = trained.thickness_mm
    slices = (
        f"The slices are {thickness:.3g} mm thick"
        if thickness
        else f"The slices are {distance:.3g} mm apart and of unknown thickness"
    )
    thick = thickness or distance
    if not low / TOLERANCE <= thick <= high * TOLERANCE:
        slices += f"; the network was trained on {low:.3g} to {high:.3g} mm"
    elif thick <= FINE_MM * TOLERANCE:
        return
    blurred = "Thick slices blur fine textures: reticulation and micronodules may pass for ground glass"
    yield f"{slices}. {blurred}" if thick > FINE_MM * TOLERANCE else slices


def _corner(ct: sitk.Image) -> sitk.Image:
    """Return one voxel of the CT: it has the same axes and is quick to turn."""
    return sitk.RegionOfInterest(ct, [1, 1, 1], [0, 0, 0])
