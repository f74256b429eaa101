"""`lungcad demo`: the main job on a phantom, from a CT and a few drawn regions to the report."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from LungCAD.cli import propagate
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output
from LungCAD.cli.phantom import write_study
from LungCAD.files import atomic_folder, refuse_results
from LungCAD.phantom import StudyParameters, make_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--seed", type=int, default=0, help="another patient (default: 0)")
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Write a study to OUT/study, and what `lungcad propagate` makes of its files to OUT/result."""
    refuse_results(options.output)
    with atomic_folder(options.output, options.overwrite) as folder:
        (folder / "study").mkdir()
        with progress_bar(options.quiet) as progress:
            write_study(make_study(StudyParameters(seed=options.seed), progress), folder / "study")
        words = _propagate(folder, options.quiet)
    if not options.quiet:
        print(
            f"A phantom study is in {options.output / 'study'}. The same command takes your own DICOM folder:"
        )
        print(f"  lungcad {shlex.join(_words(options.output))} --overwrite")
        print("\n".join(words))
        print(f"Report: {options.output / 'result' / 'report.html'}")
    return 0


def _propagate(folder: Path, quiet: bool) -> list[str]:
    parser = argparse.ArgumentParser()
    propagate.add_arguments(parser)
    words = _words(folder)
    options = parser.parse_args([*words[1:], *(["--quiet"] if quiet else [])])
    options.words = words
    return propagate.perform(options)


def _words(folder: Path) -> list[str]:
    study = folder / "study"
    files = {"--rois": study / "rois.seg.nrrd", "--truth": study / "truth.seg.nrrd", "-o": folder / "result"}
    return ["propagate", str(study / "ct.nii.gz"), *(str(word) for pair in files.items() for word in pair)]
