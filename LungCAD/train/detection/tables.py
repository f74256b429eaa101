"""Tables 3 to 8 of Gao et al. 2017 in kind, on the phantom, beside the paper's numbers on LTRC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from LungCAD.networks import CNNF
from LungCAD.progress import Progress, each, part, silent
from LungCAD.train.detection.decisions import fit_decisions
from LungCAD.train.detection.dense_layers import dense_outputs, fit_dense_layers, last_maps
from LungCAD.train.detection.fisher import LAYERS, fit_fisher_detector
from LungCAD.train.detection.heads import make_head
from LungCAD.train.detection.kept_scores import KeptScores, Scores
from LungCAD.train.detection.metrics import agreement, areas_under_roc
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.patch_baseline import patch_benchmark
from LungCAD.train.detection.phantoms import benchmark_study, with_mimics
from LungCAD.train.detection.published_tables import LAYERS_PX
from LungCAD.train.detection.scores import found_diseases
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.splitting import chosen_folds
from LungCAD.train.detection.table_rows import Row
from LungCAD.train.detection.targets import area_target, square_millimetres
from LungCAD.train.detection.training import fit, score

METHODS: dict[str, dict[str, object]] = {
    "classification": {"head": "logistic"},
    "classification, not balanced": {"head": "logistic", "balance": False},
    "regression L2": {"head": "l2"},
    "regression smooth L1": {"head": "smooth_l1"},
    "regression smooth L1, step": {"head": "smooth_l1", "target": "step"},
    "regression smooth L1, ramp": {"head": "smooth_l1", "target": "ramp"},
    "one label, softmax": {"head": "softmax"},
}
"""What is compared, by the parameters that differ."""

FEW = 18 / 240
"""Part of the slices that table 7 has: 18 of 240 thousand."""


def compare_methods(
    learned: SliceSet,
    tested: SliceSet,
    parameters: DetectionTrainingParameters,
    thresholds_px: Sequence[float] = (6000.0, 4000.0),
    methods: Sequence[str] = tuple(METHODS),
    convolutions: CNNF | None = None,
    kept: KeptScores | None = None,
    progress: Progress = silent,
) -> dict[float, list[Row]]:
    """Return, per threshold T, how each method does: tables 3, 4 and 8, and the single-label baseline.

    Every network has the same slices, first weights and order. One fold of the patients is held out for the
    decision thresholds; `tested` are other patients.

    Parameters
    ----------
    convolutions : where given, all methods share its convolutions and only learn dense layers.
    kept : what rows scored that were done before.
    """
    runs = [(pixels, name) for pixels in thresholds_px for name in methods]
    found: dict[float, list[Row]] = {pixels: [] for pixels in thresholds_px}
    kept = kept or KeptScores()
    learner = _Learner(learned, tested, convolutions)
    for number, (pixels, name) in enumerate(runs):
        chosen = replace(parameters, **METHODS[name], threshold_px=pixels)
        share = part(progress, number / len(runs), (number + 1) / len(runs))
        row = f"{name} {pixels:g}"
        network = partial(learner.network, chosen, kept.checkpoint(row), share)
        scores = kept.scores(row, partial(learner.scores, network, chosen))
        found[pixels].append(_row(name, learned, tested, chosen, scores))
    return found


def compare_layers(
    learned: SliceSet,
    tested: SliceSet,
    parameters: DetectionTrainingParameters,
    layers: Sequence[str] = LAYERS,
    components: int = 32,
    dimensions: int = 512,
    convolutions: CNNF | None = None,
    kept: KeptScores | None = None,
    progress: Progress = silent,
) -> list[Row]:
    """Return how Fisher vectors of each layer do, and the network itself last: tables 5 to 7.

    As in the paper both regress to areas; T is `LAYERS_PX`. convolutions : as in `compare_methods`; fc6 is
    then this network's, and they may know more slices than those given. kept : as in `compare_methods`.
    """
    chosen = replace(parameters, head="smooth_l1", target="area", threshold_px=LAYERS_PX)
    kept = kept or KeptScores()
    learner, split = _Learner(learned, tested, convolutions), _split(learned, chosen)
    size = f"of {len(learned)}"
    share, checkpoint = part(progress, 0.0, 0.5), kept.checkpoint(f"CNN {size}")
    network = cache(partial(learner.network, chosen, checkpoint, share))
    own = kept.scores(f"CNN {size}", partial(learner.scores, network, chosen))
    targets = area_target(learned.areas[split.kept], square_millimetres(chosen.threshold_px))

    def fisher_scores(layer: str) -> Scores:
        body = network() if convolutions is None else convolutions
        detector = fit_fisher_detector(
            body, layer, learned, targets, split.kept, components=components, dimensions=dimensions
        )
        return detector.scores(learned, split.held_out), detector.scores(tested)

    rows = []
    for layer in each(list(layers), part(progress, 0.5, 1.0), "Fisher vectors"):
        scores = kept.scores(f"{layer} {size}", partial(fisher_scores, layer))
        rows.append(_row(layer, learned, tested, chosen, scores))
    return [*rows, _row("CNN", learned, tested, chosen, own)]


def few_patients(slices: SliceSet, parameters: DetectionTrainingParameters) -> SliceSet:
    """Return the slices of a few patients, drawn by chance: about `FEW` of all, and a patient per fold."""
    patients = np.random.default_rng(parameters.seed).permutation(np.unique(slices.patients))
    chosen = patients[: max(parameters.folds, round(FEW * len(patients)))]
    return replace(slices.take(np.flatnonzero(np.isin(slices.patients, chosen))), folds=None)


def compare_patches(
    weights: Path,
    seeds: Sequence[int],
    thresholds_px: Sequence[float],
    mimics: bool = False,
    progress: Progress = silent,
) -> dict[float, Row]:
    """Return, per threshold, how the patch classifier does on the benchmark's patients; lungs are given.

    mimics : these also have what only resembles a disease.
    """
    study = partial(with_mimics, benchmark_study) if mimics else benchmark_study
    found, true = patch_benchmark(weights, seeds, study, progress)
    rows = {}
    for pixels in thresholds_px:
        threshold = square_millimetres(pixels)
        one = agreement(true >= threshold, found >= threshold)
        auc = areas_under_roc(true >= threshold, found)
        rows[pixels] = Row("patches of 32 px, lungs given", (*one.per_disease, one.f1), tuple(auc))
    return rows


@dataclass(frozen=True)
class _Split:
    """Indices of the slices to learn from, and of those that decide the thresholds."""

    kept: NDArray[np.intp]
    held_out: NDArray[np.intp]


def _split(slices: SliceSet, parameters: DetectionTrainingParameters) -> _Split:
    fold = chosen_folds(slices, parameters)
    return _Split(np.flatnonzero(fold != fold.min()), np.flatnonzero(fold == fold.min()))


@dataclass(frozen=True)
class _Learner:
    """Trains the networks of a comparison and scores them; with `convolutions` only dense layers learn."""

    learned: SliceSet
    tested: SliceSet
    convolutions: CNNF | None

    def network(
        self, parameters: DetectionTrainingParameters, checkpoint: Path | None, progress: Progress
    ) -> CNNF:
        """Return what learned with these parameters; whole networks go on from their checkpoint."""
        head, chosen = make_head(parameters, self.learned), _split(self.learned, parameters).kept
        if self.convolutions is None:
            return fit(self.learned, chosen, head, parameters, checkpoint=checkpoint, progress=progress)
        maps = self._maps[0]
        return fit_dense_layers(self.convolutions, maps, self.learned, chosen, head, parameters, progress)

    def scores(self, network: Callable[[], CNNF], parameters: DetectionTrainingParameters) -> Scores:
        """Return what the network scores on the slices that were held out and on those to test."""
        head, held_out = make_head(parameters, self.learned), _split(self.learned, parameters).held_out
        if self.convolutions is None:
            found = network()
            return score(found, head, self.learned, held_out), score(found, head, self.tested)
        (maps, tested), found = self._maps, network()
        with torch.inference_mode():
            first, second = (
                head.scores(dense_outputs(found, own)).numpy() for own in (maps[held_out], tested)
            )
        return first, second

    @cached_property
    def _maps(self) -> tuple[torch.Tensor, torch.Tensor]:
        return last_maps(self.convolutions, self.learned), last_maps(self.convolutions, self.tested)


def _row(
    name: str,
    learned: SliceSet,
    tested: SliceSet,
    parameters: DetectionTrainingParameters,
    scores: Scores,
) -> Row:
    held_out_scores, tested_scores = scores
    split, threshold = _split(learned, parameters), square_millimetres(parameters.threshold_px)
    centred = parameters.head in ("logistic", "softmax")
    decisions = fit_decisions(held_out_scores, learned.present(threshold)[split.held_out], centred)
    present = tested.present(threshold)
    one = agreement(present, found_diseases(tested_scores, decisions))
    return Row(name, (*one.per_disease, one.f1), tuple(areas_under_roc(present, tested_scores)))
