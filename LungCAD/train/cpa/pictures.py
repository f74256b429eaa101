"""The pictures of one training: projections with their labels, sorted by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import REGIONS
from LungCAD.train.cpa.cases import UNKNOWN, Case
from LungCAD.train.cpa.plans import SURVIVAL, Plan

CAVITY, BALL, _ = SIGNS


@dataclass(frozen=True)
class PictureSet:
    """Pictures (N, C, Y, X) uint8 and their labels (N, T) int8: 1 present, 0 absent, -1 unknown.

    subjects : (N,) scan, or scan and region, shown; its rotations share it. patients : (N,).
    hollow : (N,) bool, regions that are known to have a cavity, whichever signs are learned.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int8]
    subjects: NDArray[np.str_]
    patients: NDArray[np.str_]
    hollow: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: NDArray) -> PictureSet:
        return PictureSet(*(getattr(self, field.name)[chosen] for field in fields(self)))


def pictures_of(cases: Sequence[Case], plan: Plan, shares: bool = False) -> PictureSet:
    """Return the pictures that a plan learns from; those of which it knows nothing are left out.

    shares : those of regions have the shares as further channels.
    """
    parts = [_of_regions(case, plan, shares) if plan.of_regions else _of_scan(case, plan) for case in cases]
    return PictureSet(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def answers_of(case: Case, task: str) -> NDArray[np.int8]:
    """Return what is known of a task: (6,) by region of a sign, (1,) of the whole scan; 1, 0 or -1."""
    if task in SIGNS:
        return case.signs[:, SIGNS.index(task)]
    return np.array([case.survival if task == SURVIVAL else case.disease], np.int8)


def _of_regions(case: Case, plan: Plan, shares: bool) -> tuple[NDArray, ...]:
    labels = np.stack([answers_of(case, task) for task in plan.tasks], axis=1)
    known = (labels != UNKNOWN).any(axis=1)
    turned = case.regions[plan.axis][:, known]
    if shares:
        turned = np.concatenate([turned, case.shares[plan.axis][:, known]], axis=2)
    names = np.array([f"{case.name} {region}" for region in REGIONS])
    hollow = answers_of(case, CAVITY) == 1
    return (
        turned.reshape(-1, *turned.shape[2:]),
        np.tile(labels[known], (len(turned), 1)),
        np.tile(names[known], len(turned)),
        np.full(len(turned) * known.sum(), case.patient),
        np.tile(hollow[known], len(turned)),
    )


def _of_scan(case: Case, plan: Plan) -> tuple[NDArray, ...]:
    labels = answers_of(case, plan.tasks[0])
    turned = case.whole[plan.axis][:, None]
    count = len(turned) if labels[0] != UNKNOWN else 0
    return (
        turned[:count],
        np.tile(labels, (count, 1)),
        np.full(count, case.name),
        np.full(count, case.patient),
        np.zeros(count, bool),
    )
