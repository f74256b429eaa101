"""Jobs: interstitial lung disease slice by slice, on one CT and on a folder of them."""

from __future__ import annotations

from typing import Any

import SimpleITK as sitk

from LungCAD.batch.detection import detect_scans
from LungCAD.errors import InputError
from LungCAD.images import ScanFacts
from LungCAD.parameters import parameters_from_dict
from LungCAD.progress import Progress, part
from LungCAD.tasks import ild_detection
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs.scans import on_folder
from LungCAD.worker.jobs.weights_key import weights_key
from LungCAD.worker.plain import from_plain, to_plain

NETWORK = "network for disease detection"
"""Kind of what is cached."""


def detect(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Tell which diseases the slices of a CT show: `LungCAD.tasks.ild_detection`.

    Parameters
    ----------
    inputs : ct.
    parameters : `IldDetectionParameters.as_dict`, what is missing keeps its default; also `facts`, the fields
        of `ScanFacts` that are known.

    Returns
    -------
    As images the heat map of every disease under its code, as data findings (`Findings`), warnings, and the
    title of the model.
    """
    if "ct" not in inputs:
        raise InputError("ct", "is missing", "Give a CT")
    facts = from_plain(ScanFacts, parameters.get("facts") or {})
    own = {name: value for name, value in parameters.items() if name != "facts"}
    chosen = parameters_from_dict(IldDetectionParameters, own)
    progress(0.0, "Loading the network")
    key = weights_key(chosen.weights), chosen.device
    detector = cache.get(NETWORK, key, lambda: Detector(chosen))
    result = ild_detection.run(inputs["ct"], chosen, part(progress, 0.0, 0.8), detector, facts)
    images = {}
    for number, code in enumerate(result.maps):
        progress(0.8 + 0.2 * number / len(result.maps), "Painting heat maps")
        images[code] = result.heat_map(code)
    progress(1.0, "Done")
    data = {
        "findings": to_plain(result.findings),
        "warnings": list(result.warnings),
        "model": detector.title,
    }
    return JobResult(images, data)


def detect_folder(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Do the same on every scan of a folder: `LungCAD.batch.detection` (`on_folder`); `inputs` are none."""
    cache.drop(NETWORK)  # the run loads a network of its own
    return on_folder(detect_scans, IldDetectionParameters, parameters, progress)
