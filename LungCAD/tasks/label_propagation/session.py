"""A case that is propagated, corrected and propagated again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.crf import EXCLUDED, FREE, DenseCRF, Solution
from LungCAD.devices import choose_device
from LungCAD.labels import BACKGROUND, UNTOUCHED, Provenance, load_schema
from LungCAD.lungs import lung_zones
from LungCAD.progress import Progress, part, silent
from LungCAD.report.densitometry import densitometry
from LungCAD.report.measurements import measure
from LungCAD.tasks.class_probabilities import ClassProbabilities, DrawnClasses, combine, from_network
from LungCAD.tasks.label_propagation.inputs import (
    LabelPropagationInputs,
    check_corrections,
    check_inputs,
)
from LungCAD.tasks.label_propagation.parameters import DEFAULTS, LabelPropagationParameters
from LungCAD.tasks.label_propagation.result import (
    LabelPropagationResult,
    ReaderLabels,
    assert_promises,
    provenance_map,
)
from LungCAD.tasks.label_propagation.scan import LungScan, axial_array, extend_lungs


@dataclass(frozen=True)
class _Learned:
    """What follows from the drawn regions and from what corrections have `taught`; arrays inside the box.

    taught : uint8, the class that a voxel was corrected to, else 0.
    """

    taught: np.ndarray
    classes: tuple[int, ...]
    most_probable: np.ndarray
    undecided: np.ndarray
    report: dict[str, object]
    crf: DenseCRF


class LabelPropagation:
    """Propagates the drawn regions of one case, and again after every round of corrections.

    Keeps what a reader should wait for only once: the lungs, the texture of the scan, the dense CRF. So an
    update takes a fraction of the time of the first solution.

    Example
    -------
    >>> session = LabelPropagation(inputs, parameters)
    >>> result = session.solve()
    >>> result = session.update(corrections)

    Raises
    ------
    InputError
        An image has another geometry than the CT, the CT is not in HU, the regions are empty or outside the
        schema, a network is asked for and none given.
    """

    def __init__(
        self, inputs: LabelPropagationInputs, parameters: LabelPropagationParameters = DEFAULTS
    ) -> None:
        self._schema = load_schema(parameters.schema)
        check_inputs(inputs, parameters, self._schema)
        self._device = str(choose_device(parameters.device))
        self._inputs, self._parameters = inputs, parameters
        self._scan: LungScan | None = None
        self._classes: DrawnClasses | None = None
        self._learned: _Learned | None = None
        self._solution: Solution | None = None

    def solve(self, progress: Progress = silent) -> LabelPropagationResult:
        """Propagate the drawn regions over the lungs, as if nothing had ever been corrected.

        Raises
        ------
        InputError
            The regions lie wholly outside the lung, only one class is drawn without a network, no lung is in
            view.
        Cancelled
            From `progress`.
        """
        progress(0.0, "Finding the lungs")
        self._learned = self._classes = self._solution = None
        self._scan = LungScan.prepare(self._inputs, self._schema, part(progress, 0.0, 0.2))
        corrections = np.full(self._scan.drawn.shape, UNTOUCHED, np.int16)
        return self._propagate(corrections, part(progress, 0.2, 1.0))

    def update(self, corrections: sitk.Image, progress: Progress = silent) -> LabelPropagationResult:
        """Propagate again with the corrections: they are kept, and the classes learned from them as well.

        A corrected region teaches as a drawn one does: its texture is recognised elsewhere, and what lies
        near it is likely of its class. The texture of the scan is known from the first time.

        Parameters
        ----------
        corrections : signed integers on the grid of the CT, all corrections so far: -1 where the reader
            changed nothing, 0 where a label was erased, else the label that the voxel keeps. Erased voxels
            neither send nor hear messages and stay without a label. With ACCEPTED added to the label it is
            kept, but teaches nothing. Drawn voxels keep what was drawn.

        After `Cancelled` the session is as it was before; where only measuring was left, as it is after.

        Raises
        ------
        InputError
            The corrections lie on another grid or hold values that are not in the schema.
        ValueError
            Nothing was solved yet.
        Cancelled
            From `progress`.
        """
        if self._scan is None or self._learned is None:
            raise ValueError("corrections: there is no solution to update, call solve first")
        check_corrections(corrections, self._inputs.ct, self._schema)
        return self._propagate(axial_array(corrections).astype(np.int16), progress)

    def expected_change(self) -> sitk.Image:
        """Return where the next region helps most: float32, 0..1 on the grid of the CT.

        The expected change of the labels of the whole lung if a voxel were drawn, relative to the greatest
        (`LungCAD.crf.Solution.expected_change`); 0 where drawn, corrected or outside the lung.

        Raises
        ------
        ValueError
            Nothing was solved yet.
        """
        if self._solution is None:
            raise ValueError("there is no solution whose change could be expected, call solve first")
        change = self._solution.expected_change()
        return self._scan.restore_box(change / max(change.max(), np.finfo(np.float32).tiny))

    def _propagate(self, corrections: np.ndarray, progress: Progress) -> LabelPropagationResult:
        scan = self._scan
        reader = ReaderLabels.of(scan.drawn, corrections)
        taught = self._taught(reader)
        if self._learned is None or not np.array_equal(taught, self._learned.taught):
            self._learned, solution = self._learn(taught, reader, part(progress, 0.0, 0.9))
        else:
            constraints = self._constraints(reader, self._learned.classes)
            solution = self._learned.crf.update(constraints, part(progress, 0.0, 0.9))
        progress(0.9, "Measuring")
        self._solution = solution
        result = self._result(reader, solution)
        progress(1.0, "Done")
        return result

    def _taught(self, reader: ReaderLabels) -> np.ndarray:
        """Return the class that each voxel of the box was corrected to, 0 where there is nothing to learn."""
        corrected, fixed, lungs = map(self._scan.box.crop, (reader.corrected, reader.fixed, self._scan.lungs))
        teaches = corrected & (fixed > BACKGROUND) & (lungs > 0) & (self._parameters.unary != "network")
        return np.where(teaches, fixed, BACKGROUND).astype(np.uint8)

    def _learn(
        self, taught: np.ndarray, reader: ReaderLabels, progress: Progress
    ) -> tuple[_Learned, Solution]:
        scan, parameters = self._scan, self._parameters
        lungs = scan.box.crop(scan.lungs)
        unary = self._unary(taught, lungs > 0, part(progress, 0.0, 0.5))
        crf = (
            self._learned.crf
            if self._learned
            else DenseCRF(
                scan.hu,
                lungs > 0,
                scan.spacing,
                dataclasses.replace(parameters.crf, mode=parameters.mode),
                lungs=lungs,
                device=self._device,
            )
        )
        constraints = self._constraints(reader, unary.classes)
        solution = crf.solve(unary.values, constraints, part(progress, 0.5, 1.0))
        most_probable = _most_probable(unary.values, unary.classes, lungs > 0)
        learned = _Learned(taught, unary.classes, most_probable, unary.undecided, unary.report, crf)
        return learned, solution

    def _unary(self, taught: np.ndarray, inside: np.ndarray, progress: Progress) -> ClassProbabilities:
        scan, parameters = self._scan, self._parameters
        if parameters.unary == "rois":
            unary = self._learn_classes(taught, inside, progress)
            if parameters.undecided:
                return unary
            return dataclasses.replace(unary, undecided=np.zeros_like(inside))
        channels = np.moveaxis(axial_array(self._inputs.network_probabilities), -1, 0)
        network = from_network(
            np.stack([scan.box.crop(channel) for channel in channels]), self._schema.values, inside
        )
        drawn = scan.box.crop(scan.drawn)
        if parameters.unary == "network" or len(np.unique(drawn[drawn > 0])) < 2:
            return network
        return combine(network, self._learn_classes(taught, inside, progress), parameters.network_weight)

    def _learn_classes(
        self, taught: np.ndarray, inside: np.ndarray, progress: Progress
    ) -> ClassProbabilities:
        """Learn from the drawn regions; from the second time on from what corrections have taught as well."""
        if self._classes is not None and taught.any():
            return self._classes.learn_again(taught, progress)
        scan = self._scan
        drawn = scan.box.crop(scan.drawn)
        classes = DrawnClasses(scan.hu, drawn, inside, scan.spacing, self._parameters.stride)
        learned = classes.learn(progress)
        self._classes = classes
        return learned

    def _constraints(self, reader: ReaderLabels, classes: tuple[int, ...]) -> np.ndarray:
        """Return what the CRF is told in the box: a class index, FREE, or EXCLUDED where erased."""
        fixed, lungs = self._scan.box.crop(reader.fixed), self._scan.box.crop(self._scan.lungs)
        constraints = np.full(fixed.shape, FREE, np.int16)
        for index, value in enumerate(classes):
            constraints[fixed == value] = index
        constraints[fixed == BACKGROUND] = EXCLUDED
        constraints[lungs == 0] = FREE
        return constraints

    def _result(self, reader: ReaderLabels, solution: Solution) -> LabelPropagationResult:
        scan, learned, schema = self._scan, self._learned, self._schema
        marginals = solution.marginals()
        outside = (reader.fixed > BACKGROUND) & (scan.lungs == 0)
        lungs = extend_lungs(scan.lungs, outside, scan.spacing) if outside.any() else scan.lungs
        free = (lungs > 0) & reader.untouched
        undecided = scan.box.place(learned.undecided, lungs.shape) & free

        def labelled(most_probable: np.ndarray) -> np.ndarray:
            return reader.over(np.where(undecided, BACKGROUND, scan.box.place(most_probable, lungs.shape)))

        inside = scan.box.crop(scan.lungs) > 0
        labels = labelled(_most_probable(marginals, learned.classes, inside))
        assert_promises(labels, reader, lungs)
        assigned = Provenance.MODEL if self._parameters.unary == "network" else Provenance.PROPAGATED
        label_image, lung_image = scan.restore(labels), scan.restore(lungs)
        zones = lung_zones(lung_image)
        classes = tuple(sorted({*learned.classes, *np.unique(labels[outside]).tolist()}))
        return LabelPropagationResult(
            labels=label_image,
            unary_labels=scan.restore(labelled(learned.most_probable)),
            probabilities=scan.restore_box(marginals),
            uncertainty=scan.restore_box(solution.entropy()),
            provenance=scan.restore(provenance_map(reader, lungs, undecided, assigned)),
            lungs=lung_image,
            zones=zones,
            classes=learned.classes,
            expansion_factor=np.count_nonzero(labels[free]) / np.count_nonzero(reader.fixed > BACKGROUND),
            measurements=measure(label_image, lung_image, zones, schema, classes),
            densitometry=densitometry(self._inputs.ct, lung_image, self._inputs.facts),
            unary_report=learned.report,
            warnings=(*scan.warnings, *_overruled(reader), *_doubts(learned, undecided, free)),
        )


def run(
    inputs: LabelPropagationInputs,
    parameters: LabelPropagationParameters = DEFAULTS,
    progress: Progress = silent,
) -> LabelPropagationResult:
    """Propagate the drawn regions over the lungs; raises as `LabelPropagation` and its `solve` do."""
    return LabelPropagation(inputs, parameters).solve(progress)


def _most_probable(probabilities: np.ndarray, classes: tuple[int, ...], inside: np.ndarray) -> np.ndarray:
    return np.where(inside, np.array(classes, np.uint8)[probabilities.argmax(0)], BACKGROUND).astype(np.uint8)


def _overruled(reader: ReaderLabels) -> list[str]:
    if not reader.overruled:
        return []
    where = f"{reader.overruled} corrected voxels lie in drawn regions"
    return [f"{where} and keep what was drawn: change the regions instead"]


def _doubts(learned: _Learned, undecided: np.ndarray, free: np.ndarray) -> list[str]:
    doubts = []
    if not learned.report.get("calibrated", True):
        doubts.append(
            "Uncalibrated: a class with one drawn region leaves nothing to check probabilities with"
        )
    share = np.count_nonzero(undecided) / max(np.count_nonzero(free), 1)
    if share > 0.01:
        doubts.append(f"{100 * share:.0f} % of the lung resembles no drawn region and is left undecided")
    return doubts
