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
    run : called as ``run(source, output, parameters, progress=progress)``.
    kind : of the method's parameters.
    parameters : source (a folder with one folder per scan) and output, as absolute paths; those of the method
        besides.

    Returns
    -------
    As data: scans (their number), failed (scan and sentence) and table (path, one row per scan).
    """
    choices = {name: value for name, value in parameters.items() if name not in ("source", "output")}
    chosen = parameters_from_dict(kind, choices)
    done = run(Path(parameters["source"]), Path(parameters["output"]), chosen, progress=progress)
    return JobResult(data={"scans": done.scans, "failed": done.failed, "table": str(done.table)})
