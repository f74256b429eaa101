"""What the jobs on a folder of scans have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from LungCAD.batch.scans import ScansRun
from LungCAD.parameters import Parameters, parameters_from_dict
from LungCAD.progress import Progress
from LungCAD.worker.job_result import JobResult

AnyParameters = TypeVar("AnyParameters", bound=Parameters)


def on_folder(
    run: Callable[..., ScansRun], kind: type[AnyParameters], parameters: dict[str, Any], progress: Progress
) -> JobResult:
    """Do a method on every scan of a folder.

    Parameters
    ----------
    run : called as ``run(source, output, parameters, progress=progress, series=series)``.
    kind : of the method's parameters.
    parameters : source (a folder with one folder per scan) and output, as absolute paths; series of DICOM
        folders with several, a UID or "largest", where wanted; those of the method besides.

    Returns
    -------
    As data: scans (their number), failed (scan and sentence) and table (path, one row per scan).
    """
    own = ("source", "output", "series")
    choices = {name: value for name, value in parameters.items() if name not in own}
    chosen = parameters_from_dict(kind, choices)
    source, output = Path(parameters["source"]), Path(parameters["output"])
    done = run(source, output, chosen, progress=progress, series=parameters.get("series") or None)
    return JobResult(data={"scans": done.scans, "failed": done.failed, "table": str(done.table)})
