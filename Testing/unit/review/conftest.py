"""A small reviewed case: a result with drawn, propagated and undecided voxels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from LungCAD.labels import Provenance
from LungCAD.review import Facts, Review

VALUES = (1, 2, 3)


@dataclass
class Result:
    """Labels and provenance (slices, rows, columns) of a propagation nobody ran."""

    seed: int = 0
    shape: tuple[int, int, int] = (6, 12, 14)
    labels: np.ndarray = field(init=False)
    provenance: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        lung = np.zeros(self.shape, bool)
        lung[1:, 2:-2, 2:-2] = True
        self.labels = np.where(lung, rng.integers(1, 4, self.shape), 0).astype(np.uint8)
        self.provenance = np.where(lung, Provenance.PROPAGATED, Provenance.NONE).astype(np.uint8)
        self.provenance[2, 3:5, 3:6] = Provenance.DRAWN
        undecided = (slice(3, 5), slice(8, 10), slice(9, 11))
        self.labels[undecided], self.provenance[undecided] = 0, Provenance.UNDECIDED

    @property
    def facts(self):
        scores = {"uncertainty": tuple(float(number) for number in range(len(self.labels)))}
        return Facts(schema="test", values=VALUES, voxel_ml=0.5, scores=scores)

    def begin(self, folder, reviewer="AB"):
        return Review.begin(
            folder, self.labels, self.provenance, self.facts, case="case-1", reviewer=reviewer, model="m"
        )


@pytest.fixture
def result():
    return Result()


@pytest.fixture
def make_result():
    return Result


@pytest.fixture
def review(tmp_path, result):
    return result.begin(tmp_path / "review")
