"""The in-process twin of the worker: for the console, for headless runs, and to debug a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import SimpleITK as sitk

from LungCAD.progress import Progress, silent
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.jobs import load_job


def run(
    name: str,
    inputs: Mapping[str, sitk.Image],
    parameters: Mapping[str, Any],
    progress: Progress = silent,
    cache: Cache | None = None,
) -> JobResult:
    """Run a job here and now; give the same `cache` again to continue where the last job stopped.

    Raises
    ------
    InputError
        There is no such job, or it cannot use its input.
    Cancelled
        From `progress`.
    """
    job = load_job(name)
    # Plain data loses the same on both ways: tuples become lists.
    plain = json.loads(json.dumps(dict(parameters)))
    result = job(dict(inputs), plain, progress, Cache() if cache is None else cache)
    return JobResult(result.images, json.loads(json.dumps(result.data)))
