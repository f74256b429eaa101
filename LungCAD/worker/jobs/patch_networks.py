"""A patch network's say on the scan of a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.lungs import segment_lungs
from LungCAD.progress import Progress, part
from LungCAD.tasks import patch_network
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.tasks.patch_network import PatchNetworkParameters


def wants_network(parameters: dict[str, Any]) -> bool:
    """Tell whether the parameters of a job name weights, and ask for what they say."""
    return bool(parameters.get("network")) and parameters.get("unary", "rois") != "rois"


def apply_network(
    inputs: dict[str, sitk.Image], weights: Path, parameters: LabelPropagationParameters, progress: Progress
) -> tuple[dict[str, sitk.Image], tuple[str, ...]]:
    """Return the inputs with the network's probabilities and the lungs, and sentences for the reader.

    The lungs are segmented where none are given. Raises as `segment_lungs` and `patch_network.run`.
    """
    lungs = inputs.get("lungs")
    if lungs is None:
        lungs = segment_lungs(inputs["ct"], progress=part(progress, 0.0, 0.3))
    result = patch_network.run(
        weights,
        inputs["ct"],
        lungs,
        load_schema(parameters.schema),
        PatchNetworkParameters(device=parameters.device),
        part(progress, 0.3, 1.0),
    )
    cautions = (f"{result.card.title}: trained on synthetic data only",) if result.card.synthetic else ()
    return {**inputs, "lungs": lungs, "network_probabilities": result.probabilities}, cautions
