"""`lungcad ild` as a user runs it, on one CT and on a folder of them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.images import (
    read_labels,
    read_probabilities,
    same_geometry,
    write_image,
    write_segmentation,
)
from LungCAD.labels import load_schema
from Testing.slicer.density_network import GROUND_GLASS, DenseLungs, save_density_network

WRITTEN = {
    "densitometry.csv",
    "labels.seg.nrrd",
    "lungs.seg.nrrd",
    "measurements.csv",
    "probabilities.nrrd",
    "report.html",
    "run.json",
    "uncertainty.nii.gz",
}
SCHEMA = load_schema("lungnet6")
FLIPPED = (-1, 0, 0, 0, 1, 0, 0, 0, -1)


class Case:
    def __init__(self, folder):
        self.folder, self.lungs = folder, DenseLungs(slices=3)
        self.weights = save_density_network(folder / "density.safetensors")
        self.ct = self.lungs.image(self.lungs.hu, direction=FLIPPED)
        self.write(folder)

    def write(self, folder):
        folder.mkdir(exist_ok=True, parents=True)
        write_image(self.ct, folder / "ct.nrrd")
        mask = self.lungs.image((3 - self.lungs.lungs) % 3, direction=FLIPPED)  # sides change with x
        write_segmentation(mask, load_schema("lungs"), folder / "lungs.seg.nrrd")

    def run(self, *more, ct="ct.nrrd", lungs="lungs.seg.nrrd", out="out", weights=None):
        words = [str(self.folder / ct), "--lungs", str(self.folder / lungs)]
        words += ["--weights", str(weights or self.weights), "--device", "cpu", "-o", str(self.folder / out)]
        return main(["ild", *words, *more])

    def refuse(self, capsys, *more, **changes):
        """Run, check exit code 2, one line and no output; return the line."""
        before = sorted(self.folder.rglob("*"))
        assert self.run("--quiet", *more, **changes) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert sorted(self.folder.rglob("*")) == before
        return lines[0]


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def test_everything_is_written_and_agrees(case, capsys):
    assert case.run() == 0
    out = case.folder / "out"
    assert {path.name for path in out.iterdir()} == WRITTEN
    words = capsys.readouterr().out
    assert "synthetic data only" in words and "Ground glass opacity" in words and "Report:" in words

    labels = sitk.GetArrayFromImage(read_labels(out / "labels.seg.nrrd", SCHEMA, case.ct))
    assert (labels == case.lungs.truth).mean() > 0.999
    image = read_probabilities(out / "probabilities.nrrd", SCHEMA, case.ct)
    probabilities = sitk.GetArrayFromImage(image)
    inside = case.lungs.lungs > 0
    np.testing.assert_array_equal(probabilities[inside].argmax(-1) + 1, labels[inside])
    uncertainty = sitk.ReadImage(str(out / "uncertainty.nii.gz"))
    assert same_geometry(uncertainty, case.ct)

    with (out / "measurements.csv").open(newline="", encoding="utf-8") as file:
        rows = {(row["region"], row["label"]): row for row in csv.DictReader(file)}
    expected = 100 * (labels[inside] == GROUND_GLASS).mean()
    assert float(rows["both_lungs", "ground_glass"]["share of region [%]"]) == pytest.approx(
        expected, abs=1e-3
    )
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("lungcad ild CT --lungs LUNGS --weights WEIGHTS")
    assert len(record["weights"]["WEIGHTS"]["sha256"]) == 64
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Interstitial lung disease" in report and "synthetic data only" in report
    assert "Ground glass opacity" in report


@pytest.mark.parametrize("more", [("--refine", "crf2d"), ("--refine", "crf3d"), ("--suppress-vessels",)])
def test_options(case, more):
    assert case.run("--quiet", *more) == 0
    path = case.folder / "out" / "labels.seg.nrrd"
    labels = sitk.GetArrayFromImage(read_labels(path, SCHEMA, case.ct))
    assert (labels == case.lungs.truth).mean() > 0.98


def test_bad_input_is_one_line_and_writes_nothing(case, capsys):
    write_image(case.lungs.image(case.lungs.lungs, spacing=(0.8, 0.8, 2.0)), case.folder / "other.nrrd")
    write_image(case.lungs.image(case.lungs.hu, spacing=(4.0, 4.0, 2.0)), case.folder / "coarse.nrrd")
    write_image(case.lungs.image(case.lungs.lungs, spacing=(4.0, 4.0, 2.0)), case.folder / "wide.nrrd")
    save_density_network(case.folder / "gao.safetensors", schema="gao5")
    assert "other.nrrd: has another geometry" in case.refuse(capsys, lungs="other.nrrd")
    assert "far from the 0.5 to 1.2 mm" in case.refuse(capsys, ct="coarse.nrrd", lungs="wide.nrrd")
    assert "its schema gao5 lacks" in case.refuse(capsys, weights=case.folder / "gao.safetensors")
    assert "not among the shipped weights" in case.refuse(capsys, weights="lungnet-seven")
    assert "is no whole safetensors file" in case.refuse(capsys, weights=case.folder / "ct.nrrd")
    assert "slices" in case.refuse(capsys, "--slices", "9")


def test_a_folder_of_cases(case, capsys):
    def batch(*more):
        words = ["--input", str(case.folder / "in"), "--output", str(case.folder / "results")]
        return main(["batch", "ild", *words, "--weights", str(case.weights), "--device", "cpu", *more])

    def states():
        with (case.folder / "results" / "manifest.csv").open(newline="") as file:
            return {row["case"]: row["state"] for row in csv.DictReader(file)}

    case.write(case.folder / "in" / "a")
    case.write(case.folder / "in" / "b")
    (case.folder / "in" / "c").mkdir()
    assert batch("--quiet") == 2
    assert states() == {"a": "done", "b": "done", "c": "refused"}
    assert {path.name for path in (case.folder / "results" / "a").iterdir()} == WRITTEN
    assert batch() == 2
    assert states() == {"a": "kept", "b": "kept", "c": "refused"}
    assert batch("--quiet", "--refine", "crf2d") == 2
    assert states()["a"] == "refused"
    assert batch("--quiet", "--refine", "crf2d", "--overwrite") == 2
    assert states()["a"] == "done"
    capsys.readouterr()
    manifest = states()
    for flag, value, said in (
        ("--weights", "lungnet-seven", "not among the shipped"),
        ("--slices", "4-2", "slices: are '4-2'"),
    ):
        assert batch(flag, value) == 2
        assert said in capsys.readouterr().err
        assert states() == manifest  # the fault of the command, not of every case
