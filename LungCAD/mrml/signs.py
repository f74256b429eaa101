"""Signs of aspergillosis in the scene: table, heat maps, peaks, projections, and the way to a region."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from vtk.util import numpy_support

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.mrml.heat_maps import heat_map_in_steps
from LungCAD.mrml.nodes import is_present, place_beside, present_or_new
from LungCAD.mrml.result_nodes import SignNodes
from LungCAD.mrml.scan_findings import bind_findings, data_of, refer_to
from LungCAD.mrml.slice_views import show_point
from LungCAD.mrml.tables import show_table
from LungCAD.mrml.volumes import blank_image
from LungCAD.report.signs import Peak, ScanReading, SignReading, region_name
from LungCAD.steps import Steps, finish
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE, heat_points
from LungCAD.tasks.cpa_projections import REGIONS, region_box
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain

SCHEMA = "cpa3"

HEAT_MAP, PROJECTION = "heat map ", "projection "
"""Beginnings of the names of the job's images, and of the roles under which the findings refer to them."""

KEPT = ("signs", "disease", "survival", "peaks", "checks", "warnings", "threshold", "model")
"""Of the job's data: what a saved scene must know."""

NOTHING = float("nan")

PEAK_SIZE = 2.0
"""Of the mark, in per cent of the view."""

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def show_signs(
    result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode, nodes: SignNodes | None = None
) -> SignNodes:
    """Show the result of the job "cpa" beside the CT that it was computed from, and bind it to that.

    In the nodes of an earlier result on the same CT, as far as they are in the scene, else in new ones.

    Raises
    ------
    InputError
        The CT no longer lies where the result was computed.
    """
    return finish(signs_in_steps(result, ct, nodes))


def signs_in_steps(
    result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode, nodes: SignNodes | None = None
) -> Steps[SignNodes]:
    """Do as `show_signs`, yielding fractions."""
    shown, name = (nodes or SignNodes()).present(), ct.GetName()
    volumes = {}
    for role, image in result.images.items():
        old = _referred(shown, role)
        if role.startswith(HEAT_MAP):
            title = _sign_name(role.removeprefix(HEAT_MAP))
            volumes[role] = yield from heat_map_in_steps(image, title, ct, old, f"{name} {title.lower()}")
        else:
            volumes[role] = _show_picture(image, old, f"{name} {role}")
            yield 0.9
    if not is_present(ct):
        raise InputError(name, "is no longer in the scene", "Load it and run again")
    shown.findings = _text(result, ct, shown.findings, volumes)
    shown.table = show_table(_columns(readings_of(shown)), shown.table, f"{name} signs")
    shown.peaks = _show_peaks(peaks_of(shown), ct, shown.peaks, f"{name} peaks")
    bind_findings(shown, ct)
    return shown


def readings_of(nodes: SignNodes) -> tuple[SignReading, ...]:
    """Return what was found, also after the scene was saved and loaded; none where nothing was."""
    return from_plain(tuple[SignReading, ...], data_of(nodes).get("signs", []))


def peaks_of(nodes: SignNodes) -> tuple[Peak, ...]:
    """Return where signs are."""
    return from_plain(tuple[Peak, ...], data_of(nodes).get("peaks", []))


def scan_reading_of(nodes: SignNodes, task: str) -> ScanReading | None:
    """Return what is said of the scan: "disease" or "survival"."""
    return from_plain(ScanReading | None, data_of(nodes).get(task))


def threshold_of(nodes: SignNodes) -> float:
    """Return the probability from which on a sign was called present."""
    return float(data_of(nodes).get("threshold", 0.5))


def model_of(nodes: SignNodes) -> str:
    """Return the names of the networks."""
    return str(data_of(nodes).get("model", ""))


def heat_map_of(nodes: SignNodes, sign: str) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Return the heat map of a sign, None where there is none."""
    return _referred(nodes, HEAT_MAP + sign)


def projections_of(nodes: SignNodes) -> dict[str, slicer.vtkMRMLVectorVolumeNode]:
    """Return the pictures of projections by task, direction and part: "cavity axial upper" and the like."""
    if nodes.findings is None:
        return {}
    names = data_of(nodes).get("projections", [])
    found = {name: _referred(nodes, PROJECTION + name) for name in names}
    return {name: node for name, node in found.items() if node is not None}


def show_peak(ct: slicer.vtkMRMLVolumeNode, peak: Peak) -> None:
    """Let all slice views show the CT through a peak."""
    show_point(ct, _ras(peak))


def show_region(ct: slicer.vtkMRMLVolumeNode, region: str) -> None:
    """Let all slice views show the CT through the middle of a region.

    Raises InputError as `image_from_volume` where the CT holds no voxels or lies askew.
    """
    box = region_box(REGIONS.index(region), HEAT_SHAPE)
    ends = [part.indices(size)[:2] for part, size in zip(box, HEAT_SHAPE, strict=True)]
    middle = [(start + stop - 1) / 2 for start, stop in ends]
    (place,) = heat_points([middle], blank_image(ct))
    show_point(ct, place * LPS_TO_RAS)


def _columns(readings: tuple[SignReading, ...]) -> dict[str, list[object]]:
    regions = list(dict.fromkeys(reading.region for reading in readings))
    columns: dict[str, list[object]] = {"Region": [region_name(region) for region in regions]}
    for sign in dict.fromkeys(reading.sign for reading in readings):
        found = {reading.region: reading.probability for reading in readings if reading.sign == sign}
        columns[_sign_name(sign)] = [
            NOTHING if found[region] is None else round(found[region], 3) for region in regions
        ]
    return columns


def _show_peaks(
    peaks: tuple[Peak, ...],
    ct: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLMarkupsFiducialNode | None,
    name: str,
) -> slicer.vtkMRMLMarkupsFiducialNode:
    node = present_or_new(node, "vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    place_beside(node, ct)
    node.SetAndObserveTransformNodeID(None)  # peaks are in world coordinates already
    with slicer.util.NodeModify(node):
        node.RemoveAllControlPoints()
        for peak in peaks:
            label = f"{_sign_name(peak.sign)}, {region_name(peak.region).lower()}"
            index = node.AddControlPoint(_ras(peak))
            node.SetNthControlPointLabel(index, label)
            x, y, z = peak.extent_mm
            node.SetNthControlPointDescription(index, f"known to {x:.0f} x {y:.0f} x {z:.0f} mm")
        node.SetLocked(True)
        display = node.GetDisplayNode()
        display.SetPointLabelsVisibility(False)  # peaks of several signs lie close to each other
        display.SetGlyphScale(PEAK_SIZE)
    return node


def _show_picture(
    image: sitk.Image, node: slicer.vtkMRMLVectorVolumeNode | None, name: str
) -> slicer.vtkMRMLVectorVolumeNode:
    """Show a picture in red, green and blue as a volume of one slice, its head up in an axial view."""
    pixels = sitk.GetArrayFromImage(image)
    node = present_or_new(node, "vtkMRMLVectorVolumeNode", name)
    data = vtk.vtkImageData()
    data.SetDimensions(pixels.shape[1], pixels.shape[0], 1)
    data.AllocateScalars(numpy_support.get_vtk_array_type(pixels.dtype), 3)
    numpy_support.vtk_to_numpy(data.GetPointData().GetScalars())[:] = pixels.reshape(-1, 3)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    node.SetAndObserveImageData(data)
    node.CreateDefaultDisplayNodes()
    return node


def _text(
    result: JobResult,
    ct: slicer.vtkMRMLScalarVolumeNode,
    node: slicer.vtkMRMLTextNode | None,
    volumes: Mapping[str, slicer.vtkMRMLVolumeNode],
) -> slicer.vtkMRMLTextNode:
    node = present_or_new(node, "vtkMRMLTextNode", f"{ct.GetName()} signs as text")
    place_beside(node, ct)
    projections = [role.removeprefix(PROJECTION) for role in volumes if role.startswith(PROJECTION)]
    kept = {name: result.data[name] for name in KEPT}
    node.SetText(json.dumps({**kept, "projections": projections}))
    by_role = {_role(name): volume for name, volume in volumes.items()}
    refer_to(node, by_role, _role(HEAT_MAP), _role(PROJECTION))
    return node


def _referred(nodes: SignNodes, role: str) -> slicer.vtkMRMLVolumeNode | None:
    return nodes.findings.GetNodeReference(_role(role)) if nodes.findings is not None else None


def _role(name: str) -> str:
    return f"LungCAD.{name.title().replace(' ', '')}"


def _sign_name(code: str) -> str:
    return next((label.name for label in load_schema(SCHEMA).labels if label.code == code), code.capitalize())


def _ras(peak: Peak) -> np.ndarray:
    return peak.position * LPS_TO_RAS
