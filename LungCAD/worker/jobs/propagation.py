"""Label propagation as jobs: the first time, and again with corrections."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, to_bytes
from LungCAD.parameters import parameters_from_dict
from LungCAD.progress import Progress, part
from LungCAD.tasks.label_propagation import (
    LabelPropagation,
    LabelPropagationInputs,
    LabelPropagationParameters,
    LabelPropagationResult,
)
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs.patch_networks import apply_network, wants_network
from LungCAD.worker.plain import from_plain, to_plain

SESSION = "label propagation"
"""Kind of what is cached."""
IMAGES = ("labels", "unary_labels", "provenance", "lungs")
MAPS = ("uncertainty", "expected_change")
"""Values 0..1, handed over in bytes (`LungCAD.images.to_bytes`)."""
DATA = ("classes", "expansion_factor", "measurements", "densitometry", "unary_report", "warnings")


def propagate(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Propagate drawn regions: `LungCAD.tasks.label_propagation`.

    Parameters
    ----------
    inputs : ct, rois; where there are any also lungs, network_probabilities.
    parameters : `LabelPropagationParameters.as_dict`, what is missing keeps its default; also `facts`, the
        fields of `ScanFacts` that are known, and `network`, the weights of a patch network to apply where
        `unary` asks for one.

    Returns
    -------
    The images of `IMAGES` and `MAPS` and the data of `DATA`, described at `LabelPropagationResult` and
    `LabelPropagation.expected_change`; the probabilities are too large to hand over.
    """
    cache.drop(SESSION)
    start = 0.4 if wants_network(parameters) else 0.0
    session = _session(inputs, parameters, part(progress, 0.0, start))
    result = session.propagation.solve(part(progress, start, 1.0))
    cache.keep(SESSION, _case(inputs, parameters), session)
    return _job_result(result, session)


def repropagate(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Propagate again with corrections, from the last solution on if it is still at hand.

    Parameters
    ----------
    inputs : those of `propagate`, and corrections (`LabelPropagation.update`).
    parameters : those of `propagate`.
    """
    case = {name: image for name, image in inputs.items() if name != "corrections"}
    if len(case) == len(inputs):
        raise InputError("corrections", "are missing", "Correct at least one voxel")
    key = _case(case, parameters)
    start = 0.0 if cache.has(SESSION, key) else 0.7

    def solved() -> _Session:
        middle = 0.3 if wants_network(parameters) else 0.0
        session = _session(case, parameters, part(progress, 0.0, middle))
        session.propagation.solve(part(progress, middle, start))
        return session

    session = cache.get(SESSION, key, solved)
    result = session.propagation.update(inputs["corrections"], part(progress, start, 1.0))
    return _job_result(result, session)


@dataclass(frozen=True)
class _Session:
    """What is kept for corrections. cautions : what is to be known of the network."""

    propagation: LabelPropagation
    cautions: tuple[str, ...]


def _session(inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress) -> _Session:
    names = [field.name for field in dataclasses.fields(LabelPropagationInputs) if field.name != "facts"]
    for name in inputs:
        if name not in names:
            raise InputError(name, "is no input of label propagation", f"There are {', '.join(names)}")
    for name in names[:2]:
        if name not in inputs:
            raise InputError(name, "is missing")
    facts = from_plain(ScanFacts, parameters.get("facts") or {})
    own = {name: value for name, value in parameters.items() if name not in ("facts", "network")}
    chosen = parameters_from_dict(LabelPropagationParameters, own)
    cautions: tuple[str, ...] = ()
    if wants_network(parameters):
        inputs, cautions = apply_network(inputs, Path(parameters["network"]), chosen, progress)
    images = LabelPropagationInputs(**inputs, facts=facts)
    return _Session(LabelPropagation(images, chosen), cautions)


def _case(inputs: dict[str, sitk.Image], parameters: dict[str, Any]) -> str:
    """Return what tells one case with its parameters from any other."""
    digest = hashlib.blake2b(json.dumps(parameters, sort_keys=True).encode(), digest_size=16)
    for name, image in sorted(inputs.items()):
        place = (image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())
        digest.update(f"{name} {image.GetPixelID()} {place}".encode())
        digest.update(sitk.GetArrayViewFromImage(image).data)
    return digest.hexdigest()


def _job_result(result: LabelPropagationResult, session: _Session) -> JobResult:
    data = {name: to_plain(getattr(result, name)) for name in DATA}
    data["warnings"] = [*session.cautions, *data["warnings"]]
    images = {name: getattr(result, name) for name in IMAGES}
    maps = (result.uncertainty, session.propagation.expected_change())
    images |= {name: to_bytes(image) for name, image in zip(MAPS, maps, strict=True)}
    return JobResult(images, data)
