"""Disease slice by slice in the scene: table, plot, heat maps, and the way to a slice."""

from __future__ import annotations

import json

import numpy as np
import slicer
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import axial_axis
from LungCAD.mrml.geometry import volume_to_world
from LungCAD.mrml.heat_maps import heat_map_in_steps, show_from
from LungCAD.mrml.nodes import is_present, place_beside, present_or_new
from LungCAD.mrml.plots import POSITION, TABLE, Curve, show_chart
from LungCAD.mrml.result_nodes import DetectionNodes
from LungCAD.mrml.scan_findings import bind_findings, data_of, refer_to
from LungCAD.mrml.scan_order import as_loaded, is_left_handed
from LungCAD.mrml.slice_views import show_point, shows_plane
from LungCAD.mrml.volumes import image_at, voxels_of
from LungCAD.report.findings import Findings
from LungCAD.steps import Steps, finish
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain

HEAT_MAP = "LungCAD.HeatMap."
"""With the code of a disease, the role under which the findings refer to its heat map."""

LEAST_HEAT = 10.0
"""Per cent below which a heat map is not shown: maps are coarse and fade slowly."""

SLICE, LUNG, THRESHOLD = "Slice", "Lung (cm2)", "threshold"


def show_detection(
    result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode, nodes: DetectionNodes | None = None
) -> DetectionNodes:
    """Show the result of the job "detect" beside the CT that it was computed from, and bind it to that.

    The job has taken `image_as_loaded_in_steps`: the numbers of slices hold when the scene is loaded again.
    In the nodes of an earlier result on the same CT, as far as they are in the scene, else in new ones.

    Raises
    ------
    InputError
        The CT no longer lies where the result was computed.
    """
    return finish(detection_in_steps(result, ct, nodes))


def detection_in_steps(
    result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode, nodes: DetectionNodes | None = None
) -> Steps[DetectionNodes]:
    """Do as `show_detection`, yielding fractions."""
    shown = (nodes or DetectionNodes()).present()
    findings, name = from_plain(Findings, result.data["findings"]), ct.GetName()
    names = {disease.code: disease.name for disease in findings.diseases}
    maps = {}
    for code, image in result.images.items():
        old = heat_map_of(shown, code)
        title = f"{name} {names[code].lower()}"
        maps[code] = yield from heat_map_in_steps(as_loaded(image, ct), names[code], ct, old, title)
        show_from(maps[code], LEAST_HEAT)
    if not is_present(ct):
        raise InputError(name, "is no longer in the scene", "Load it and run again")
    shown.findings = _text(result, ct, shown.findings)
    refer_to(shown.findings, {HEAT_MAP + code: volume for code, volume in maps.items()}, HEAT_MAP)
    shown.along_z = _plot(findings, shown.along_z, f"{name}: disease slice by slice")
    shown.table = shown.along_z.GetNodeReference(TABLE)
    bind_findings(shown, ct)
    return shown


def findings_of(nodes: DetectionNodes) -> Findings | None:
    """Return what was found, also after the scene was saved and loaded; None where nothing was."""
    return from_plain(Findings | None, data_of(nodes).get("findings"))


def model_of(nodes: DetectionNodes) -> str:
    """Return the title of the network that found it."""
    return data_of(nodes)["model"]


def heat_map_of(nodes: DetectionNodes, code: str) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Return the heat map of a disease, None where there is none."""
    return nodes.findings.GetNodeReference(HEAT_MAP + code) if nodes.findings is not None else None


def slice_of_row(nodes: DetectionNodes, row: int) -> int:
    """Return the number of the slice in a row of the table, which is a point of every curve."""
    return int(slicer.util.arrayFromTableColumn(nodes.table, SLICE)[row])


def show_slice(ct: slicer.vtkMRMLVolumeNode, number: int) -> None:
    """Let all slice views show the axial slice of this number, counted from 1, through its middle.

    Slices are counted in the order in which Slicer loads the CT. Raises InputError as `image_from_volume`
    where the CT holds no voxels or lies askew.
    """
    show_point(ct, _middle_and_step(ct, number)[0])


def is_slice_seen(ct: slicer.vtkMRMLVolumeNode, number: int) -> bool:
    """Tell whether a slice view shows this slice (`shows_plane`); counted, and raises, as `show_slice`."""
    middle, step = _middle_and_step(ct, number)
    spacing = float(np.linalg.norm(step))
    return shows_plane(ct, middle, step / spacing, spacing / 2)


def _middle_and_step(ct: slicer.vtkMRMLVolumeNode, number: int) -> tuple[NDArray, NDArray]:
    """Return the middle of a slice in RAS mm, and the way to a neighbouring slice."""
    voxels, matrix = voxels_of(ct), volume_to_world(ct)
    axis = axial_axis(image_at(ct, voxels[:1, :1, :1]))
    index = [(size - 1) / 2 for size in voxels.shape[::-1]]
    backwards = axis == 2 and is_left_handed(ct)
    index[axis] = voxels.shape[0] - number if backwards else number - 1
    return (matrix @ [*index, 1])[:3], matrix[:3, axis]


def _text(
    result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode, node: slicer.vtkMRMLTextNode | None
) -> slicer.vtkMRMLTextNode:
    node = present_or_new(node, "vtkMRMLTextNode", f"{ct.GetName()} findings")
    place_beside(node, ct)
    node.SetText(json.dumps({name: result.data[name] for name in ("findings", "warnings", "model")}))
    return node


def _plot(
    findings: Findings, chart: slicer.vtkMRMLPlotChartNode | None, name: str
) -> slicer.vtkMRMLPlotChartNode:
    judged = findings.judged
    columns = {
        SLICE: [reading.number for reading in judged],
        POSITION: [reading.z_mm for reading in judged],
    }
    curves = []
    for number, disease in enumerate(findings.diseases):
        color = tuple(channel / 255 for channel in disease.color)
        limit = f"{disease.name} {THRESHOLD}"
        columns[disease.name] = [round(reading.smoothed[number], 4) for reading in judged]
        columns[limit] = np.full(len(judged), disease.threshold)
        curves += [Curve(disease.name, color, points=True), Curve(limit, color, dashed=True)]
    columns[LUNG] = [reading.lung_cm2 for reading in judged]
    return show_chart(columns, curves, chart, name, "Probability", (0, 1))
