"""What is measured on one study: the pipeline, its oracle and baselines, its certainty, and a sham."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from LungCAD.cli.bench.baselines import discriminate_density, nearest_roi, walk_randomly
from LungCAD.cli.bench.generators import Study, load_generator
from LungCAD.cli.bench.scoring import ConfidenceCounts, balanced_accuracy, recalls, scoreable
from LungCAD.cli.bench.verdicts import Row
from LungCAD.phantom.reader import draw_rois, fraction_rois
from LungCAD.phantom.study import BENCHMARK, make_study
from LungCAD.tasks import label_propagation

ORACLE_FRACTION, ORACLE_GRAIN_PX = 0.5, 12.0
"""The oracle is shown half of the lung, in patches so large that enough lies far from any."""

EXPANSION_FRACTION = 0.11
"""The part of the lung that is drawn in the data of Gao et al. 2016."""

RIGHT, LEFT, HEALTHY = 1, 2, 1


@dataclass(frozen=True)
class Job:
    """One study to measure: which, by whom made ("phantom" or a generator's path), and what of it.

    parts : of "score", "oracle", "expansion", "sham". modes : of "volume", "slice".
    """

    seed: int
    generator: str
    parts: frozenset[str]
    modes: tuple[str, ...]


def perform(job: Job) -> Row:
    """Return the measurements of one study, by part."""
    case = Case(load_generator(job.generator)(job.seed))
    row: Row = {"seed": job.seed, "generator": job.generator}
    if "score" in job.parts:
        row["score"] = score(case, job.seed, job.modes)
    if "oracle" in job.parts:
        row["oracle"] = {mode: oracle(case, job.seed, mode) for mode in job.modes}
    if "expansion" in job.parts:
        row["expansion"] = expand(case, job.seed)
    if "sham" in job.parts:
        row["sham"] = sham(case, job.seed)
    return row


@dataclass(frozen=True)
class Case:
    """A study as arrays (z, y, x), and the pipeline run on it with its default parameters."""

    study: Study

    @cached_property
    def hu(self) -> np.ndarray:
        """HU, int16."""
        return sitk.GetArrayFromImage(self.study.ct)

    @cached_property
    def truth(self) -> np.ndarray:
        """True class, 0 outside the lung."""
        return sitk.GetArrayFromImage(self.study.labels)

    @cached_property
    def lungs(self) -> np.ndarray:
        """1 right, 2 left."""
        return sitk.GetArrayFromImage(self.study.lungs)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres, z y x."""
        return self.study.ct.GetSpacing()[::-1]

    def propagate(self, rois: sitk.Image, mode: str, ct: sitk.Image | None = None) -> Propagated:
        """Label the true lung field from `rois`; `ct` stands in for the study's own."""
        result = label_propagation.run(
            label_propagation.LabelPropagationInputs(ct or self.study.ct, rois, self.study.lungs),
            label_propagation.LabelPropagationParameters(mode=mode),
        )
        labels, unary = (sitk.GetArrayFromImage(image) for image in (result.labels, result.unary_labels))
        confidence = sitk.GetArrayFromImage(result.probabilities).max(-1)
        drawn = sitk.GetArrayViewFromImage(rois)
        broken = np.where(drawn > 0, labels != drawn, (labels > 0) & (self.lungs == 0))
        return Propagated(labels, unary, confidence, int(np.count_nonzero(broken)))

    def balanced_accuracy(self, predicted: np.ndarray, where: np.ndarray) -> float:
        """Score against the truth."""
        return balanced_accuracy(self.truth[where], predicted[where])


@dataclass(frozen=True)
class Propagated:
    """Labels, labels before the CRF, greatest posterior; count of voxels that break a promise.

    Promised are: a drawn voxel keeps its label, and none is labelled outside lung and drawing.
    """

    labels: np.ndarray
    unary: np.ndarray
    confidence: np.ndarray
    broken_promises: int


def score(case: Case, seed: int, modes: tuple[str, ...]) -> Row:
    """Score pipeline, unary and baselines with the simulated reader's drawings, far from any drawing."""
    rois = draw_rois(case.study.labels, case.study.lungs, seed)
    drawn = sitk.GetArrayViewFromImage(rois)
    far = scoreable(drawn, case.lungs)
    row: Row = {
        "drawn_fraction": float(np.count_nonzero(drawn) / np.count_nonzero(case.lungs)),
        "drawn_slices": int(np.count_nonzero(drawn.any((1, 2)))),
        "nearest ROI": case.balanced_accuracy(nearest_roi(drawn, case.lungs, case.spacing), far),
        "random walker": case.balanced_accuracy(walk_randomly(case.hu, drawn, case.lungs, case.spacing), far),
        "LDA on HU": case.balanced_accuracy(discriminate_density(case.hu, case.truth), far),
    }
    for mode in modes:
        done = case.propagate(rois, mode)
        row[mode] = {
            "pipeline": case.balanced_accuracy(done.labels, far),
            "unary": case.balanced_accuracy(done.unary, far),
            "recalls": recalls(case.truth[far], done.labels[far]),
            "undecided": float(np.mean(done.labels[far] == 0)),
            "broken_promises": done.broken_promises,
        }
    return row


def oracle(case: Case, seed: int, mode: str) -> float:
    """Score the same pipeline where half of the lung is drawn, far from any drawing."""
    rois = fraction_rois(case.study.labels, case.study.lungs, ORACLE_FRACTION, seed, ORACLE_GRAIN_PX)
    far = scoreable(sitk.GetArrayViewFromImage(rois), case.lungs)
    return case.balanced_accuracy(case.propagate(rois, mode).labels, far)


def expand(case: Case, seed: int) -> ConfidenceCounts:
    """Count confident labels where 11 % of the lung is drawn, in volume mode."""
    rois = fraction_rois(case.study.labels, case.study.lungs, EXPANSION_FRACTION, seed)
    done = case.propagate(rois, "volume")
    return ConfidenceCounts.count(case.truth, done.labels, done.confidence, sitk.GetArrayViewFromImage(rois))


def sham(case: Case, seed: int) -> Row:
    """Count false labels in a left lung without disease: repainted through the lesions' masks, and untouched.

    The right lung is diseased and drawn as ever. The same patient's left lung is scanned twice more: healthy
    throughout, and with healthy texture painted anew where disease was. The result is the part of those masks
    that is not labelled healthy, in volume mode. Whoever detects the painting finds more in the second.
    """
    left = sitk.Cast(case.study.lungs == LEFT, sitk.sitkUInt8)
    rois = draw_rois(case.study.labels, sitk.Cast(case.study.lungs == RIGHT, sitk.sitkUInt8), seed)
    repainted = (case.lungs == LEFT) & (case.truth != HEALTHY)

    def false_labels(healthy: Study) -> float:
        ct = sitk.Mask(healthy.ct, left) + sitk.Mask(case.study.ct, 1 - left)
        return float(np.mean(case.propagate(rois, "volume", ct).labels[repainted] != HEALTHY))

    parameters = replace(BENCHMARK, seed=seed)
    return {
        "repainted": false_labels(make_study(replace(parameters, sham=True))),
        "untouched": false_labels(make_study(replace(parameters, disease=False))),
    }
