"""What a probability of 0.5 means, fitted anew to scans that the networks have not seen.

Another scanner, another frequency of signs or another reader may move what networks say while they tell one
region from another as well as before. A shift of their logits, one per task, takes that back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from LungCAD.errors import InputError
from LungCAD.files import write_json, write_text
from LungCAD.networks.dense_head import dense_layers
from LungCAD.tasks.cpa.networks import ANSWERS, PRESENT, SIGNS, CpaNetwork, judging
from LungCAD.train.cpa.cases import UNKNOWN, Case
from LungCAD.train.cpa.fitting import log_odds
from LungCAD.train.cpa.pictures import answers_of, pictures_of
from LungCAD.train.cpa.plans import Plan, in_words
from LungCAD.train.cpa.scores import Answers, markdown
from LungCAD.train.thresholds import border_of_best_f1
from LungCAD.weights import load_network, save_network

LEAST_PATIENTS = 2
"""Each is told by what the others say."""

LEAST_PRESENT = 5
"""Patients with a sign: of fewer, a shift says more of them than of the next one."""

STEPS = 60
"""Of bisection: as fine as double precision."""


@dataclass(frozen=True)
class Calibration:
    """What became of a task.

    shift : of the logits of yes. kept : why it is 0, in words; "" where it is not.
    before : what the mean of the networks said. held_out : what it says of every patient with the shift that
    the other patients ask for.
    """

    task: str
    shift: float
    kept: str
    before: Answers
    held_out: Answers

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        scores = {"before": self.before.as_dict(), "held_out": self.held_out.as_dict()}
        return {"task": self.task, "shift": self.shift, "kept": self.kept, **scores}


def calibrate(networks: Sequence[CpaNetwork], cases: Sequence[Case]) -> list[Calibration]:
    """Find the shift of every task of which the cases show both answers.

    The mean over directions decides, as when a scan is read; so one shift is found for all of them together,
    with which 0.5 on the mean has the best F1.

    Raises
    ------
    InputError
        The cases come from one patient, or show both answers of no task.
    """
    patients = len({case.patient for case in cases})
    if patients < LEAST_PATIENTS:
        problem = f"come from {patients} patient{'s' * (patients != 1)}"
        raise InputError("The scans", problem, f"At least {LEAST_PATIENTS} are needed")
    tasks = dict.fromkeys(network.task for network in networks)
    found = [calibration for task in tasks if (calibration := _of_task(task, networks, cases))]
    if not found:
        problem = f"do not show both answers to any of: {in_words(list(tasks))}"
        raise InputError("The scans", problem, "Give scans with and without what is to be told")
    return found


def _of_task(task: str, networks: Sequence[CpaNetwork], cases: Sequence[Case]) -> Calibration | None:
    """Return what becomes of a task; None where the cases show one answer or none."""
    known = np.concatenate([answers_of(case, task) for case in cases])
    if not ((known == 0).any() and (known == 1).any()):
        return None
    asked = [network for network in networks if network.task == task]
    logits, truth, patients = _said(judging(asked) if task in SIGNS else asked, cases)
    needed = needed_shifts(logits)

    def told(shift: float | NDArray) -> Answers:
        return Answers(expit(logits + shift).mean(0).astype(np.float32), truth, patients)

    before, held_out = told(0.0), told(_by_others(needed, truth, patients))
    kept = ""
    if len(np.unique(patients[truth])) < LEAST_PRESENT:
        kept = f"fewer than {LEAST_PRESENT} patients have it"
    elif held_out.table.f_score[1] <= before.table.f_score[1]:
        kept = "no better"
    return Calibration(task, 0.0 if kept else _shift(needed, truth), kept, before, held_out)


def _said(networks: Sequence[CpaNetwork], cases: Sequence[Case]) -> tuple[NDArray, NDArray, NDArray]:
    """Return logits (K, S) of K networks, the truth (S,) bool and patients (S,) of what is known.

    Scans as they are, for so they are read unless turned copies are asked for.
    """
    logits = []
    for network in networks:
        plan = Plan((network.task,), network.axis, network.architecture)
        pictures = pictures_of([_upright(case, plan) for case in cases], plan, network.input.shares)
        pictures = pictures[pictures.labels[:, 0] != UNKNOWN]
        logits.append(log_odds(network.network.float(), network.input, pictures)[:, 0])
    return np.stack(logits).astype(np.float64), pictures.labels[:, 0] == 1, pictures.patients


def _upright(case: Case, plan: Plan) -> Case:
    """Return a case with the first of its rotations, which is none: all 27 of a cohort fill the memory."""
    kinds = ("regions", "shares") if plan.of_regions else ("whole",)
    return replace(case, **{kind: {plan.axis: getattr(case, kind)[plan.axis][:1]} for kind in kinds})


def needed_shifts(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much logits (K, S) are to be raised for the mean of K probabilities to be 0.5, (S,)."""
    low, high = -logits.max(0), -logits.min(0)
    for _ in range(STEPS):
        middle = (low + high) / 2
        enough = expit(logits + middle).mean(0) >= 0.5
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _shift(needed: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the shift with which 0.5 has the best F1: who needs more than that is told to have nothing."""
    return -border_of_best_f1(truth, -needed, floor=-needed.max() - 1)


def _by_others(needed: NDArray, truth: NDArray, patients: NDArray) -> NDArray[np.float64]:
    """Return, for each subject (S,), the shift that all other patients ask for; 0 where they cannot."""
    shifts = np.zeros(len(needed))
    for patient in np.unique(patients):
        others = patients != patient
        if truth[others].any() and not truth[others].all():
            shifts[~others] = _shift(needed[others], truth[others])
    return shifts


def write_calibrated(
    folder: Path, networks: Sequence[CpaNetwork], found: Sequence[Calibration], data: str, command: str
) -> None:
    """Write the files of the networks with their shifts, a card each, calibration.json and scores.md.

    data : what they were calibrated on, for the cards. command : without names of files.
    """
    shifts = {calibration.task: calibration.shift for calibration in found}
    for path in dict.fromkeys(network.path for network in networks):
        own = {network.task: shifts.get(network.task, 0.0) for network in networks if network.path == path}
        network, description = load_network(path)
        with torch.no_grad():
            bias = dense_layers(network)[-1].bias
            for number, task in enumerate(description.input["tasks"]):
                bias[ANSWERS * number + PRESENT] += own.get(task, 0.0)
        card = replace(
            description.card,
            command=f"{description.card.command}; {command}",
            results=f"{description.card.results}\n\n{_in_words(own, found, data)}",
        )
        save_network(network.half(), replace(description, card=card), folder / path.name)
        write_text(folder / f"{path.stem}.md", card.markdown())
    write_json(folder / "calibration.json", {"data": data, "tasks": [each.as_dict() for each in found]})
    write_text(folder / "scores.md", markdown(calibration_rows(found)))


def _in_words(tasks: Sequence[str], found: Sequence[Calibration], data: str) -> str:
    own = [calibration for calibration in found if calibration.task in tasks]
    moved = [each for each in own if not each.kept]
    shifts = [f"{each.task} by {each.shift:+.2f}" for each in moved]
    kept = [task for task in tasks if task not in [each.task for each in moved]]
    sentences = [f"Calibrated on: {data}"]
    if shifts:
        sentences.append(f"Logits were shifted: {in_words(shifts)}.")
    if kept:
        sentences.append(f"As it was: {in_words(kept)}.")
    if own:
        sentences.append(
            "All directions together, each patient with the shift that the others ask for:\n\n"
            f"{markdown(calibration_rows(own))}"
        )
    return " ".join(sentences)


def calibration_rows(found: Sequence[Calibration]) -> list[list[str]]:
    """Return a table of what calibration brings, with its header."""
    header = ["task", "present / all", "before: precision, recall, F1", "after, on other patients", "shift"]
    return [header, *(list(_row(calibration)) for calibration in found)]


def _row(calibration: Calibration) -> Iterator[str]:
    truth = calibration.before.truth
    yield in_words([calibration.task])
    yield f"{truth.sum()} / {len(truth)}"
    for answers in (calibration.before, calibration.held_out):
        table = answers.table
        measures = (table.precision[1], table.recall[1], table.f_score[1])
        yield ", ".join("–" if np.isnan(value) else f"{value:.2f}" for value in measures)
    yield f"none: {calibration.kept}" if calibration.kept else f"{calibration.shift:+.2f}"
