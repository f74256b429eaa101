"""Label propagation: from a CT and a few drawn regions to a fully labelled lung (Gao et al., ISBI 2016).

The unary potentials come from the drawn regions of this very scan, from a network's probability map, or from
both; a dense CRF spreads them over the lung. Three things hold on every run: a drawn voxel keeps its label,
nothing outside lung and drawing is labelled, no message passes between lung and non-lung.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt

from LungCAD.crf import CALIBRATED, CRFParameters, mean_field
from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, from_axial, require_hu, same_geometry, to_axial
from LungCAD.labels import Provenance, Schema, load_schema
from LungCAD.lungs import lung_zones, segment_lungs
from LungCAD.parameters import Parameters, parameter
from LungCAD.progress import Progress, part, silent
from LungCAD.report.densitometry import Densitometry, densitometry
from LungCAD.report.measurements import Measurements, measure
from LungCAD.tasks.box import Box
from LungCAD.tasks.class_probabilities import ClassProbabilities, combine, from_network, from_rois

FILTER_MARGIN = (0, 16, 16)
"""Voxels (z, y, x) kept around the lungs: room for the texture filters."""


@dataclass(frozen=True)
class LabelPropagationParameters(Parameters):
    """What a reader may choose. `crf` starts from the calibrated values; the paper's are `--crf paper`."""

    schema: str = parameter("gao5", "Label schema: the name of a shipped one or a JSON file")
    mode: str = parameter(
        "volume",
        "Smooth over the whole volume, or slice by slice as the paper",
        choices=("slice", "volume"),
    )
    unary: str = parameter(
        "rois",
        "Learn the classes from the drawn regions, take them from a network, or combine both",
        choices=("rois", "network", "both"),
    )
    network_weight: float = parameter(
        0.5, "Share of the network where both are combined", minimum=0.0, maximum=1.0
    )
    stride: int = parameter(
        1, "Predict every n-th pixel and interpolate; the paper uses 10", unit="px", minimum=1, maximum=32
    )
    undecided: bool = parameter(True, "Leave lung that resembles no drawn region without a label")
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
    crf: CRFParameters = CALIBRATED


@dataclass(frozen=True)
class LabelPropagationInputs:
    """Images of one case, all of the same geometry.

    ct : Hounsfield units, 3-D (one slice is a volume of depth 1).
    rois : drawn regions, integer, values of the schema, 0 where nothing is drawn.
    lungs : 0 outside, 1 right, 2 left lung; segmented here when None.
    network_probabilities : vector image, one component per label of the schema in ascending value.
    facts : what the scan says of its kernel and slice thickness, for the cautions of the densitometry.
    """

    ct: sitk.Image
    rois: sitk.Image
    lungs: sitk.Image | None = None
    network_probabilities: sitk.Image | None = None
    facts: ScanFacts | None = None


@dataclass(frozen=True)
class LabelPropagationResult:
    """Everything has the geometry of the input CT.

    labels : uint8, values of the schema; 0 outside the lung and where undecided.
    unary_labels : the same before the CRF.
    probabilities : float32 vector, one component per value of `classes`, 0 outside the lung.
    uncertainty : float32, entropy of the probabilities over log C: 0 certain, 1 all classes alike.
    provenance : uint8, values of `Provenance`.
    lungs, zones : uint8; the lungs include what was drawn outside the lung field.
    classes : label values that could be assigned, ascending.
    expansion_factor : automatically labelled voxels / drawn voxels.
    unary_report : how the drawn regions were learned, and whether that is calibrated.
    warnings : understandable sentences.
    """

    labels: sitk.Image
    unary_labels: sitk.Image
    probabilities: sitk.Image
    uncertainty: sitk.Image
    provenance: sitk.Image
    lungs: sitk.Image
    zones: sitk.Image
    classes: tuple[int, ...]
    expansion_factor: float
    measurements: Measurements
    densitometry: Densitometry
    unary_report: dict[str, object]
    warnings: tuple[str, ...]


DEFAULTS = LabelPropagationParameters()


def run(
    inputs: LabelPropagationInputs,
    parameters: LabelPropagationParameters = DEFAULTS,
    progress: Progress = silent,
) -> LabelPropagationResult:
    """Propagate the drawn regions over the lungs.

    Raises
    ------
    InputError
        An image has another geometry than the CT, the CT is not in HU, the regions are empty, outside the
        schema or wholly outside the lung, only one class is drawn without a network, no lung is in view.
    Cancelled
        From `progress`.
    """
    schema = load_schema(parameters.schema)
    _check(inputs, parameters, schema)
    device = str(choose_device(parameters.device))
    progress(0.0, "Finding the lungs")
    field = inputs.lungs
    if field is None:
        field = segment_lungs(inputs.ct, progress=part(progress, 0.0, 0.2))
    ct = to_axial(inputs.ct)
    drawn = _array(inputs.rois)
    drawn[drawn == schema.ignore_value] = 0
    lungs, warnings = _include_drawn(_array(field), drawn)

    box = Box.around(lungs > 0, FILTER_MARGIN)
    hu = box.crop(sitk.GetArrayViewFromImage(ct)).astype(np.float32)
    drawn, lungs = box.crop(drawn), box.crop(lungs)
    spacing = ct.GetSpacing()[::-1]
    inside = lungs > 0

    unary = _unary(inputs, parameters, schema, box, hu, drawn, inside, spacing, part(progress, 0.2, 0.6))
    marginals = mean_field(
        unary.values,
        hu,
        inside,
        spacing,
        _class_index(drawn, unary.classes),
        dataclasses.replace(parameters.crf, mode=parameters.mode),
        lungs=lungs,
        device=device,
        progress=part(progress, 0.6, 0.95),
    )

    progress(0.95, "Measuring")
    free = inside & (drawn == 0)
    undecided = unary.undecided & free
    labels = _labels(marginals, unary.classes, inside, drawn, undecided)
    _assert_promises(labels, drawn, inside)

    def restore(array: np.ndarray) -> sitk.Image:
        return from_axial(box.restore(array, ct), inputs.ct)

    label_image, lung_image = restore(labels), restore(lungs)
    zones = lung_zones(lung_image)
    result = LabelPropagationResult(
        labels=label_image,
        unary_labels=restore(_labels(unary.values, unary.classes, inside, drawn, undecided)),
        probabilities=restore(marginals),
        uncertainty=restore(_relative_entropy(marginals)),
        provenance=restore(_provenance(free, drawn, undecided, parameters)),
        lungs=lung_image,
        zones=zones,
        classes=unary.classes,
        expansion_factor=np.count_nonzero(labels[free]) / np.count_nonzero(drawn),
        measurements=measure(label_image, lung_image, zones, schema, unary.classes),
        densitometry=densitometry(inputs.ct, lung_image, inputs.facts),
        unary_report=unary.report,
        warnings=(*warnings, *_doubts(unary, undecided, free)),
    )
    progress(1.0, "Done")
    return result


def _check(inputs: LabelPropagationInputs, parameters: LabelPropagationParameters, schema: Schema) -> None:
    require_hu(sitk.GetArrayViewFromImage(inputs.ct), "CT")
    images = {
        "drawn regions": inputs.rois,
        "lung mask": inputs.lungs,
        "network": inputs.network_probabilities,
    }
    for name, image in images.items():
        if image is not None and not same_geometry(image, inputs.ct):
            raise InputError(name, "lie on another grid than the CT", "Resample them to the CT")
    drawn = set(np.unique(sitk.GetArrayViewFromImage(inputs.rois)).tolist()) - {0, schema.ignore_value}
    if not drawn:
        raise InputError("drawn regions", "are empty", "Draw at least one region of two classes")
    strange = sorted(drawn - set(schema.values))
    if strange:
        raise InputError(
            "drawn regions",
            f"hold the values {strange}, which the schema {schema.name} does not have",
            f"Its values are {', '.join(map(str, schema.values))}",
        )
    if parameters.unary != "rois" and inputs.network_probabilities is None:
        raise InputError("unary", f"is {parameters.unary!r} but no network probabilities were given")


def _array(image: sitk.Image) -> np.ndarray:
    """Return the values of a label image in axial order (z, y, x)."""
    return sitk.GetArrayFromImage(to_axial(image)).astype(np.uint8)


def _include_drawn(lungs: np.ndarray, rois: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Extend the lungs (0, 1, 2) by what was drawn outside: the reader knows better than the lung field."""
    outside = (rois > 0) & (lungs == 0)
    count, drawn = np.count_nonzero(outside), np.count_nonzero(rois)
    if not count:
        return lungs, []
    if count == drawn:
        raise InputError(
            "drawn regions", "lie wholly outside the lung", "Draw inside the lung, or give a lung mask"
        )
    nearest = distance_transform_edt(lungs == 0, return_distances=False, return_indices=True)
    extended = np.where(outside, lungs[tuple(nearest)], lungs)
    return extended, [f"Drawn voxels outside the lung field: {count} of {drawn}; the field was extended"]


def _unary(
    inputs: LabelPropagationInputs,
    parameters: LabelPropagationParameters,
    schema: Schema,
    box: Box,
    hu: np.ndarray,
    drawn: np.ndarray,
    inside: np.ndarray,
    spacing: tuple[float, float, float],
    progress: Progress,
) -> ClassProbabilities:
    if parameters.unary == "rois":
        unary = from_rois(hu, drawn, inside, spacing, parameters.stride, progress)
        return unary if parameters.undecided else dataclasses.replace(unary, undecided=np.zeros_like(inside))
    channels = np.moveaxis(sitk.GetArrayFromImage(to_axial(inputs.network_probabilities)), -1, 0)
    network = from_network(np.stack([box.crop(channel) for channel in channels]), schema.values, inside)
    if parameters.unary == "network" or len(np.unique(drawn[drawn > 0])) < 2:
        return network
    rois = from_rois(hu, drawn, inside, spacing, parameters.stride, progress)
    return combine(network, rois, parameters.network_weight)


def _class_index(drawn: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """Return the index of the drawn class per voxel, -1 where nothing is drawn."""
    index = np.full(256, -1, np.int16)
    index[list(classes)] = np.arange(len(classes))
    return index[drawn]


def _labels(
    probabilities: np.ndarray,
    classes: tuple[int, ...],
    inside: np.ndarray,
    drawn: np.ndarray,
    undecided: np.ndarray,
) -> np.ndarray:
    most_probable = np.array(classes, np.uint8)[probabilities.argmax(0)]
    return np.where(drawn > 0, drawn, np.where(inside & ~undecided, most_probable, 0))


def _provenance(
    free: np.ndarray, drawn: np.ndarray, undecided: np.ndarray, parameters: LabelPropagationParameters
) -> np.ndarray:
    assigned = Provenance.MODEL if parameters.unary == "network" else Provenance.PROPAGATED
    provenance = np.where(free, assigned, Provenance.NONE).astype(np.uint8)
    provenance[drawn > 0] = Provenance.DRAWN
    provenance[undecided] = Provenance.UNDECIDED
    return provenance


def _relative_entropy(marginals: np.ndarray) -> np.ndarray:
    entropy = np.zeros(marginals.shape[1:], np.float32)
    for share in marginals:
        entropy -= share * np.log(np.maximum(share, np.finfo(np.float32).tiny))
    return np.clip(entropy / np.log(max(len(marginals), 2)), 0, 1)


def _doubts(unary: ClassProbabilities, undecided: np.ndarray, free: np.ndarray) -> list[str]:
    doubts = []
    if not unary.report.get("calibrated", True):
        doubts.append(
            "Uncalibrated: a class with one drawn region leaves nothing to check probabilities with"
        )
    share = np.count_nonzero(undecided) / max(np.count_nonzero(free), 1)
    if share > 0.01:
        doubts.append(f"{100 * share:.0f} % of the lung resembles no drawn region and is left undecided")
    return doubts


def _assert_promises(labels: np.ndarray, drawn: np.ndarray, inside: np.ndarray) -> None:
    """Fail loudly rather than hand out a result that breaks a promise."""
    if not (labels[drawn > 0] == drawn[drawn > 0]).all():
        raise AssertionError("a drawn voxel lost its label")
    if labels[~inside].any():
        raise AssertionError("a voxel outside lung and drawing was labelled")
