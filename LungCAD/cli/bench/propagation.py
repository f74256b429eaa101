"""`lungcad bench propagation`: label propagation on phantoms, against an oracle, baselines and a sham."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from LungCAD import __version__
from LungCAD.cli.bench.generators import PHANTOM, load_generator
from LungCAD.cli.bench.measure import Job, perform
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.bench.verdicts import Spread, Summary, summarise
from LungCAD.cli.console import progress_bar
from LungCAD.errors import InputError
from LungCAD.parallel import process_map
from LungCAD.tasks.label_propagation import LabelPropagationParameters

PARTS = ("score", "oracle", "expansion", "sham")
MODES = ("volume", "slice")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--seeds", type=seeds, default="0-19", help="studies, as 0-19 or 1,4,7 (default: 0-19)"
    )
    parser.add_argument(
        "--tuning-seeds",
        type=seeds,
        default="1000-1002",
        help="other studies, on which the confidence for the expansion is chosen (default: 1000-1002)",
    )
    parser.add_argument(
        "--cross", metavar="GENERATOR", help="a second generator: Python file or module with make_study(seed)"
    )
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)"
    )
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES, help="(default: both)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    add_json(parser, "-o", "--output")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> int:
    """Measure, print the table, write the file if one is named."""
    if set(options.seeds) & set(options.tuning_seeds):
        raise InputError(
            "--tuning-seeds", "share a seed with --seeds", "Choose the confidence on other studies"
        )
    modes, parts = tuple(options.modes), frozenset(options.parts)
    jobs = [Job(seed, PHANTOM, parts, modes) for seed in options.seeds]
    if "expansion" in parts:
        jobs += [Job(seed, PHANTOM, frozenset({"expansion"}), ()) for seed in options.tuning_seeds]
    if options.cross and "score" in parts:
        load_generator(options.cross)
        jobs += [Job(seed, options.cross, frozenset({"score"}), modes) for seed in options.seeds]

    with progress_bar(options.quiet) as progress:
        rows = list(process_map(perform, jobs, options.workers, progress, "Measuring studies"))
    cross = [row for row in rows if row["generator"] != PHANTOM]
    tuning = [row for row in rows if row["generator"] == PHANTOM and row["seed"] in options.tuning_seeds]
    studies = [row for row in rows if row["generator"] == PHANTOM and row["seed"] in options.seeds]
    summary = summarise(studies, cross, tuning, modes)
    record = {
        "version": __version__,
        "parameters": LabelPropagationParameters().as_dict(),
        "rows": [{part: row[part] for part in row if part != "expansion"} for row in studies + cross],
        **summary.as_dict(),
    }
    write_numbers(options, record)
    print(table(summary))
    return 0


def seeds(text: str) -> tuple[int, ...]:
    """Parse "0-19" or "1,4,7-9"; raises ValueError for anything else."""
    ranges = [part.partition("-") for part in text.split(",")]
    return tuple(seed for first, _, last in ranges for seed in range(int(first), int(last or first) + 1))


def table(summary: Summary) -> str:
    """Return the summary as text for the terminal."""
    lines = []
    for mode, spreads in summary.spreads.items():
        lines += ["", f"{'Balanced accuracy, ' + mode:44}{'mean':>8}{'SD':>8}{'worst':>8}  seed"]
        lines += _spread_lines(spreads.items())
    if summary.expansion:
        tau = summary.expansion["tau"]
        lines += ["", f"{f'Expansion at 11 % drawn, tau {tau:.4f}':44}{'mean':>8}{'SD':>8}{'worst':>8}  seed"]
        lines += _spread_lines((name, summary.expansion[name]) for name in ("expansion", "accuracy"))
        curve = summary.expansion["risk_coverage"][1::4]
        lines.append("  risk at coverage " + ", ".join(f"{risk:.3f} at {cover:.2f}" for cover, risk in curve))
    lines += ["", "Must hold"]
    for verdict in summary.verdicts:
        word = "pass" if verdict.passed else "FAIL"
        lines.append(
            f"  {word}  {verdict.requirement:56}{verdict.value:8.3f} {verdict.relation} {verdict.bound:g}"
        )
    return "\n".join(lines)


def _spread_lines(spreads: Iterable[tuple[str, Spread]]) -> list[str]:
    return [f"  {name:42}{s.mean:8.3f}{s.sd:8.3f}{s.worst:8.3f}  {s.worst_seed}" for name, s in spreads]
