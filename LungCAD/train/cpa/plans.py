"""Which networks there are: a question, a direction of projection and an architecture each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from LungCAD.errors import InputError
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import AXES

DISEASE, SURVIVAL = "disease", "survival"
TASKS = (DISEASE, SURVIVAL, *SIGNS)

TOGETHER = "signs"
"""Stands for the task in the name of weights of several signs."""

VGG, INCEPTION = "vgg19", "inception_v3"


@dataclass(frozen=True)
class Plan:
    """One training. tasks : what it learns, usually one; several signs share all but the last layer."""

    tasks: tuple[str, ...]
    axis: str
    architecture: str = VGG

    @property
    def names(self) -> tuple[str, ...]:
        """What the answers to each task are called."""
        return tuple(self._name(task) for task in self.tasks)

    @property
    def file(self) -> str:
        """What the weights are called, without their suffix."""
        return self._name(self.tasks[0] if len(self.tasks) == 1 else TOGETHER)

    @property
    def of_regions(self) -> bool:
        """Whether it looks at regions rather than at the whole scan."""
        return self.tasks[0] in SIGNS

    def _name(self, what: str) -> str:
        suffix = "" if self.architecture == VGG else f"-{self.architecture}"
        return f"cpa-{what}-{self.axis}{suffix}"


def in_words(tasks: Sequence[str]) -> str:
    """Return what tasks are called in sentences."""
    return ", ".join(tasks).replace("_", " ")


def published_plans(together: bool = False) -> list[Plan]:
    """Return the networks of SAPSAM, 18: disease in both architectures, survival and three signs in VGG19.

    together : let the signs of a direction share one training. Disease comes before survival, its successor.
    """
    signs = [SIGNS] if together else [(sign,) for sign in SIGNS]
    kinds = [
        ((DISEASE,), VGG),
        ((DISEASE,), INCEPTION),
        ((SURVIVAL,), VGG),
        *((tasks, VGG) for tasks in signs),
    ]
    return [Plan(tasks, axis, architecture) for tasks, architecture in kinds for axis in AXES]


def chosen_plans(plans: Sequence[Plan], words: Sequence[str]) -> list[Plan]:
    """Return the plans whose task, direction and architecture are among the words, where those name any.

    Of signs that share a training only those that are named are left. Words that name both survival and
    Inception v3 add three plans, with which the networks are SAPSAM's 21.

    Raises
    ------
    InputError
        A word names nothing, or no network is left.
    """
    kinds = (set(TASKS), set(AXES), {VGG, INCEPTION})
    strange = [word for word in words if not any(word in kind for kind in kinds)]
    if strange:
        known = ", ".join((*TASKS, *AXES, VGG, INCEPTION))
        raise InputError(
            "--only", f"{', '.join(strange)} is no task, direction or network", f"There are {known}"
        )
    if {SURVIVAL, INCEPTION} <= set(words):
        plans = [*plans, *(Plan((SURVIVAL,), axis, INCEPTION) for axis in AXES)]
    tasks, axes, architectures = (kind & set(words) or kind for kind in kinds)
    named = [replace(plan, tasks=tuple(task for task in plan.tasks if task in tasks)) for plan in plans]
    left = [plan for plan in named if plan.tasks and plan.axis in axes and plan.architecture in architectures]
    if not left:
        raise InputError("--only", f"{' '.join(words)} leaves no network", "Ask for less at once")
    return left
