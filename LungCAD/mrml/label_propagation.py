"""The nodes that methods for a whole CT read, and the nodes that show its labels."""

from __future__ import annotations

from dataclasses import replace

import SimpleITK as sitk
import slicer

from LungCAD.labels import Schema, load_schema
from LungCAD.mrml.heat_maps import uncertainty_in_steps
from LungCAD.mrml.plots import along_z_in_steps
from LungCAD.mrml.result_nodes import PropagationNodes, ResultNodes
from LungCAD.mrml.review_texts import forget_shown
from LungCAD.mrml.rois import rois_in_steps
from LungCAD.mrml.scan_order import as_loaded, as_loaded_in_steps
from LungCAD.mrml.segments import labels_in_steps
from LungCAD.mrml.tables import show_measurements
from LungCAD.mrml.volumes import image_in_steps, volume_in_steps
from LungCAD.report.measurements import Measurements
from LungCAD.steps import Steps, finish
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain


def job_inputs(
    ct: slicer.vtkMRMLVolumeNode,
    rois: slicer.vtkMRMLNode,
    schema: Schema,
    lungs: slicer.vtkMRMLNode | None = None,
) -> dict[str, Steps[sitk.Image]]:
    """Return the images that the job "propagate" takes, each as steps that copy it out of its node.

    Taking the steps raises InputError where a node holds nothing or does not fit the CT or the schema, as
    `image_from_volume` and `rois_from` do.
    """
    return {**ct_inputs(ct, lungs), "rois": rois_in_steps([rois], ct, schema)}


def ct_inputs(
    ct: slicer.vtkMRMLVolumeNode, lungs: slicer.vtkMRMLNode | None = None
) -> dict[str, Steps[sitk.Image]]:
    """Return the images of jobs that take a CT and perhaps its lungs, as `job_inputs` does."""
    steps = {"ct": image_in_steps(ct)}
    if lungs is not None:
        steps["lungs"] = rois_in_steps([lungs], ct, load_schema("lungs"))
    return steps


def inputs_as_loaded(
    ct: slicer.vtkMRMLVolumeNode, lungs: slicer.vtkMRMLNode | None = None
) -> dict[str, Steps[sitk.Image]]:
    """Do as `ct_inputs` for a job that is told slices by number: it counts them as the review does."""
    return {name: as_loaded_in_steps(steps, ct) for name, steps in ct_inputs(ct, lungs).items()}


def result_as_stored(result: JobResult, ct: slicer.vtkMRMLVolumeNode) -> JobResult:
    """Return what a job made of `inputs_as_loaded`, its images in the order of the CT."""
    return replace(result, images={name: as_loaded(image, ct) for name, image in result.images.items()})


def show_result(
    result: JobResult, schema: Schema, ct: slicer.vtkMRMLVolumeNode, nodes: ResultNodes | None = None
) -> ResultNodes:
    """Show the result of the jobs "propagate", "repropagate" and "ild" beside the CT.

    In the nodes of an earlier result of this CT, as far as they are in the scene, else in new ones; where
    these are `PropagationNodes`, the expected change is shown as well.

    Raises
    ------
    InputError
        The CT no longer lies where the result was computed.
    """
    return finish(result_in_steps(result, schema, ct, nodes))


def result_in_steps(
    result: JobResult, schema: Schema, ct: slicer.vtkMRMLVolumeNode, nodes: ResultNodes | None = None
) -> Steps[ResultNodes]:
    """Do as `show_result`, yielding fractions; nothing is made if `ct` has left the scene meanwhile."""
    images, name = result.images, ct.GetName()
    shown = (nodes or ResultNodes()).to_write(ct)
    shown.labels = yield from labels_in_steps(images["labels"], schema, ct, shown.labels, f"{name} labels")
    forget_shown(shown.labels)
    shown.uncertainty = yield from uncertainty_in_steps(
        images["uncertainty"], ct, shown.uncertainty, f"{name} uncertainty"
    )
    if isinstance(shown, PropagationNodes):
        shown.expected_change = yield from uncertainty_in_steps(
            images["expected_change"],
            ct,
            shown.expected_change,
            f"{name} expected change",
            "Expected change",
        )
    shown.provenance = yield from volume_in_steps(
        images["provenance"], f"{name} provenance", shown.provenance, ct
    )
    measurements = from_plain(Measurements, result.data["measurements"])
    shown.measurements = show_measurements(measurements, shown.measurements, f"{name} measurements")
    shown.along_z = yield from along_z_in_steps(
        images["labels"], images["lungs"], schema, shown.along_z, f"{name} classes along the patient's axis"
    )
    return shown
