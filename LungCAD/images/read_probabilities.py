"""Reading a network's class probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.geometry import image_like, same_geometry
from LungCAD.images.volume_file import read_image
from LungCAD.labels import Schema


def read_probabilities(path: Path | str, schema: Schema, reference: sitk.Image) -> sitk.Image:
    """Return class probabilities as a float32 vector image, one component per label of the schema in order.

    Components are matched by the codes that `write_probabilities` puts into the header; labels without a
    component get 0. A file without codes must have one component per label, in ascending value.

    Raises
    ------
    InputError
        The file cannot be read, lies on another grid than `reference`, its components do not fit the schema,
        or values are negative or not finite.
    """
    path = Path(path)
    image = read_image(path)
    if not same_geometry(image, reference):
        raise InputError(path, "has another geometry than the CT", "Give the network this very CT")
    components = image.GetNumberOfComponentsPerPixel()
    codes = [_code(image, number) for number in range(components)]
    if not any(codes) and components == len(schema.labels):
        codes = list(schema.codes)
    strange = [code or "(unnamed)" for code in codes if code not in schema.codes]
    if strange:
        raise InputError(
            path,
            f"has {components} components, of which the schema {schema.name} lacks {', '.join(strange)}",
            f"Its labels are {', '.join(schema.codes)}",
        )
    values = sitk.GetArrayFromImage(image).astype(np.float32).reshape(*image.GetSize()[::-1], components)
    if not np.isfinite(values).all() or values.min() < 0:
        raise InputError(path, "holds negative or non-finite probabilities", "Export them again")
    ordered = np.zeros((*values.shape[:-1], len(schema.codes)), np.float32)
    ordered[..., [schema.codes.index(code) for code in codes]] = values
    return image_like(ordered, reference)


def _code(image: sitk.Image, component: int) -> str:
    key = f"Component{component}_Code"
    return image.GetMetaData(key) if image.HasMetaDataKey(key) else ""
