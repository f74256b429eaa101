"""`lungcad batch` as a user runs it: many cases, broken off and gone on with."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from LungCAD.cli import batch, main
from LungCAD.images import read_labels, write_image, write_segmentation
from LungCAD.labels import load_schema

SPARSE = ((0, 20, 22), (1, 20, 66), (1, 48, 22), (0, 44, 22), (1, 48, 66), (0, 44, 66))


@pytest.fixture
def study(small_scan, tmp_path):
    """Write cases into `in/`, run the command on them, and read the manifest."""
    return Study(small_scan(2), tmp_path)


class Study:
    def __init__(self, scan, folder):
        self.scan, self.folder, self.out = scan, folder, folder / "out"
        self.rois = scan.rois(*SPARSE)

    def add(self, name, rois=True, ct="nifti"):
        case = self.folder / "in" / name
        case.mkdir(parents=True)
        image = self.scan.image(self.scan.hu)
        if ct == "nifti":
            write_image(image, case / "ct.nii.gz")
        elif ct == "dicom":
            self._write_dicom(image, case / "ct")
        if rois:
            write_segmentation(self.scan.image(self.rois), load_schema("gao5"), case / "rois.seg.nrrd")
        write_segmentation(self.scan.image(self.scan.lungs), load_schema("lungs"), case / "lungs.seg.nrrd")
        return case

    def _write_dicom(self, image, folder):
        folder.mkdir()
        series, values = generate_uid(), sitk.GetArrayFromImage(image)
        for number, plane in enumerate(values):
            dataset = pydicom.Dataset()
            dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
            dataset.SeriesInstanceUID, dataset.Modality, dataset.InstanceNumber = series, "CT", number + 1
            dataset.ImageType, dataset.SliceThickness = ["ORIGINAL", "PRIMARY", "AXIAL"], 5.0
            dataset.ImagePositionPatient = list(image.TransformIndexToPhysicalPoint((0, 0, number)))
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            dataset.PixelSpacing = list(image.GetSpacing()[:2])
            dataset.Rows, dataset.Columns = plane.shape
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
            dataset.BitsAllocated = dataset.BitsStored = 16
            dataset.HighBit, dataset.PixelRepresentation = 15, 1
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
            dataset.PixelData = plane.astype("<i2").tobytes()
            dataset.file_meta = pydicom.dataset.FileMetaDataset()
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            pydicom.dcmwrite(folder / f"{number}.dcm", dataset, enforce_file_format=True)

    def run(self, *more):
        return main(["batch", "propagate", "--input", str(self.folder / "in"), f"--output={self.out}", *more])

    def states(self):
        with (self.out / "manifest.csv").open(newline="") as file:
            return {row["case"]: row["state"] for row in csv.DictReader(file)}

    def errors(self):
        with (self.out / "manifest.csv").open(newline="") as file:
            return {row["case"]: row["error"] for row in csv.DictReader(file)}

    def labels(self, name):
        image = read_labels(
            self.out / name / "labels.seg.nrrd", load_schema("gao5"), self.scan.image(self.rois)
        )
        return sitk.GetArrayFromImage(image)


def test_every_case_is_done_whatever_its_format(study, capsys):
    study.add("a")
    study.add("b", ct="dicom")
    assert study.run("--mode", "slice") == 0
    assert study.states() == {"a": "done", "b": "done"}
    np.testing.assert_array_equal(study.labels("a"), study.labels("b"))
    np.testing.assert_array_equal(study.labels("a")[study.rois > 0], study.rois[study.rois > 0])
    record = json.loads((study.out / "a" / "run.json").read_text(encoding="utf-8"))
    assert record["parameters"]["mode"] == "slice"
    assert record["command"] == (
        "lungcad propagate CT --rois ROIS --lungs LUNGS -o OUTPUT --overwrite --quiet --mode slice"
    )
    assert "a: done in" in capsys.readouterr().out


def test_a_series_is_read_and_not_named(study):
    case = study.add("b", ct="dicom")
    uid = pydicom.dcmread(case / "ct" / "0.dcm").SeriesInstanceUID
    assert study.run("--series", uid) == 0
    written = [path for path in (study.out / "b").rglob("*") if path.is_file()]
    assert len(written) > 5 and not any(uid.encode() in path.read_bytes() for path in written)
    record = json.loads((study.out / "b" / "run.json").read_text(encoding="utf-8"))
    assert "--series SERIES" in record["command"]


def test_bad_cases_do_not_stop_the_others(study, monkeypatch):
    study.add("a", rois=False)
    study.add("b", ct="none")
    study.add("c")
    assert study.run("--quiet") == 2
    assert study.states() == {"a": "refused", "b": "refused", "c": "done"}
    assert "no drawn regions" in study.errors()["a"]
    assert "no DICOM images" in study.errors()["b"]
    assert not (study.out / "a").exists()
    assert not list(study.out.glob(".unfinished*"))

    study.add("d")
    monkeypatch.setattr(batch.propagate, "run", lambda options: 1 / 0)
    assert study.run("--quiet") == 1
    assert study.states()["c"] == "kept"
    assert study.states()["d"] == "failed"


def test_a_run_that_was_broken_off_is_gone_on_with(study, monkeypatch):
    study.add("a")
    study.add("b")
    real, done = batch.propagate.run, []

    def interrupted(options):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(options)
        return real(options)

    monkeypatch.setattr(batch.propagate, "run", interrupted)
    assert study.run("--quiet") == 130
    assert study.states() == {"a": "done", "b": "waiting"}
    before = (study.out / "a" / "labels.seg.nrrd").stat().st_mtime_ns
    monkeypatch.undo()
    (study.out / ".unfinished-killed" / "figures").mkdir(parents=True)
    assert study.run("--quiet") == 0
    assert not list(study.out.glob(".unfinished*"))
    assert study.states() == {"a": "kept", "b": "done"}
    assert (study.out / "a" / "labels.seg.nrrd").stat().st_mtime_ns == before


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(study):
    for name in "abc":
        study.add(name)
    code = "import sys; from LungCAD.cli import main; sys.exit(main(sys.argv[1:]))"
    words = ["batch", "propagate", "--input", study.folder / "in", "--output", study.out, "--quiet"]
    command = [sys.executable, "-c", code, *map(str, words)]
    for seed in range(10):
        process = subprocess.Popen(command)
        time.sleep(np.random.default_rng(seed).uniform(1, 8))
        process.kill()
        process.wait()
        for record in study.out.glob("[abc]/run.json"):
            assert (record.parent / "report.html").is_file()
    assert subprocess.run(command, timeout=300).returncode == 0
    assert set(study.states().values()) <= {"done", "kept"}
    assert {path.name for path in study.out.iterdir()} == {"a", "b", "c", "manifest.csv"}
    np.testing.assert_array_equal(study.labels("a"), study.labels("b"))
    np.testing.assert_array_equal(study.labels("a"), study.labels("c"))


def test_results_of_other_parameters_or_other_input_are_not_taken_for_current(study):
    case = study.add("a")
    assert study.run("--quiet") == 0
    assert study.run("--quiet", "--mode", "slice") == 2
    assert "other parameters" in study.errors()["a"]
    assert (
        json.loads((study.out / "a" / "run.json").read_text(encoding="utf-8"))["parameters"]["mode"]
        == "volume"
    )
    assert study.run("--quiet", "--mode", "slice", "--overwrite") == 0
    assert study.states() == {"a": "done"}
    assert (
        json.loads((study.out / "a" / "run.json").read_text(encoding="utf-8"))["parameters"]["mode"]
        == "slice"
    )
    for file in case.iterdir():  # as copied to another place
        os.utime(file, (4e9, 4e9))
    assert study.run("--quiet", "--mode", "slice") == 0
    assert study.states() == {"a": "kept"}
    rois = study.scan.image(np.where(study.rois == 2, 0, study.rois))
    write_segmentation(rois, load_schema("gao5"), case / "rois.seg.nrrd", overwrite=True)
    os.utime(case / "rois.seg.nrrd", (1000, 1000))
    assert study.run("--quiet", "--mode", "slice") == 2
    assert "other input" in study.errors()["a"]
    assert study.run("--quiet", "--mode", "slice", "--overwrite") == 0
    assert study.run("--quiet", "--mode", "slice", "--series", "largest") == 0
    assert study.states() == {"a": "kept"}, "a file has no series"


def test_files_that_all_cases_share_count_by_their_content(study):
    study.add("a")
    shipped = Path(load_schema.__code__.co_filename).parent / "schemas" / "gao5.json"
    schema, text = study.folder / "mine.json", shipped.read_text(encoding="utf-8")
    schema.write_text(text, encoding="utf-8")
    words = ["--quiet", "--schema", str(schema)]
    assert study.run(*words) == 0
    probabilities = study.folder / "map.nrrd"
    (study.out / "a" / "probabilities.nrrd").rename(probabilities)
    assert study.run(*words) == 0 and study.states() == {"a": "kept"}
    schema.write_text(text.replace("Ground glass opacity", "Milky"), encoding="utf-8")
    assert study.run(*words) == 2 and "other" in study.errors()["a"]

    study.out = study.folder / "with_network"
    words = ["--quiet", "--unary", "network", "--network", str(probabilities)]
    assert study.run(*words) == 0
    assert study.run(*words) == 0 and study.states() == {"a": "kept"}
    image = sitk.ReadImage(str(probabilities))
    image[20, 20, 0] = (0.0, 0.0, 1.0)
    sitk.WriteImage(image, str(probabilities), useCompression=True)
    assert study.run(*words) == 2 and "other" in study.errors()["a"]


def test_bad_folders_and_words_write_nothing(study, capsys, monkeypatch):
    assert study.run() == 2
    assert "not a folder" in capsys.readouterr().err
    (study.folder / "in").mkdir()
    assert study.run() == 2
    assert "no folders" in capsys.readouterr().err
    study.add("a")
    assert study.run("--stride", "0") == 2
    assert study.run("--schema", "nonsense") == 2
    assert study.run("--unary", "both") == 2
    assert study.run("--network", "map.nrrd") == 2
    assert study.run("--unary", "both", "--network", "map.nrrd") == 2
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert study.run("--device", "cuda") == 2
    with pytest.raises(SystemExit) as ended:
        study.run("--colour", "blue")
    assert ended.value.code == 2
    assert not study.out.exists()
