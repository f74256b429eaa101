"""Both lungs on a frontal chest radiograph (after Kalinovsky & Kovalev, 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.images.square import Square
from LungCAD.labels import load_schema
from LungCAD.networks.fusion import fused
from LungCAD.parameters import Parameters, parameter
from LungCAD.progress import Progress, silent
from LungCAD.tasks.xray_cleaning import clean, two_lungs
from LungCAD.tasks.xray_input import XrayInput
from LungCAD.tasks.xray_polarity import is_inverted
from LungCAD.tasks.xray_quality import Flag, expected_dice, quality_flags
from LungCAD.weights import load_network
from LungCAD.weights.shipped import weights_file

ARCHITECTURES = ("unet", "segnet")


@dataclass(frozen=True)
class XrayLungParameters(Parameters):
    """What a reader may choose."""

    weights: str = parameter("xray-unet", "Shipped weights by name (xray-unet), or a file")
    mirrored: bool = parameter(
        False, "The film is shown mirrored: the patient's right is on the right of the image"
    )
    bone: str = parameter(
        "unknown",
        "Bone is bright on every film, or it is not known: films whose lungs come out bright are turned over",
        choices=("unknown", "bright"),
    )
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))


@dataclass(frozen=True)
class XrayLungs:
    """Result for one film; images have its geometry.

    The shipped network counts the lung behind the heart as lung, as the masks do that it learned from.

    labels : uint8, 0, 1 the patient's right lung, 2 the left. probability : float32, of lung. area_px :
    right, left. area_cm2 : None where the pixel's size is not known. confidence : 0..1, the Dice score that
    the probabilities themselves lead one to expect. flags : why a person should look at it.
    """

    labels: sitk.Image
    probability: sitk.Image
    area_px: tuple[int, int]
    area_cm2: tuple[float, float] | None
    confidence: float
    flags: tuple[Flag, ...]

    @cached_property
    def uncertainty(self) -> sitk.Image:
        """Entropy of the probability over log 2, float32; a screening run has no need of it."""
        p = sitk.GetArrayViewFromImage(self.probability).clip(1e-7, 1 - 1e-7)
        entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
        return _like(entropy.astype(np.float32), self.probability)


DEFAULTS = XrayLungParameters()


def run(
    film: sitk.Image, parameters: XrayLungParameters = DEFAULTS, progress: Progress = silent
) -> XrayLungs:
    """Segment the lungs of one film, as `read_radiograph` gives it (2-D, 0..1, bone bright).

    Raises
    ------
    InputError
        The weights cannot be used, the device is not to be had, or the film, as `film_array` says.
    Cancelled
        From `progress`.
    """
    progress(0.0, "Loading the network")
    segmenter = XraySegmenter(parameters)
    progress(0.3, "Finding the lungs")
    (result,) = segmenter.segment([film])
    progress(1.0, "Done")
    return result


class XraySegmenter:
    """A loaded network, for many films."""

    def __init__(self, parameters: XrayLungParameters = DEFAULTS) -> None:
        self.mirrored, self._bone = parameters.mirrored, parameters.bone
        self._device = choose_device(parameters.device)
        network, self.input = load_xray_network(parameters.weights)
        # Without batch normalisation, channels last: on a processor two thirds of the time.
        self._network = fused(network).to(self._device, memory_format=torch.channels_last)

    def segment(self, films: Sequence[sitk.Image]) -> list[XrayLungs]:
        """Return both lungs on every film; the network sees all of them at once."""
        prepared = [self.input.image(film_array(film)) for film in films]
        probabilities = self.probabilities(np.stack(prepared))
        return [read_out(film, lung, self.mirrored) for film, lung in zip(films, probabilities, strict=True)]

    def probabilities(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of lung (N, side, side) of films that `input.image` prepared.

        Where it is not known whether bone is bright, films whose lungs come out bright are turned over.
        """
        lungs = self._lungs(prepared)
        if self._bone == "bright":
            return lungs
        inverted = [is_inverted(*pair) for pair in zip(prepared, lungs, strict=True)]
        if any(inverted):
            lungs[inverted] = self._lungs(-prepared[inverted])
        return lungs

    def _lungs(self, prepared: NDArray[np.float32]) -> NDArray[np.float32]:
        images = torch.from_numpy(prepared)[:, None].to(self._device)
        with torch.inference_mode():
            return self._network(images).softmax(1)[:, 1].float().cpu().numpy()


def load_xray_network(weights: str) -> tuple[nn.Module, XrayInput]:
    """Return the network of shipped weights or of a file, and how it wants its films; raises InputError."""
    path = weights_file(weights)
    network, description = load_network(path, schema=load_schema("cxr_lungs"))
    if description.architecture not in ARCHITECTURES:
        problem = f"is a network of architecture {description.architecture}"
        raise InputError(path, problem, f"Films need one of {', '.join(ARCHITECTURES)}")
    try:
        return network, XrayInput.from_plain(description.input)
    except ValueError as error:
        raise InputError(path, f"was not trained on radiographs: {error}") from error


def film_array(film: sitk.Image) -> NDArray[np.float32]:
    """Return the grey levels (Y, X) of a film.

    Raises
    ------
    InputError
        It is too small to show a chest, is in colour, or holds values that are no numbers.
    """
    if film.GetDimension() != 2 or min(film.GetSize()) < 32:
        size = " x ".join(map(str, film.GetSize()))
        raise InputError("radiograph", f"has {size} pixels", "Give a film of at least 32 x 32 pixels")
    if film.GetNumberOfComponentsPerPixel() > 1:
        raise InputError("radiograph", "has several values per pixel", "Give grey levels alone")
    levels = sitk.GetArrayFromImage(film)  # a view would outlive the film
    if not np.isfinite(levels).all():
        raise InputError(
            "radiograph", "holds values that are no numbers (NaN or infinite)", "Export it again"
        )
    return levels


def read_out(film: sitk.Image, lung: NDArray[np.float32], mirrored: bool = False) -> XrayLungs:
    """Turn the network's square of probabilities (side, side) into both lungs on the film's own grid."""
    square = Square.without_borders(sitk.GetArrayViewFromImage(film), len(lung))
    lung = np.where(square.inside, lung, 0)
    cleaned = clean(lung)
    sides = two_lungs(cleaned > 0.5, mirrored, square.middle)
    probability = square.take(cleaned)
    labels = np.where(probability > 0.5, square.take_labels(sides.nearest), 0).astype(np.uint8)
    areas = tuple(int(np.count_nonzero(labels == side)) for side in (1, 2))
    confidence = expected_dice(lung)
    return XrayLungs(
        labels=_like(labels, film),
        probability=_like(probability, film),
        area_px=areas,
        area_cm2=_in_cm2(areas, film),
        confidence=confidence,
        flags=quality_flags(sides.labels, square, confidence),
    )


def _in_cm2(areas: tuple[int, int], film: sitk.Image) -> tuple[float, float] | None:
    """Pictures carry no size of their pixels: readers give them a spacing of exactly 1 x 1."""
    if film.GetSpacing() == (1.0, 1.0):
        return None
    return tuple(area * float(np.prod(film.GetSpacing())) / 100 for area in areas)


def _like(array: NDArray, film: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.CopyInformation(film)
    return image
