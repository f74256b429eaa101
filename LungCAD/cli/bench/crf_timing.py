"""Times measured in turns, errors against the exact solution, memory in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from LungCAD.cli.bench.crf_cases import CrfCase, make_case
from LungCAD.cli.bench.crf_rivals import Rival, generic, ours
from LungCAD.crf import CRFParameters

Subject = TypeVar("Subject")


def in_turns(
    rivals: Mapping[str, Callable[[Subject], object]], case: Subject, rounds: int
) -> dict[str, list[float]]:
    """Return the seconds that every rival takes in every round, A B C A B C ...; the first is not counted.

    What else the machine does then falls on all of them alike.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(rounds + 1):
        for name, solve in rivals.items():
            start = time.perf_counter()
            solve(case)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def times(seconds: Mapping[str, list[float]], rival: str | None) -> dict[str, dict[str, float]]:
    """Return median and least time, and how many times faster than `rival` (median over the rounds)."""
    table = {}
    for name, values in seconds.items():
        row = {"median_ms": 1e3 * float(np.median(values)), "least_ms": 1e3 * min(values)}
        if rival:
            row[f"speed against {rival}"] = float(np.median(np.array(seconds[rival]) / np.array(values)))
        table[name] = row
    return table


def errors(rivals: Mapping[str, Rival], case: CrfCase, truth: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the mean and the largest error of the marginals, and the part of the labels that is the same."""
    table = {}
    for name, solve in rivals.items():
        found = solve(case)
        error = np.abs(found - truth)
        table[name] = {
            "mean_error": float(error.mean()),
            "largest_error": float(error.max()),
            "labels_equal": float((found.argmax(0) == truth.argmax(0)).mean()),
        }
    return table


def alone(
    shape: tuple[int, int, int],
    classes: int,
    parameters: CRFParameters | None,
    threads: int,
) -> dict[str, float]:
    """Solve once in a fresh process: voxels, seconds, and the peak of memory with and without the input.

    parameters : of our solver; None for pydensecrf.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_alone, (shape, classes, parameters, threads))


def _alone(
    shape: tuple[int, int, int],
    classes: int,
    parameters: CRFParameters | None,
    threads: int,
) -> dict[str, float]:
    case = make_case(shape, classes)
    solve = ours(parameters, threads) if parameters else generic
    with PeakMemory() as memory:
        start = time.perf_counter()
        solve(case)
        seconds = time.perf_counter() - start
    return {"voxels": case.voxels, "seconds": seconds, **memory.gigabytes}


class PeakMemory:
    """Peak of this process's memory while the block ran, where the system lets it be reset (Linux)."""

    def __enter__(self) -> PeakMemory:
        self.gigabytes: dict[str, float] = {}
        self._before = self._status("VmRSS")
        if sys.platform == "linux":
            with open("/proc/self/clear_refs", "w") as reset:  # noqa: PTH123 - a kernel file, not a path
                reset.write("5")
        return self

    def __exit__(self, *error: object) -> None:
        peak = self._status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self.gigabytes = {"peak_gb": peak / 1e9, "peak_over_input_gb": (peak - self._before) / 1e9}

    @staticmethod
    def _status(field: str) -> int:
        if sys.platform != "linux":
            return 0
        with open("/proc/self/status") as lines:  # noqa: PTH123 - a kernel file, not a path
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
