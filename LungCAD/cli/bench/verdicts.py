"""What the measurements of many studies add up to, and whether that is good enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import reduce
from operator import add, ge, le
from typing import Any

import numpy as np

from LungCAD.cli.bench.scoring import ConfidenceCounts

Row = dict[str, Any]
"""Measurements of one study, by part."""

BASELINES = ("nearest ROI", "random walker", "LDA on HU")
TARGET_ACCURACY = 0.95
COVERAGES = np.linspace(0.05, 1, 20)


@dataclass(frozen=True)
class Spread:
    """Of one quantity over the studies; the worst is the least."""

    mean: float
    sd: float
    worst: float
    worst_seed: int

    @classmethod
    def of(cls, by_seed: dict[int, float]) -> Spread:
        """Summarise at least one value per seed."""
        values = np.array(list(by_seed.values()))
        worst = min(by_seed, key=by_seed.__getitem__)
        sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        return cls(float(values.mean()), sd, by_seed[worst], worst)


@dataclass(frozen=True)
class Verdict:
    """A requirement, what was measured, and the bound that it is held against."""

    requirement: str
    value: float
    relation: str
    bound: float

    @property
    def passed(self) -> bool:
        """Whether the bound is kept; a value that is not a number never keeps it."""
        return bool({">=": ge, "<=": le}[self.relation](self.value, self.bound))


@dataclass(frozen=True)
class Summary:
    """All that is reported: spreads by mode and quantity, the trust in confident labels, verdicts."""

    spreads: dict[str, dict[str, Spread]]
    expansion: dict[str, Any]
    verdicts: tuple[Verdict, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `json` can write."""
        verdicts = [{**asdict(verdict), "passed": verdict.passed} for verdict in self.verdicts]
        return {**asdict(self), "verdicts": verdicts}


def summarise(rows: list[Row], cross: list[Row], tuning: list[Row], modes: tuple[str, ...]) -> Summary:
    """Sum up the phantom's studies, those of the second generator, and those that tau is chosen on.

    Parts that were not measured have no spread and no verdict.
    """
    spreads: dict[str, dict[str, Spread]] = {}
    verdicts: list[Verdict] = []
    for mode in modes:
        here = _spreads(rows, mode)
        spreads[mode] = here
        if there := _spreads(cross, mode):
            spreads[f"{mode}, second generator"] = there
        verdicts += _verdicts_on_scores(mode, here, there)
    scored = [row["score"] for row in rows + cross if "score" in row]
    if scored:
        broken = sum(score[mode]["broken_promises"] for score in scored for mode in modes)
        verdicts.append(Verdict("voxels redrawn, or labelled outside lung and drawing", broken, "<=", 0))
    expansion = _expansion(rows, tuning)
    if expansion:
        verdicts += [
            Verdict("expansion at 11 % drawn", expansion["expansion"].mean, ">=", 7.0),
            Verdict("accuracy of the expansion", expansion["accuracy"].mean, ">=", TARGET_ACCURACY),
        ]
    shams = [row["sham"] for row in rows if "sham" in row]
    if shams:
        repainted, untouched = (np.mean([s[kind] for s in shams]) for kind in ("repainted", "untouched"))
        ratio = float(repainted / untouched) if untouched else float("nan")
        verdicts.append(Verdict("sham: false labels repainted / untouched", ratio, "<=", 1.2))
    return Summary(spreads, expansion, tuple(verdicts))


def _spreads(rows: list[Row], mode: str) -> dict[str, Spread]:
    """Spread of every quantity that all rows have, in the order of the table."""
    by_name: dict[str, dict[int, float]] = {}
    for row in rows:
        values: dict[str, float] = {}
        if "score" in row:
            score = row["score"]
            values |= {name: score[mode][name] for name in ("pipeline", "unary")}
            values["gain of the CRF"] = score[mode]["pipeline"] - score[mode]["unary"]
            values |= {name: score[name] for name in BASELINES}
        if "oracle" in row:
            values["oracle"] = row["oracle"][mode]
        if {"score", "oracle"} <= row.keys():
            values["part of the oracle"] = values["pipeline"] / values["oracle"]
        for name, value in values.items():
            by_name.setdefault(name, {})[row["seed"]] = value
    return {name: Spread.of(by_seed) for name, by_seed in by_name.items()}


def _verdicts_on_scores(mode: str, here: dict[str, Spread], there: dict[str, Spread]) -> list[Verdict]:
    verdicts = []
    if "part of the oracle" in here:
        part = here["pipeline"].mean / here["oracle"].mean
        verdicts.append(Verdict(f"{mode}: part of the oracle's accuracy", part, ">=", 0.90))
    if "pipeline" in here:
        for name in BASELINES:
            lead = here["pipeline"].mean - here[name].mean
            verdicts.append(Verdict(f"{mode}: lead over {name}", lead, ">=", 0.05))
    if "pipeline" in here and "pipeline" in there:
        loss = here["pipeline"].mean - there["pipeline"].mean
        verdicts.append(Verdict(f"{mode}: loss on the second generator", loss, "<=", 0.10))
    return verdicts


def _expansion(rows: list[Row], tuning: list[Row]) -> dict[str, Any]:
    counts: dict[int, ConfidenceCounts] = {
        row["seed"]: row["expansion"] for row in rows if "expansion" in row
    }
    if not counts or not tuning:
        return {}
    tau = reduce(add, (row["expansion"] for row in tuning)).threshold(TARGET_ACCURACY)
    return {
        "tau": tau,
        "expansion": Spread.of({seed: count.expansion(tau) for seed, count in counts.items()}),
        "accuracy": Spread.of({seed: count.accuracy(tau) for seed, count in counts.items()}),
        "by_seed": {seed: (count.expansion(tau), count.accuracy(tau)) for seed, count in counts.items()},
        "risk_coverage": reduce(add, counts.values()).risk_coverage(COVERAGES),
    }
