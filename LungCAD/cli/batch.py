"""`lungcad batch`: one method over a folder of cases, going on where an earlier run was broken off."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from LungCAD.batch import cases
from LungCAD.batch.cases import Case, case_folders, read_case
from LungCAD.batch.run import Outcome, State, run_cases
from LungCAD.cli import propagate
from LungCAD.cli.options import parameters_from
from LungCAD.errors import Cancelled, InputError
from LungCAD.labels import load_schema
from LungCAD.tasks.label_propagation import LabelPropagationParameters

RECORD = "run.json"
"""Lies in the folder of every case that is done: folders appear whole or not at all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: those of the batch, and those of the method that are the same for all cases."""
    _add_own(parser)
    propagate.add_method(parser)
    parser.epilog = f"{cases.__doc__}\nExit codes: 0 all done, 1 a case failed, 2 the input of a case is bad."
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def run(options: argparse.Namespace) -> int:
    """Write one folder per case and manifest.csv with a row per case."""
    folders = case_folders(options.input)
    parameters = parameters_from(options, LabelPropagationParameters())
    load_schema(parameters.schema)  # a wrong one is the fault of the command, not of every case
    settings = json.loads(json.dumps(parameters.as_dict()))
    method_words = _without_own(options.words[1:])
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(options.output, f"cannot be made ({error.strerror})") from error

    for rest in options.output.glob(".unfinished-*"):  # of a run that was killed
        shutil.rmtree(rest, ignore_errors=True) if rest.is_dir() else rest.unlink(missing_ok=True)

    def work(folder: Path) -> State:
        case, target = read_case(folder), options.output / folder.name
        if _is_current(target, case, settings):
            return State.KEPT
        if target.exists() and not options.overwrite:
            raise InputError(target, "holds results of other parameters or older input", "Allow --overwrite")
        _propagate(case, target, options.series, method_words)
        return State.DONE

    def report(outcome: Outcome) -> None:
        if not options.quiet:
            after = f" in {outcome.seconds:.0f} s" if outcome.state is State.DONE else ""
            print(f"{outcome.case}: {outcome.error or outcome.state.value}{after}", flush=True)

    try:
        outcomes = run_cases(folders, work, options.output / "manifest.csv", report)
    except (KeyboardInterrupt, Cancelled):
        print("lungcad: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    states = {outcome.state for outcome in outcomes}
    return 1 if State.FAILED in states else 2 if State.REFUSED in states else 0


def _add_own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", choices=("propagate",), help="what to do with every case")
    parser.add_argument("--input", type=Path, required=True, metavar="DIR", help="one folder per case")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="for the results")
    parser.add_argument("--series", metavar="UID", help="of DICOM folders with several; 'largest' takes that")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results of other parameters or older input"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing; manifest.csv tells it all")


def _without_own(words: list[str]) -> list[str]:
    """Return the words that are the method's own."""
    own = argparse.ArgumentParser(add_help=False)
    _add_own(own)
    own.add_argument("--debug", action="store_true")  # every command has it
    return own.parse_known_args(words)[1]


def _is_current(target: Path, case: Case, settings: dict[str, object]) -> bool:
    """Tell whether the case was done with these parameters after its files were last changed."""
    record = target / RECORD
    if not record.is_file() or record.stat().st_mtime < case.changed:
        return False
    return json.loads(record.read_text(encoding="utf-8"))["parameters"] == settings


def _propagate(case: Case, target: Path, series: str | None, method_words: list[str]) -> None:
    words = [str(case.ct), "--rois", str(case.rois)]
    words += ["--series", series] if series and case.ct.is_dir() else []
    for option, path in (("--lungs", case.lungs), ("--truth", case.truth)):
        words += [option, str(path)] if path else []
    words += ["-o", str(target), "--overwrite", "--quiet", *method_words]
    parser = argparse.ArgumentParser()
    propagate.add_arguments(parser)
    options = parser.parse_args(words)
    options.words = ["propagate", *words]
    propagate.run(options)
