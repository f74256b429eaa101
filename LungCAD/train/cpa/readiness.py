"""Whether enough is known of the scans to train on; asked of all networks before the first one learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from LungCAD.errors import InputError
from LungCAD.train.cpa.cases import UNKNOWN
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.pictures import answers_of
from LungCAD.train.cpa.plans import DISEASE, SURVIVAL, TASKS, VGG, Plan, in_words
from LungCAD.train.cpa.splitting import Split

LEAST_INCEPTION_PX = 75
"""Inception v3 halves pictures five times, and cuts off their borders."""


def require_side(plans: Sequence[Plan], parameters: CpaTrainingParameters) -> None:
    """Raise InputError where pictures are too small for a network; asked before scans are projected."""
    for plan in plans:
        least = 2**parameters.pools if plan.architecture == VGG else LEAST_INCEPTION_PX
        if (side := parameters.input_for(plan).side) < least:
            problem = f"{side} px is too small for {plan.architecture}"
            raise InputError("--side", problem, f"Give at least {least}")


def known_plans(plans: Sequence[Plan], split: Split) -> tuple[list[Plan], list[str]]:
    """Return the plans without the tasks that no scan has an answer to, and those tasks.

    Raises
    ------
    InputError
        Nothing is left.
    """
    asked = [task for task in TASKS if any(task in plan.tasks for plan in plans)]
    cases = [case for part in split for case in part]
    unknown = [task for task in asked if all((answers_of(case, task) == UNKNOWN).all() for case in cases)]
    if unknown == asked:
        raise InputError("The scans", f"have no answer to {in_words(unknown)}", "Fill in the tables")
    left = [replace(plan, tasks=tuple(task for task in plan.tasks if task not in unknown)) for plan in plans]
    return [plan for plan in left if plan.tasks], unknown


def require_both(plans: Sequence[Plan], split: Split) -> None:
    """Check that every task has both answers in training, validation and test.

    Raises
    ------
    InputError
        One has not; the remedy names the tasks that have.
    """
    tasks = [task for task in TASKS if any(task in plan.tasks for plan in plans)]
    lacking = {task: problem for task in tasks if (problem := _lacking(task, split))}
    if not lacking:
        return
    # Survival goes on from disease.
    ready = [task for task in tasks if task not in lacking and (task != SURVIVAL or DISEASE not in lacking)]
    where, problem = next(iter(lacking.values()))
    others = f", or train the rest alone: --only {' '.join(ready)}" if ready else ""
    raise InputError(where, problem, f"Give more scans, or another --seed{others}")


def _lacking(task: str, split: Split) -> tuple[str, str] | None:
    """Return which set lacks which answer, in words; None where none does."""
    for where, cases in split._asdict().items():
        labels = [answers_of(case, task) for case in cases]
        for value, answer in ((1, "present"), (0, "absent")):
            if not any(np.any(known == value) for known in labels):
                return f"The {where} set", f"has no picture with {in_words([task])} {answer}"
    return None
