"""The files of a trained network for projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from LungCAD.files import write_text
from LungCAD.phantom.aspergillosis_study import SCHEMA
from LungCAD.train.cpa.fitting import ANSWERS, Fitted, new_network
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.plans import Plan
from LungCAD.train.cpa.scores import CLASSES, Answers, markdown, score_rows
from LungCAD.weights import ModelCard, NetworkDescription, save_network


@dataclass(frozen=True)
class Source:
    """What networks were trained on, in words for their cards, and the command without names of files."""

    data: str
    licence: str
    synthetic: bool
    command: str


def write_networks(
    folder: Path,
    plan: Plan,
    fitted: Fitted,
    scored: Mapping[str, Answers],
    parameters: CpaTrainingParameters,
    source: Source,
) -> None:
    """Write each task's network, NAME.safetensors in half precision, and its card NAME.md.

    scored : the answers on the test set, by name of the network.
    """
    for index, (name, task) in enumerate(zip(plan.names, plan.tasks, strict=True)):
        alone = Plan((task,), plan.axis, plan.architecture)
        network, options = new_network(alone, parameters)
        network.load_state_dict(only_task(fitted.network, index))
        card = _card(alone, name, scored[name], fitted, fitted.f1[index], parameters, source)
        description = NetworkDescription(
            architecture=plan.architecture,
            options=options,
            schema=SCHEMA,
            classes=CLASSES,
            input={
                "task": task,
                "axis": plan.axis,
                "judges": fitted.f1[index] >= parameters.judging_f1,
                **asdict(parameters.input_for(plan)),
            },
            card=card,
        )
        save_network(network.half(), description, folder / f"{name}.safetensors", overwrite=True)
        write_text(folder / f"{name}.md", card.markdown(), overwrite=True)


def only_task(network: nn.Module, task: int) -> dict[str, torch.Tensor]:
    """Return the state of a network for several tasks with the outputs of one."""
    state = network.state_dict()
    own = slice(ANSWERS * task, ANSWERS * (task + 1))
    return {**state, **{name: state[name][own] for name in list(state)[-2:]}}


def _card(
    plan: Plan,
    name: str,
    answers: Answers,
    fitted: Fitted,
    f1: float,
    parameters: CpaTrainingParameters,
    source: Source,
) -> ModelCard:
    what, subjects = plan.tasks[0].replace("_", " "), "regions" if plan.of_regions else "scans"
    best = min(range(len(fitted.losses)), key=fitted.losses.__getitem__) + 1
    results = (
        f"{len(answers.truth)} {subjects} of {len(set(answers.patients))} patients that were not learned "
        "from; in brackets the 95 % interval over patients. Balanced: as many with as without.\n\n"
        f"{markdown(score_rows({name: answers}, {name: (plan.tasks[0], plan.axis)}))}\n"
        f"Weights of epoch {best} of {len(fitted.losses)}, chosen by the loss in validation, "
        f"{min(fitted.losses):.3f}. F1 in validation {f1:.2f}."
    )
    if f1 < parameters.judging_f1:
        results += (
            f" That is less than {parameters.judging_f1:g}: where another direction has a better network for "
            "this, of this one only the heat map counts."
        )
    if source.synthetic and not plan.of_regions:
        results += " On phantoms disease is whatever shows a sign: a demonstration, no diagnosis."
    return ModelCard(
        title=f"Chronic pulmonary aspergillosis, {what}, {plan.axis} projections: {plan.architecture}",
        data=source.data,
        licence=source.licence,
        synthetic=source.synthetic,
        command=source.command,
        seed=parameters.seed,
        results=results,
    )
