"""Time, peak memory and Dice of the lung field on a full-size phantom, each run in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.images import write_image
from LungCAD.lungs import segment_lungs
from LungCAD.phantom import StudyParameters, make_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--size", type=int, nargs=3, metavar=("X", "Y", "Z"), default=(512, 512, 300))
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure a healthy and a heavily diseased phantom."""
    x, y, z = options.size
    spacing = (360 / x, 300 / y, 285 / z)
    rows = {}
    for name, disease in (("healthy", {"disease": False}), ("heavy disease", {"heavy": True})):
        study = make_study(StudyParameters(size=(x, y, z), spacing=spacing, thickness=None, **disease))
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "ct.nrrd", Path(folder) / "lungs.nrrd"
            for image, file in zip((study.ct, study.lungs), files, strict=True):
                write_image(image, file)
            del study
            command = [sys.executable, "-m", __name__, *map(str, files)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        rows[name] = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{name:14s} {rows[name]['seconds']:6.1f} s   peak {rows[name]['peak_gb']:.2f} GB   "
            f"Dice {rows[name]['dice']:.4f}"
        )
    write_numbers(options, rows)
    return 0


def measure(ct: sitk.Image, truth: sitk.Image) -> dict[str, float]:
    """Segment once; return seconds, peak memory of this process in GB, and Dice against the truth."""
    began = time.perf_counter()
    lungs = sitk.GetArrayFromImage(segment_lungs(ct)) > 0
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    true = sitk.GetArrayViewFromImage(truth) > 0
    dice = 2 * np.count_nonzero(lungs & true) / (np.count_nonzero(lungs) + np.count_nonzero(true))
    return {"seconds": seconds, "peak_gb": peak, "dice": dice}


if __name__ == "__main__":
    print(json.dumps(measure(*(sitk.ReadImage(file) for file in sys.argv[1:3]))))
