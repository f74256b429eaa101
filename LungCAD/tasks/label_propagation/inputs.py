"""The images that label propagation works on, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, require_ct, same_geometry
from LungCAD.labels import ACCEPTED, BACKGROUND, UNTOUCHED, Schema
from LungCAD.lungs import require_sides
from LungCAD.tasks.label_propagation.parameters import LabelPropagationParameters


@dataclass(frozen=True)
class LabelPropagationInputs:
    """Images of one case, all of the same geometry.

    ct : Hounsfield units, 3-D (one slice is a volume of depth 1).
    rois : drawn regions, integer, values of the schema, 0 where nothing is drawn.
    lungs : 0 outside, 1 right, 2 left lung; segmented here when None.
    network_probabilities : vector image, one component per label of the schema in ascending value.
    facts : what the scan says of its kernel and slice thickness, for the cautions of the densitometry.
    """

    ct: sitk.Image
    rois: sitk.Image
    lungs: sitk.Image | None = None
    network_probabilities: sitk.Image | None = None
    facts: ScanFacts | None = None


def check_inputs(
    inputs: LabelPropagationInputs, parameters: LabelPropagationParameters, schema: Schema
) -> None:
    """Raise InputError where the images do not fit each other, the schema or the parameters."""
    require_ct(inputs.ct, "CT")
    images = {
        "drawn regions": inputs.rois,
        "lung mask": inputs.lungs,
        "network": inputs.network_probabilities,
    }
    for name, image in images.items():
        if image is not None:
            _check_grid(name, image, inputs.ct)
    if not _check_values("drawn regions", inputs.rois, schema, {BACKGROUND, schema.ignore_value}):
        raise InputError("drawn regions", "are empty", "Draw at least one region of two classes")
    if inputs.lungs is not None:
        require_sides(inputs.lungs, inputs.ct)
    if parameters.unary != "rois" and inputs.network_probabilities is None:
        raise InputError("unary", f"is {parameters.unary!r} but no network probabilities were given")
    if parameters.unary != "rois":
        _check_components(inputs.network_probabilities, schema)


def check_corrections(corrections: sitk.Image, ct: sitk.Image, schema: Schema) -> None:
    """Raise InputError where corrections lie on another grid than the CT or hold strange values."""
    _check_grid("corrections", corrections, ct)
    accepted = {ACCEPTED + value for value in (BACKGROUND, *schema.values)}
    _check_values("corrections", corrections, schema, {UNTOUCHED, BACKGROUND, *accepted})


def _check_grid(name: str, image: sitk.Image, ct: sitk.Image) -> None:
    if not same_geometry(image, ct):
        raise InputError(name, "lie on another grid than the CT", "Resample them to the CT")


def _check_components(probabilities: sitk.Image, schema: Schema) -> None:
    given, wanted = probabilities.GetNumberOfComponentsPerPixel(), len(schema.values)
    if given != wanted:
        problem = f"have {given} components for the {wanted} labels of the schema {schema.name}"
        raise InputError("network probabilities", problem, "Give one component per label, in ascending value")


def _check_values(name: str, image: sitk.Image, schema: Schema, others: set[int | None]) -> set[int]:
    """Return the values of the schema in `image`; InputError for any that is neither one nor in `others`."""
    found = set(np.unique(sitk.GetArrayViewFromImage(image)).tolist()) - others
    strange = sorted(found - set(schema.values))
    if strange:
        raise InputError(
            name,
            f"hold the values {strange}, which the schema {schema.name} does not have",
            f"Its values are {', '.join(map(str, schema.values))}",
        )
    return found
