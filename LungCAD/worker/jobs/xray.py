"""Jobs: lungs on one radiograph, and on a folder of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.batch.xray_run import run_films
from LungCAD.errors import InputError
from LungCAD.parameters import parameters_from_dict
from LungCAD.progress import Progress
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs.weights_key import weights_key

NETWORK = "network for radiographs"
"""Kind of what is cached."""
IMAGES = ("labels", "probability", "uncertainty")


def segment(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Find both lungs on one film: `LungCAD.tasks.xray_lungs`.

    Parameters
    ----------
    inputs : film, as `read_radiograph` gives it.
    parameters : `XrayLungParameters.as_dict`; what is missing keeps its default.

    Returns
    -------
    The images of `IMAGES`, and as data area_px, area_cm2 (None where not known), confidence and flags, all
    described at `XrayLungs`.
    """
    if "film" not in inputs:
        raise InputError("film", "is missing", "Give a radiograph")
    progress(0.0, "Loading the network")
    chosen = parameters_from_dict(XrayLungParameters, parameters)
    key = weights_key(chosen.weights), json.dumps(parameters, sort_keys=True)
    segmenter = cache.get(NETWORK, key, lambda: XraySegmenter(chosen))
    progress(0.3, "Finding the lungs")
    (result,) = segmenter.segment([inputs["film"]])
    progress(1.0, "Done")
    return JobResult(
        {name: getattr(result, name) for name in IMAGES},
        {
            "area_px": list(result.area_px),
            "area_cm2": result.area_cm2 and list(result.area_cm2),
            "confidence": result.confidence,
            "flags": [flag.value for flag in result.flags],
        },
    )


def segment_folder(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Find both lungs on every film of a folder or a list: `LungCAD.batch.xray_run`.

    Parameters
    ----------
    inputs : none.
    parameters : source (a file, a folder or a CSV) and output (a folder), as absolute paths; those of
        `segment` besides.

    Returns
    -------
    As data: films, flagged, failed (film and sentence) and report (path).
    """
    choices = {name: value for name, value in parameters.items() if name not in ("source", "output")}
    cache.drop(NETWORK)  # the run loads a network of its own
    done = run_films(
        Path(parameters["source"]),
        Path(parameters["output"]),
        parameters_from_dict(XrayLungParameters, choices),
        progress=progress,
    )
    return JobResult(data={**vars(done), "failed": dict(done.failed), "report": str(done.report)})
