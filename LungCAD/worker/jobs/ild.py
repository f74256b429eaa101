"""Segmentation of interstitial lung disease as jobs: one CT, and a folder of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from LungCAD.batch.ild import segment_scans
from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, image_like, to_bytes
from LungCAD.labels import Provenance, schema_reference
from LungCAD.parameters import parameters_from_dict
from LungCAD.progress import Progress
from LungCAD.tasks.ild_segmentation import (
    IldNetwork,
    IldSegmentationInputs,
    IldSegmentationParameters,
    segment,
)
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs.scans import on_folder
from LungCAD.worker.jobs.weights_key import weights_key
from LungCAD.worker.plain import from_plain, to_plain

NETWORK = "network for interstitial lung disease"
"""Kind of what is cached."""
IMAGES = ("labels", "lungs")
DATA = ("classes", "measurements", "densitometry", "warnings")


def segment_ct(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Label a CT: `LungCAD.tasks.ild_segmentation`.

    Parameters
    ----------
    inputs : ct, and lungs where they are known.
    parameters : `IldSegmentationParameters.as_dict`, what is missing keeps its default; also `facts`, the
        fields of `ScanFacts` that are known.

    Returns
    -------
    The images of `IMAGES` and the data of `DATA`, described at `IldSegmentationResult`; also the uncertainty
    in bytes (`LungCAD.images.to_bytes`), the provenance, and schema, as `load_schema` takes it.
    """
    if "ct" not in inputs:
        raise InputError("CT", "is missing", "Give a chest CT")
    facts = from_plain(ScanFacts, parameters.get("facts") or {})
    own = {name: value for name, value in parameters.items() if name != "facts"}
    chosen = parameters_from_dict(IldSegmentationParameters, own)
    progress(0.0, "Loading the network")
    key = weights_key(chosen.weights), chosen.device
    network = cache.get(NETWORK, key, lambda: IldNetwork.load(chosen.weights, chosen.device))
    given = IldSegmentationInputs(inputs["ct"], inputs.get("lungs"), facts)
    result = segment(given, network, chosen, progress)
    images = {name: getattr(result, name) for name in IMAGES}
    images |= {"uncertainty": to_bytes(result.uncertainty), "provenance": _provenance(result.lungs)}
    data = {name: to_plain(getattr(result, name)) for name in DATA}
    return JobResult(images, {**data, "schema": schema_reference(result.schema)})


def segment_folder(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Do the same on every CT of a folder: `LungCAD.batch.ild` (`on_folder`); `inputs` are none."""
    cache.drop(NETWORK)  # the run loads a network of its own
    return on_folder(segment_scans, IldSegmentationParameters, parameters, progress)


def _provenance(lungs: sitk.Image) -> sitk.Image:
    inside = sitk.GetArrayViewFromImage(lungs) > 0
    return image_like(np.where(inside, Provenance.MODEL, Provenance.NONE).astype(np.uint8), lungs)
