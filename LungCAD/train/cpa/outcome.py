"""The files of a trained network for projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from LungCAD.files import write_text
from LungCAD.phantom.aspergillosis_study import SCHEMA
from LungCAD.train.cpa.fitting import Fitted, new_network
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.plans import Plan, in_words
from LungCAD.train.cpa.scores import CLASSES, Answers, markdown, score_rows
from LungCAD.weights import ModelCard, NetworkDescription, save_network


@dataclass(frozen=True)
class Source:
    """What networks were trained on, in words for their cards, and the command without names of files."""

    data: str
    licence: str
    synthetic: bool
    command: str


def write_network(
    folder: Path,
    plan: Plan,
    fitted: Fitted,
    scored: Mapping[str, Answers],
    parameters: CpaTrainingParameters,
    source: Source,
) -> None:
    """Write the weights of a plan in half precision, and their card: `Plan.file`, .safetensors and .md.

    scored : the answers on the test set, by `Plan.names`.
    """
    f1 = dict(zip(plan.tasks, fitted.f1, strict=True))
    card = _card(plan, fitted, f1, scored, parameters, source)
    _, options = new_network(plan, parameters)
    description = NetworkDescription(
        architecture=plan.architecture,
        options=options,
        schema=SCHEMA,
        classes=CLASSES * len(plan.tasks),
        input={
            "tasks": list(plan.tasks),
            "axis": plan.axis,
            "judges": [task for task in plan.tasks if f1[task] >= parameters.judging_f1],
            **asdict(parameters.input_for(plan)),
        },
        card=card,
    )
    save_network(fitted.network.half(), description, folder / f"{plan.file}.safetensors", overwrite=True)
    write_text(folder / f"{plan.file}.md", card.markdown(), overwrite=True)


def _card(
    plan: Plan,
    fitted: Fitted,
    f1: Mapping[str, float],
    scored: Mapping[str, Answers],
    parameters: CpaTrainingParameters,
    source: Source,
) -> ModelCard:
    answers = next(iter(scored.values()))
    subjects = "regions" if plan.of_regions else "scans"
    best = min(range(len(fitted.losses)), key=fitted.losses.__getitem__) + 1
    about = {name: (task, plan.axis) for name, task in zip(plan.names, plan.tasks, strict=True)}
    results = (
        f"{len(answers.truth)} {subjects} of {len(set(answers.patients))} patients that were not learned "
        "from; in brackets the 95 % interval over patients. Balanced: as many with as without.\n\n"
        f"{markdown(score_rows(scored, about))}\n"
        f"Weights of epoch {best} of {len(fitted.losses)}, chosen by the loss in validation, "
        f"{min(fitted.losses):.3f}. F1 in validation: "
        f"{in_words([f'{task} {value:.2f}' for task, value in f1.items()])}."
    )
    unsure = [task for task, value in f1.items() if value < parameters.judging_f1]
    if unsure:
        results += (
            f" Less than {parameters.judging_f1:g}: where another direction has a better network for "
            f"{in_words(unsure)}, of this one only the heat map counts there."
        )
    if source.synthetic and not plan.of_regions:
        results += " On phantoms disease is whatever shows a sign: a demonstration, no diagnosis."
    about_what = f"{in_words(plan.tasks)}, {plan.axis} projections"
    return ModelCard(
        title=f"Chronic pulmonary aspergillosis, {about_what}: {plan.architecture}",
        data=source.data,
        licence=source.licence,
        synthetic=source.synthetic,
        command=source.command,
        seed=parameters.seed,
        results=results,
    )
