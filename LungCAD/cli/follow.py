"""`lungcad follow`: how the signs of one patient change over several scans that `lungcad cpa` has read."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

from LungCAD.batch.cpa import SCAN, SIGNS
from LungCAD.cli.options import add_output
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, refuse_results, write_text
from LungCAD.labels import load_schema
from LungCAD.report.sign_course import CHANGES, course_csv, nothing_changed, render_course, sign_courses
from LungCAD.report.signs import SignReading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "results",
        type=Path,
        nargs="+",
        metavar="RESULT",
        help="output folders of lungcad cpa, in the order of time; their names head the columns, with "
        "as many of the folders above as tell them apart",
    )
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Write change.csv and report.html."""
    if len(options.results) < 2:
        raise InputError("RESULT", "is a single one", "Give the results of at least two scans of one patient")
    refuse_results(options.output)
    scans, settings = zip(*map(_scan_and_settings, options.results), strict=True)
    if any(other != settings[0] for other in settings[1:]):
        remedy = "Read all scans with the same networks and parameters"
        raise InputError("RESULTS", "were not made in the same way", remedy)
    _refuse_repeated(options.results, scans)
    names = _short_names([folder.resolve() for folder in options.results])
    warnings = [
        f"{name}: {said}"
        for name, folder in zip(names, options.results, strict=True)
        for said in _warnings(folder)
    ]
    courses = sign_courses([_readings(folder) for folder in options.results], settings[0]["threshold"])
    with atomic_folder(options.output, options.overwrite) as folder:
        write_text(folder / "change.csv", course_csv(names, courses))
        facts = {"Scans": str(len(names)), "Present from": f"{100 * settings[0]['threshold']:.0f} %"}
        page = render_course(names, courses, load_schema("cpa3"), facts, warnings)
        write_text(folder / "report.html", page)
    if not options.quiet:
        for warning in warnings:
            print(f"Warning: {warning}")
        changed = [one for one in courses if one.verdict in CHANGES]
        for one in changed:
            print(f"{one.region.replace('_', ' ')}: {one.sign.replace('_', ' ')} {one.verdict.value}")
        if not changed:
            print(nothing_changed(courses))
        print(f"Report: {options.output / 'report.html'}")
    return 0


def _short_names(folders: Sequence[Path]) -> list[str]:
    """Return the last parts of paths, which differ, as many of each as tell them all apart."""
    length = 1
    while len(names := ["/".join(folder.parts[-length:]) for folder in folders]) > len(set(names)):
        length += 1
    return names


def _refuse_repeated(folders: Sequence[Path], scans: Sequence[str]) -> None:
    """Raise InputError where two results are of one scan: no time lies between them."""
    seen: dict[str, Path] = {}
    for folder, scan in zip(folders, scans, strict=True):
        other = seen.setdefault(scan, folder)
        if other is not folder:
            raise InputError(folder, f"is of the same CT as {other}", "Give one result per scan")


def _scan_and_settings(folder: Path) -> tuple[str, dict[str, object]]:
    """Return the hash of the CT, and what must be the same for numbers to be compared.

    That is the parameters, and hashes of the networks.
    """
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        hashes = sorted(file["sha256"] for file in record["weights"].values())
        compared = {name: record["parameters"][name] for name in ("threshold", "rotations")}
        return record["inputs"]["CT"]["sha256"], {**compared, "weights": hashes}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(folder, "is no result of lungcad cpa", "Give its output folders") from error


def _warnings(folder: Path) -> list[str]:
    """Return what is to be known of a scan: its regions may not be those of another one."""
    try:
        return list(json.loads((folder / SCAN).read_text(encoding="utf-8"))["warnings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            folder / SCAN,
            f"cannot be read ({_why(error)})",
            "Run lungcad cpa again",
        ) from error


def _readings(folder: Path) -> list[SignReading]:
    try:
        with (folder / SIGNS).open(newline="", encoding="utf-8") as file:
            return [
                SignReading(
                    row["region"],
                    row["sign"],
                    float(row["probability"]) if row["probability"] else None,
                    withheld=row["withheld"],
                )
                for row in csv.DictReader(file)
            ]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            folder / SIGNS,
            f"cannot be read ({_why(error)})",
            "Run lungcad cpa again",
        ) from error


def _why(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) else str(error)
