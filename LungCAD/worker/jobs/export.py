"""Export of a reviewed case as a job: to compress a large scan takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.labels import parse_schema
from LungCAD.progress import Progress
from LungCAD.review import Review, export_case
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult


def export(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Let the accepted slices of a review join a dataset: `LungCAD.review.export_case`.

    Parameters
    ----------
    inputs : ct, the scan that was reviewed.
    parameters : review (folder), reviewer, schema (as `schema_data` gives it), dataset (folder), patient,
        licence, overwrite.

    Returns
    -------
    As data: case, patient and slices, the number of those written.
    """
    if "ct" not in inputs:
        raise InputError("CT", "is missing", "Give the scan that was reviewed")
    progress(0.0, "Reading the review")
    review = Review.resume(parameters["review"], parameters["reviewer"])
    progress(0.1, "Writing the case")
    written = export_case(
        review,
        inputs["ct"],
        parse_schema(parameters["schema"], "schema"),
        Path(parameters["dataset"]),
        patient=parameters["patient"],
        licence=parameters["licence"],
        overwrite=parameters["overwrite"],
    )
    progress(1.0, "Done")
    return JobResult(data={"case": written.id, "patient": written.patient, "slices": len(written.accepted)})
