"""The method: all slices of a scan in one pass, then what they add up to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

from LungCAD.images import ScanFacts, require_ct
from LungCAD.lungs.cavity import ChestCavity
from LungCAD.lungs.extent import lung_extent
from LungCAD.progress import Progress, part, silent
from LungCAD.report.findings import Finding, Findings, SliceReading
from LungCAD.report.slices import AxialStack
from LungCAD.tasks.detection_input import Field
from LungCAD.tasks.ild_detection.cautions import find_cautions
from LungCAD.tasks.ild_detection.curve import judged_slices, ranges, smooth
from LungCAD.tasks.ild_detection.detector import Detector
from LungCAD.tasks.ild_detection.heat_map import HeatMap
from LungCAD.tasks.ild_detection.parameters import IldDetectionParameters
from LungCAD.tasks.ild_detection.result import IldDetection

DEFAULTS = IldDetectionParameters()

LEAST_SEEN = 0.02
"""Heat maps of less probable slices would not be seen."""

SUBJECT = "The CT"

NO_LUNG = "No slice shows enough aerated lung: nothing is said of this scan"

NOTHING = np.zeros((0, 0), np.float32)


def run(
    ct: sitk.Image,
    parameters: IldDetectionParameters = DEFAULTS,
    progress: Progress = silent,
    detector: Detector | None = None,
    facts: ScanFacts | None = None,
) -> IldDetection:
    """Tell which diseases the axial slices of a CT show, and where the scan shows them.

    Parameters
    ----------
    ct : HU, 3-D, any direction; a coronal or sagittal stack is cut again if its slices are near enough.
    detector : of the same weights and device, where there are many scans.
    facts : what the scan says of the thickness of its slices.

    Raises
    ------
    InputError
        The CT is not in HU, its axial slices are too coarse, too small or oblique, or the weights cannot be
        used.
    Cancelled
        From `progress`.
    """
    require_ct(ct, SUBJECT)
    progress(0.0, "Loading the network")
    detector = detector or Detector(parameters)
    axial, field = detector.input.place(ct)
    progress(0.05, "Looking for the lungs")
    extent = lung_extent(axial)
    areas = extent.areas_cm2
    cautions = (*_caution(detector), *find_cautions(ct, axial, facts, extent, field, detector.input))
    stack = AxialStack(ct)
    spacing_mm = stack.spacing_mm[0]
    judged = np.flatnonzero(judged_slices(areas, parameters.least_lung_cm2, spacing_mm, parameters.beyond_mm))
    if not judged.size:
        return IldDetection(ct, _findings(detector, stack, areas), (*cautions, NO_LUNG))
    progress(0.1, "Preparing the slices")
    hu = sitk.GetArrayFromImage(axial[:, :, int(judged[0]) : int(judged[-1]) + 1])
    levels = detector.input.grey_levels(torch.from_numpy(hu), field)
    maps, own = detector.look(levels, part(progress, 0.3, 0.9), parameters.mirrored)
    curves = smooth(own, spacing_mm, parameters.smoothing_mm)
    heat_maps = {}
    if parameters.heat_maps:
        progress(0.9, "Finding where in the slices it is")
        heat_maps = _heat_maps(detector, maps, judged, own, field, extent.cavity)
    progress(1.0, "Done")
    findings = _findings(detector, stack, areas, judged, own, curves)
    return IldDetection(ct, findings, cautions, heat_maps)


def _findings(
    detector: Detector,
    stack: AxialStack,
    areas: NDArray[np.float64],
    judged: Sequence[int] = (),
    own: NDArray[np.float32] = NOTHING,
    curves: NDArray[np.float32] = NOTHING,
) -> Findings:
    pairs = zip(map(tuple, own.tolist()), map(tuple, curves.tolist()), strict=True)
    said = dict(zip(judged, pairs, strict=True))
    places = zip(stack.numbers, stack.positions_mm, areas, strict=True)
    readings = tuple(
        SliceReading(number, z_mm, round(float(area), 1), *said.get(index, ()))
        for index, (number, z_mm, area) in enumerate(places)
    )
    numbers, positions = ([list_[index] for index in judged] for list_ in (stack.numbers, stack.positions_mm))
    diseases = []
    for index, (label, decision) in enumerate(zip(detector.diseases, detector.decisions, strict=True)):
        highest, probability, found = None, None, ()
        if len(judged):
            highest = float(curves[:, index].max())
            probability = float(decision.scan_probability(highest))
            found = tuple(ranges(curves[:, index], decision.threshold, numbers, positions))
        diseases.append(
            Finding(
                label.code,
                label.name,
                label.color,
                decision.threshold,
                probability,
                found,
                highest,
                decision.scan_threshold,
            )
        )
    return Findings(readings, tuple(diseases))


def _heat_maps(
    detector: Detector,
    maps: torch.Tensor,
    judged: NDArray[np.intp],
    own: NDArray[np.float32],
    field: Field,
    cavity: ChestCavity,
) -> dict[str, HeatMap]:
    found = {}
    for number, label in enumerate(detector.diseases):
        seen = np.flatnonzero(own[:, number] >= LEAST_SEEN)
        saliency = torch.zeros(0)
        if seen.size:
            saliency = detector.saliency(maps[seen], number)
            saliency *= torch.from_numpy(own[seen, number])[:, None, None]
        found[label.code] = HeatMap(saliency, judged[seen], field, cavity)
    return found


def _caution(detector: Detector) -> tuple[str, ...]:
    return (f"{detector.title}: the disease that it has learned is synthetic",) if detector.synthetic else ()
