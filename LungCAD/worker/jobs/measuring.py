"""Measuring labels that a reader has corrected, as a job."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import image_like
from LungCAD.labels import load_schema
from LungCAD.lungs import lung_zones, segment_lungs
from LungCAD.progress import Progress, part
from LungCAD.report.measurements import measure
from LungCAD.worker.cache import Cache
from LungCAD.worker.job_result import JobResult
from LungCAD.worker.plain import to_plain

NEEDED = ("ct", "labels", "provenance")


def measure_labels(
    inputs: dict[str, sitk.Image], parameters: dict[str, Any], progress: Progress, cache: Cache
) -> JobResult:
    """Measure labels in the part of the lungs that a method has labelled.

    Parameters
    ----------
    inputs : ct, labels, provenance (0 where nothing was labelled); lungs where they are known.
    parameters : schema, as `load_schema` takes it; classes, the values that the method could assign: what a
        reader added besides counts too.

    Returns
    -------
    lungs : 1 right, 2 left, 0 where nothing was labelled. measurements : as plain data.
    """
    for name in NEEDED:
        if name not in inputs:
            raise InputError(name, "is missing")
    schema = load_schema(parameters["schema"])
    field = inputs.get("lungs") or segment_lungs(inputs["ct"], progress=part(progress, 0.0, 0.8))
    progress(0.8, "Measuring")
    labels = sitk.GetArrayViewFromImage(inputs["labels"])
    labelled = sitk.GetArrayViewFromImage(inputs["provenance"]) > 0
    lungs, zones = (
        image_like(sitk.GetArrayViewFromImage(image) * labelled, image)
        for image in (field, lung_zones(field))
    )
    present = set(np.unique(labels).tolist()) & set(schema.values)
    classes = sorted(present | set(parameters.get("classes") or schema.values))
    measured = measure(inputs["labels"], lungs, zones, schema, classes)
    progress(1.0, "Done")
    return JobResult({"lungs": lungs}, {"measurements": to_plain(measured)})
