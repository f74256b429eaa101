"""The jobs by name. A job's module is loaded when the job is first wanted: panels know the names alone."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.progress import Progress
from LungCAD.worker.job_result import JobResult

if TYPE_CHECKING:
    from LungCAD.worker.cache import Cache

Job = Callable[[dict[str, sitk.Image], dict[str, Any], Progress, "Cache"], JobResult]
"""Called as ``job(inputs, parameters, progress, cache)``; the parameters are what `json` can write."""

JOBS = {
    "propagate": "LungCAD.worker.jobs.propagation:propagate",
    "repropagate": "LungCAD.worker.jobs.propagation:repropagate",
    "ild": "LungCAD.worker.jobs.ild:segment_ct",
    "ild_folder": "LungCAD.worker.jobs.ild:segment_folder",
    "detect": "LungCAD.worker.jobs.detection:detect",
    "detect_folder": "LungCAD.worker.jobs.detection:detect_folder",
    "cpa": "LungCAD.worker.jobs.cpa:find_signs",
    "cpa_folder": "LungCAD.worker.jobs.cpa:find_signs_in_folder",
    "measure": "LungCAD.worker.jobs.measuring:measure_labels",
    "export": "LungCAD.worker.jobs.export:export",
    "xray": "LungCAD.worker.jobs.xray:segment",
    "xray_folder": "LungCAD.worker.jobs.xray:segment_folder",
}
"""Where each job is found: ``module:function``."""


def load_job(name: str) -> Job:
    """Return the job of that name; raises InputError where there is none."""
    if name not in JOBS:
        raise InputError(name, "is no job of this worker", f"There are {', '.join(JOBS)}")
    module, _, function = JOBS[name].partition(":")
    return getattr(import_module(module), function)
