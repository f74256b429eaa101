"""All networks of SAPSAM, one after another; what is finished is not trained again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.files import write_json, write_text
from LungCAD.progress import Progress, part, silent
from LungCAD.report.record import versions
from LungCAD.train.checkpoints import claim_checkpoints
from LungCAD.train.cpa.fitting import State, fit, probabilities
from LungCAD.train.cpa.outcome import Source, write_network
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.pictures import pictures_of
from LungCAD.train.cpa.plans import DISEASE, SURVIVAL, TASKS, Plan, in_words
from LungCAD.train.cpa.readiness import known_plans, require_both
from LungCAD.train.cpa.scores import answers, markdown, score_rows
from LungCAD.train.cpa.splitting import Split
from LungCAD.weights import load_network

LEARNING = "learning"
"""Folder, in that of the networks, of the checkpoints."""


def train_cpa(
    folder: Path,
    plans: Sequence[Plan],
    split: Split,
    parameters: CpaTrainingParameters,
    source: Source,
    imagenet: Callable[[str], State] | None = None,
    progress: Progress = silent,
) -> dict[str, dict[str, object]]:
    """Train the networks of the plans that the folder has not yet; return all scores by name.

    What no scan has an answer to is left out; scores.md says so.

    Parameters
    ----------
    folder : gets FILE.safetensors and FILE.md of each plan, NAME.json of each task, scores.md, and
        checkpoints. A training that was broken off goes on from its last epoch.
    imagenet : gives the published tensors of an architecture; from scratch when None.

    Raises
    ------
    InputError
        The folder belongs to another training, a set lacks one of the answers of a task, or survival has no
        disease network to go on from. Nothing was trained or written.
    Cancelled
        From `progress`.
    """
    plans, unknown = known_plans(plans, split)
    require_both(plans, split)
    _require_bases(folder, plans)
    start = "imagenet" if imagenet is not None else "scratch"
    data = {"data": source.data, "cases": split.digest(), "start": start}
    claim_checkpoints(folder / LEARNING, {**parameters.as_dict(), **data})
    for number, plan in enumerate(plans):
        if left := _left_of(folder, plan):
            own = part(progress, number / len(plans), (number + 1) / len(plans))
            _train_one(folder, left, split, parameters, source, imagenet, own)
    return _summary(folder, unknown)


def _left_of(folder: Path, plan: Plan) -> Plan | None:
    """Return what of a plan has no scores yet, with all that shares its weights; None where all has."""
    named = zip(plan.names, plan.tasks, strict=True)
    missing = {task for name, task in named if not (folder / f"{name}.json").exists()}
    weights = _weights(folder, plan)
    if missing and weights.exists():
        shared = set(load_network(weights)[1].input["tasks"])
        if missing & shared:  # broken off between the scores of two tasks
            missing |= shared
    tasks = tuple(task for task in TASKS if task in missing)
    return replace(plan, tasks=tasks) if tasks else None


def _train_one(
    folder: Path,
    plan: Plan,
    split: Split,
    parameters: CpaTrainingParameters,
    source: Source,
    imagenet: Callable[[str], State] | None,
    progress: Progress,
) -> None:
    training, validation, test = (pictures_of(cases, plan, parameters.shares) for cases in split)
    base = _base_of(plan)
    network = None if base is None else load_network(_weights(folder, base))[0].float()
    fitted = fit(
        plan,
        training,
        validation,
        parameters,
        imagenet(plan.architecture) if imagenet is not None and base is None else None,
        network,
        folder / LEARNING / f"{'-'.join(plan.names)}.ckpt",
        part(progress, 0.0, 0.95),
    )
    progress(0.95, "Scoring")
    said = probabilities(fitted.network, parameters.input_for(plan), test)
    scored = {name: answers(said, test, task) for task, name in enumerate(plan.names)}
    write_network(folder, plan, fitted, scored, parameters, source)
    for name, task in zip(plan.names, plan.tasks, strict=True):
        record = {
            "task": task,
            "axis": plan.axis,
            "architecture": plan.architecture,
            "losses": fitted.losses,
            "test": scored[name].as_dict(),
            "row": score_rows({name: scored[name]}, {name: (task, plan.axis)})[1],
            "parameters": parameters.as_dict(),
            "versions": versions(),
        }
        write_json(folder / f"{name}.json", record, overwrite=True)


def _base_of(plan: Plan) -> Plan | None:
    """Return the disease network that survival goes on from (SAPSAM, section 2.4)."""
    return replace(plan, tasks=(DISEASE,)) if plan.tasks == (SURVIVAL,) else None


def _require_bases(folder: Path, plans: Sequence[Plan]) -> None:
    for plan in plans:
        base = _base_of(plan)
        if base and base not in plans and not _weights(folder, base).exists():
            problem = f"goes on from {base.names[0]}, which is not there"
            raise InputError(plan.names[0], problem, "Train disease as well, or leave survival out by --only")


def _weights(folder: Path, plan: Plan) -> Path:
    return folder / f"{plan.file}.safetensors"


def _summary(folder: Path, unknown: Sequence[str]) -> dict[str, dict[str, object]]:
    """Write scores.md of all networks in the folder; return what is known of them by name."""
    records = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("cpa-*.json"))
    }
    header = score_rows({}, {})[0]
    text = markdown([header, *(r["row"] for r in records.values())])
    if unknown:
        text += f"\nNot trained, for no scan has an answer: {in_words(unknown)}.\n"
    write_text(folder / "scores.md", text, overwrite=True)
    return records
