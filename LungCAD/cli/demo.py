"""`lungcad demo`: the main job on a phantom, from a CT and a few drawn regions to the report."""

from __future__ import annotations

import argparse
import shlex

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output
from LungCAD.cli.phantom import write_study
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder
from LungCAD.phantom import StudyParameters, make_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--seed", type=int, default=0, help="another patient (default: 0)")
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Write a study to OUT/study, then run `lungcad propagate` on its files into OUT/result."""
    from LungCAD.cli.main import main

    study, result = options.output / "study", options.output / "result"
    if options.output.exists() and not options.overwrite:
        raise InputError(options.output, "exists already", "Choose another name, or allow --overwrite")
    with atomic_folder(study, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        write_study(make_study(StudyParameters(seed=options.seed), progress), folder)
    words = ["propagate", study / "ct.nii.gz", "--rois", study / "rois.seg.nrrd"]
    words += ["--truth", study / "truth.seg.nrrd", "-o", result, "--overwrite"]
    command = [str(word) for word in words]
    if options.quiet:
        return main([*command, "--quiet"])
    print(f"A phantom study is in {study}. The same command takes your own DICOM folder:")
    print(f"  lungcad {shlex.join(command)}")
    return main(command)
