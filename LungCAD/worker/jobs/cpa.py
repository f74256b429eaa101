"""Jobs: signs of chronic pulmonary aspergillosis, on one CT and on a folder of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from LungCAD.batch.cpa import read_scans
from LungCAD.errors import InputError
from LungCAD.parameters import parameters_from_dict
from LungCAD.progress import Progress, part
from LungCAD.report.sign_pictures import paint_projection
from LungCAD.tasks.cpa import CpaParameters, CpaReader
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs.scans import on_folder
from LungCAD.worker.plain import to_plain

NETWORKS = "networks for projections"
"""Kind of what is cached."""

HEAT_MAP, PROJECTION = "heat map ", "projection "
"""Beginnings of the names of images; the sign, or task, direction and part follow."""


def find_signs(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Look for signs of chronic pulmonary aspergillosis on a CT: `LungCAD.tasks.cpa`.

    Parameters
    ----------
    inputs : ct.
    parameters : `CpaParameters.as_dict`; what is missing keeps its default.

    Returns
    -------
    As images `HEAT_MAP` + sign, per cent on the grid of the CT, and `PROJECTION` + the name of a picture
    (`LungCAD.report.signs.Picture`), in red, green and blue with its Grad-CAM beside it. As data signs,
    disease, survival, peaks, checks (all described in `LungCAD.report.signs`), incomplete, warnings,
    threshold and model.
    """
    if "ct" not in inputs:
        raise InputError("ct", "is missing", "Give a CT")
    progress(0.0, "Loading the networks")
    chosen = parameters_from_dict(CpaParameters, parameters)
    key = json.dumps(parameters, sort_keys=True), _weight_files(chosen.weights)
    reader = cache.get(NETWORKS, key, lambda: CpaReader(chosen))
    result = reader.read(inputs["ct"], part(progress, 0.05, 0.9))
    progress(0.9, "Painting heat maps")
    images = {HEAT_MAP + sign: result.heat_map(sign) for sign in result.maps}
    for picture in result.pictures:
        images[PROJECTION + picture.name] = _color_image(paint_projection(picture))
    progress(1.0, "Done")
    named = ("signs", "disease", "survival", "peaks", "checks", "incomplete", "warnings")
    data = {name: to_plain(getattr(result, name)) for name in named}
    return JobResult(images, {**data, "threshold": chosen.threshold, "model": ", ".join(result.networks)})


def find_signs_in_folder(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Do the same on every scan of a folder: `LungCAD.batch.cpa` (`on_folder`); `inputs` are none."""
    cache.drop(NETWORKS)  # the run loads networks of its own
    return on_folder(read_scans, CpaParameters, parameters, progress)


def _weight_files(weights: str) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of a user's weights: files may have come, gone, or been trained further."""
    if not weights:
        return ()
    path = Path(weights)
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    return tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files)


def _color_image(picture: object) -> sitk.Image:
    return sitk.GetImageFromArray(np.asarray(picture), isVector=True)
