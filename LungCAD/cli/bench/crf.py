"""`lungcad bench crf`: speed, memory and error of the dense CRF, against pydensecrf and all pairs."""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from LungCAD import __version__
from LungCAD.cli.bench.crf_cases import CrfCase, make_case
from LungCAD.cli.bench.crf_rivals import FAST, PAPER, Rival, exact, generic, ours, peer_is_there, whole_image
from LungCAD.cli.bench.crf_timing import alone, errors, in_turns, times
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.crf import DenseCRF
from LungCAD.errors import InputError

CLASSES = (2, 5, 9, 21)
SLICE = (1, 512, 512)
VOLUME = (40, 400, 400)
WHOLE_LUNG = (300, 512, 512)
SMALL_SLICE, SMALL_VOLUME = (1, 210, 210), (12, 70, 70)
ROI = (slice(0, 1), slice(250, 262), slice(140, 152))
SLICES_ON_GPU = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rounds", type=int, default=9, help="of measurements in turn (default: 9)")
    parser.add_argument("--no-whole-lung", action="store_true", help="leave out the 512x512x300 volume")
    parser.add_argument("--exact-full-size", action="store_true", help="also the error at 512x512 (minutes)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, print as it goes, write the file if one is named."""
    if options.rounds < 1:
        raise InputError("--rounds", f"is {options.rounds}", "At least one is needed")
    peer = peer_is_there()
    if not peer:
        print("pydensecrf is not installed (pip install pydensecrf2): no comparison\n")
    result: dict[str, Any] = {
        "version": __version__,
        "torch": torch.__version__,
        "machine": f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads",
    }

    def report(name: str, value: dict[str, Any]) -> None:
        result[name] = value
        print(_text(name, value), flush=True)

    report("error, slice", error_of(make_case(SMALL_SLICE, 5), peer, flat=True))
    report("error, volume", error_of(make_case(SMALL_VOLUME, 5, spacing=(2.0, 0.7, 0.7)), peer, flat=False))
    slice_case = make_case(SLICE, 5)
    if options.exact_full_size:
        report("error, slice of full size", error_of(slice_case, peer, flat=True))
    rivals = ours_in_all_ways() | ({"pydensecrf": generic, "DenseCRF2D": whole_image} if peer else {})
    seconds = in_turns(rivals, slice_case, options.rounds)
    report(f"time, slice of {slice_case.voxels} px", times(seconds, "pydensecrf" if peer else None))
    if peer:
        report("time against DenseCRF2D", times(seconds, "DenseCRF2D"))
    for classes in CLASSES:
        rivals = {"plain, 1 thread": ours(PAPER, 1)} | ({"pydensecrf": generic} if peer else {})
        seconds = in_turns(rivals, make_case(SLICE, classes), max(1, options.rounds // 3))
        report(f"time, {classes} classes", times(seconds, "pydensecrf" if peer else None))
    report("time, update after a drawn region", warm_and_cold(slice_case, options.rounds))
    report("time, first slice of a process", cold_start())
    report("volume", volume(peer))
    if not options.no_whole_lung:
        report("whole lung", whole_lung())
    report("gpu", gpu(slice_case, peer))
    write_numbers(options, result)
    return 0


def ours_in_all_ways() -> dict[str, Rival]:
    """Return our solver with the paper's ten iterations and accelerated, with one thread and two."""
    ways = {"plain": PAPER, "accelerated": FAST}
    return {
        f"{name}, {threads} thread{'s' * (threads > 1)}": ours(parameters, threads)
        for name, parameters in ways.items()
        for threads in (1, 2)
    }


def error_of(case: CrfCase, peer: bool, flat: bool) -> dict[str, Any]:
    """Return the errors of all rivals against all pairs in float64; DenseCRF2D only on one slice."""
    rivals: dict[str, Rival] = {"plain": ours(PAPER, 1), "accelerated": ours(FAST, 1)}
    if peer:
        rivals["pydensecrf"] = generic
    if peer and flat:
        rivals["DenseCRF2D"] = whole_image
    return errors(rivals, case, exact(case))


def warm_and_cold(case: CrfCase, rounds: int) -> dict[str, Any]:
    """Time an update after a region was drawn, against solving anew; both stop by the same tolerance."""
    torch.set_num_threads(1)
    constraints = np.full(case.mask.shape, -1, dtype=np.int16)
    constraints[ROI] = 2
    constraints[~case.mask] = -1
    parameters = replace(PAPER, accelerate=True, tolerance=1e-3)
    crf = DenseCRF(case.hu, case.mask, case.spacing, parameters, device="cpu")
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        crf.solve(case.inside)
        start = time.perf_counter()
        crf.update(constraints)
        middle = time.perf_counter()
        anew = DenseCRF(case.hu, case.mask, case.spacing, parameters, device="cpu")
        anew.solve(case.inside, constraints)
        seconds["warm"].append(middle - start)
        seconds["cold"].append(time.perf_counter() - middle)
    part = float(np.median(np.array(seconds["warm"]) / np.array(seconds["cold"])))
    return {**times(seconds, None), "warm/cold": part, "drawn voxels": int((constraints >= 0).sum())}


def cold_start() -> dict[str, float]:
    """Time one slice in a fresh process, where no kernel is cached yet."""
    return alone(SLICE, 5, PAPER, 1)


def volume(peer: bool) -> dict[str, Any]:
    """Time and memory of a volume, every rival in a fresh process, in turns."""
    ways = {
        "plain, 1 thread": (PAPER, 1),
        "plain, 2 threads": (PAPER, 2),
        "accelerated, 2 threads": (FAST, 2),
    }
    ways |= {"pydensecrf": (None, 1)} if peer else {}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(3):
        for name, (parameters, threads) in ways.items():
            runs[name].append(alone(VOLUME, 5, parameters, threads))
    table = {
        name: {key: float(np.median([r[key] for r in rows])) for key in rows[0]}
        for name, rows in runs.items()
    }
    if peer:
        for name, rows in runs.items():
            ratios = [p["seconds"] / r["seconds"] for p, r in zip(runs["pydensecrf"], rows, strict=True)]
            table[name]["speed against pydensecrf"] = float(np.median(ratios))
    return table


def whole_lung() -> dict[str, Any]:
    """Time and memory of both lungs of a thin-slice CT, 5 classes, 2 threads."""
    return {
        name: alone(WHOLE_LUNG, 5, parameters, 2)
        for name, parameters in (("plain", PAPER), ("accelerated", FAST))
    }


def gpu(case: CrfCase, peer: bool) -> dict[str, Any]:
    """Time of one slice and of many on a GPU, against pydensecrf on the CPU beside it."""
    if not torch.cuda.is_available():
        return {"not run": "no CUDA device"}
    rivals = {"plain": ours(PAPER, 1, "cuda"), "accelerated": ours(FAST, 1, "cuda")}
    rivals |= {"pydensecrf": generic} if peer else {}
    table: dict[str, Any] = times(in_turns(rivals, case, 9), "pydensecrf" if peer else None)
    stack = make_case((SLICES_ON_GPU, *SLICE[1:]), 5)
    start = time.perf_counter()
    ours(replace(PAPER, mode="slice"), 1, "cuda")(stack)
    return {**table, f"{SLICES_ON_GPU} slices, seconds": time.perf_counter() - start}


def _text(name: str, value: Mapping[str, Any]) -> str:
    lines = [name]
    for key, entry in value.items():
        row = entry if isinstance(entry, Mapping) else {"": entry}
        cells = (
            f"{label} {number:.4g}" if isinstance(number, float) else f"{label} {number}"
            for label, number in row.items()
        )
        lines.append(f"  {key:26}" + "   ".join(cell.strip() for cell in cells))
    return "\n".join(lines)
