"""A trained patch network applied to a CT: the unary of Gao et al., ISBI 2016."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.images import from_axial, image_like, require_ct, same_geometry, to_axial
from LungCAD.labels import Schema
from LungCAD.parameters import Parameters, parameter
from LungCAD.progress import Progress, silent
from LungCAD.unary import PatchInput, predict_slices
from LungCAD.weights import ModelCard, load_network


@dataclass(frozen=True)
class PatchNetworkParameters(Parameters):
    """How densely the network is applied, and where."""

    stride: int = parameter(
        10,
        "Apply the network to every n-th pixel and interpolate",
        unit="px",
        minimum=1,
        maximum=32,
        source="Gao 2016, section 3",
    )
    batch: int = parameter(256, "Patches at a time", minimum=1)
    device: str = parameter(
        "auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"), hidden=True
    )


@dataclass(frozen=True)
class PatchNetworkResult:
    """What the network says of a CT, and what is to be known of the network.

    probabilities : float32 vector image on the grid of the CT, one component per label of the schema in
        ascending value; 0 outside the lungs and for labels that the network does not know.
    """

    probabilities: sitk.Image
    card: ModelCard


DEFAULTS = PatchNetworkParameters()


def run(
    weights: Path,
    ct: sitk.Image,
    lungs: sitk.Image,
    schema: Schema,
    parameters: PatchNetworkParameters = DEFAULTS,
    progress: Progress = silent,
) -> PatchNetworkResult:
    """Apply the network in the file `weights` to the lungs (non-zero) of a CT in HU.

    Raises
    ------
    InputError
        The weights are damaged, no patch network or know other classes than the schema; the lungs are empty
        or on another grid; the CT is no volume in HU.
    Cancelled
        From `progress`.
    """
    require_ct(ct, "CT")
    if not same_geometry(ct, lungs):
        raise InputError("lung mask", "lies on another grid than the CT", "Resample it to the CT")
    network, description = load_network(weights, schema=schema)
    try:
        patches = PatchInput.from_plain(description.input)
    except ValueError as error:
        raise InputError(weights, "is no network of patches", "Train one: lungcad train patches") from error
    axial = to_axial(ct)
    mask = sitk.GetArrayFromImage(to_axial(lungs)) > 0
    if not mask.any():
        raise InputError("lung mask", "is empty", "Give a mask of the lungs, or none")
    device = choose_device(parameters.device)
    known = predict_slices(
        network.to(device),
        sitk.GetArrayFromImage(axial),
        mask,
        patches,
        parameters.stride,
        parameters.batch,
        device,
        progress,
    )
    values = np.zeros((*mask.shape, len(schema.codes)), np.float32)
    values[..., [schema.codes.index(code) for code in description.classes]] = np.moveaxis(known, 0, -1)
    return PatchNetworkResult(from_axial(image_like(values, axial), ct), description.card)
