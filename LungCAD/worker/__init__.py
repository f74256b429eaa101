"""Long work outside of the program that asks for it: a process that stays warm, and its in-process twin.

A *job* (`LungCAD.worker.jobs`) is a named function from images and plain parameters to images and plain
data. `LungCAD.worker.in_process.run` runs one here. ``python -u -m LungCAD.worker FOLDER`` waits for jobs on
standard input and answers on standard output (`LungCAD.worker.protocol`). Both give the same result.
"""

from LungCAD.worker.job_error import JobError, Reason
from LungCAD.worker.job_result import JobResult

__all__ = ["JobError", "JobResult", "Reason"]
