"""From a CT to labels, with what was chosen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from LungCAD.crf.uncertainty import entropy
from LungCAD.lungs import cut_warning
from LungCAD.progress import Progress, part, silent
from LungCAD.report.densitometry import densitometry
from LungCAD.report.measurements import measure
from LungCAD.tasks.ild_segmentation.cautions import find_cautions, require_known_pixels
from LungCAD.tasks.ild_segmentation.inputs import IldScan, IldSegmentationInputs, check_inputs
from LungCAD.tasks.ild_segmentation.network import IldNetwork
from LungCAD.tasks.ild_segmentation.parameters import DEFAULTS, IldSegmentationParameters
from LungCAD.tasks.ild_segmentation.refine import smooth, without_vessels
from LungCAD.tasks.ild_segmentation.result import IldSegmentationResult, LungProbabilities


def run(
    inputs: IldSegmentationInputs,
    parameters: IldSegmentationParameters = DEFAULTS,
    progress: Progress = silent,
) -> IldSegmentationResult:
    """Label the lungs of a CT with the classes of a trained network.

    Raises
    ------
    InputError
        As `IldNetwork.load` and `segment`.
    Cancelled
        From `progress`.
    """
    progress(0.0, "Loading the network")
    return segment(inputs, IldNetwork.load(parameters.weights, parameters.device), parameters, progress)


def segment(
    inputs: IldSegmentationInputs,
    network: IldNetwork,
    parameters: IldSegmentationParameters = DEFAULTS,
    progress: Progress = silent,
) -> IldSegmentationResult:
    """Do as `run` with a network that is loaded already.

    Raises
    ------
    InputError
        The CT is not in HU or its pixels are far from all that the network has seen; the lung mask does not
        fit the CT; no lung is in view; slices are named that there are not.
    Cancelled
        From `progress`.
    """
    check_inputs(inputs)
    require_known_pixels(inputs.ct, network.input)
    progress(0.0, "Finding the lungs")
    scan = IldScan.prepare(inputs, parameters.slices, part(progress, 0.0, 0.2))
    refined = parameters.refine != "none"
    end = 0.7 if refined else 0.9
    values = network.apply(scan.hu, scan.lungs, part(progress, 0.2, end))
    if parameters.suppress_vessels:
        values = without_vessels(values, scan, part(progress, end, end + 0.05))
    if refined:
        stage = part(progress, end + 0.05, 0.95)
        values = smooth(values, scan, parameters.refine, parameters.crf, network.device, stage)
    progress(0.95, "Measuring")
    result = _result(inputs, scan, network, values)
    progress(1.0, "Done")
    return result


def _result(
    inputs: IldSegmentationInputs, scan: IldScan, network: IldNetwork, values: NDArray[np.float32]
) -> IldSegmentationResult:
    labels = scan.spread(np.array(network.values, np.uint8)[values.argmax(0)])
    lungs, zones = scan.restore(scan.lungs), scan.restore(scan.zones)
    return IldSegmentationResult(
        labels=labels,
        uncertainty=scan.spread(entropy(torch.from_numpy(values).T).numpy()),
        lungs=lungs,
        zones=zones,
        probabilities=LungProbabilities(values, scan),
        schema=network.schema,
        classes=network.values,
        measurements=measure(labels, lungs, zones, network.schema, network.values),
        densitometry=densitometry(
            inputs.ct, lungs, inputs.facts, "only some slices were segmented" if scan.skipped else ""
        ),
        card=network.card,
        warnings=(
            *find_cautions(inputs.ct, inputs.facts, network.input, network.card),
            *_left_out(scan),
        ),
    )


def _left_out(scan: IldScan) -> Iterator[str]:
    if scan.skipped:
        yield f"{scan.skipped} slices with lung were not segmented: all numbers are of the others alone"
    if not scan.zones.any():
        yield "The lungs are on one slice, which tells nothing of upper, middle and lower zones"
    for side, name in ((1, "right"), (2, "left")):
        if not (scan.lungs == side).any():
            yield f"There is no {name} lung on the segmented slices"
    yield from cut_warning(scan.hu, scan.lungs)
