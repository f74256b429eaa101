"""`lungcad propagate` as a user runs it: what it writes, and what it says of bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.images import read_labels, write_image, write_segmentation
from LungCAD.labels import Provenance, load_schema

SPARSE = ((0, 20, 22), (1, 20, 66), (1, 48, 22), (0, 44, 22), (1, 48, 66), (0, 44, 66))
WRITTEN = {
    "densitometry.csv",
    "labels.seg.nrrd",
    "lungs.seg.nrrd",
    "measurements.csv",
    "probabilities.nrrd",
    "provenance.nii.gz",
    "report.html",
    "run.json",
    "uncertainty.nii.gz",
}


class Case:
    """A small scan with its drawn regions and lungs as files."""

    def __init__(self, scan, folder):
        self.scan, self.folder = scan, folder
        self.rois = scan.rois(*SPARSE)
        write_image(scan.image(scan.hu), folder / "ct.nii.gz")
        write_segmentation(scan.image(self.rois), load_schema("gao5"), folder / "rois.seg.nrrd")
        write_segmentation(scan.image(scan.lungs), load_schema("lungs"), folder / "lungs.seg.nrrd")
        write_segmentation(scan.image(scan.truth), load_schema("gao5"), folder / "truth.seg.nrrd")

    def words(self, *more, ct="ct.nii.gz", rois="rois.seg.nrrd", out="out"):
        ct, rois, lungs, out = (str(self.folder / name) for name in (ct, rois, "lungs.seg.nrrd", out))
        return ["propagate", ct, "--rois", rois, "--lungs", lungs, "-o", out, *more]

    def refuse(self, capsys, *more, **changes):
        """Run, check exit code 2, one line and no output; return the line."""
        before = sorted(self.folder.rglob("*"))
        assert main([*self.words(*more, **changes), "--quiet"]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert sorted(self.folder.rglob("*")) == before
        return lines[0]


@pytest.fixture
def case(small_scan, tmp_path):
    return Case(small_scan(2), tmp_path)


def test_everything_is_written_and_agrees(case, capsys):
    assert main(case.words("--truth", str(case.folder / "truth.seg.nrrd"))) == 0
    out = case.folder / "out"
    assert {path.name for path in out.iterdir()} == WRITTEN
    words = capsys.readouterr().out
    assert "Report:" in words
    assert "Balanced accuracy" in words

    ct = sitk.ReadImage(str(case.folder / "ct.nii.gz"))
    labels = sitk.GetArrayFromImage(read_labels(out / "labels.seg.nrrd", load_schema("gao5"), ct))
    assert (labels[case.rois > 0] == case.rois[case.rois > 0]).all()
    provenance = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "provenance.nii.gz")))
    assert ((provenance == Provenance.DRAWN) == (case.rois > 0)).all()

    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["parameters"]["crf"]["theta_beta"] == 13
    assert record["command"].startswith("lungcad propagate CT --rois ROIS --lungs LUNGS")
    assert str(case.folder) not in (out / "run.json").read_text(encoding="utf-8")
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "not a medical device" in report
    assert str(case.folder) not in report

    measured = (out / "measurements.csv").read_text(encoding="utf-8")
    row = next(line for line in measured.splitlines() if line.startswith("both_lungs,ground_glass"))
    voxels = np.count_nonzero(labels == 3)
    assert float(row.split(",")[-3]) == pytest.approx(voxels * 0.9 * 0.9 * 5 / 1000, rel=1e-3)


def test_an_existing_folder_is_kept_unless_asked(case, capsys):
    (case.folder / "out").mkdir()
    (case.folder / "out" / "mine.txt").write_text("mine")
    assert "out: exists already" in case.refuse(capsys)
    assert main([*case.words("--overwrite"), "--quiet"]) == 0
    assert {path.name for path in (case.folder / "out").iterdir()} == WRITTEN | {"mine.txt"}


def test_what_was_drawn_is_not_replaced_by_a_result_of_its_name(case, capsys):
    drawn = (case.folder / "lungs.seg.nrrd").read_bytes()
    assert "holds rois.seg.nrrd" in case.refuse(capsys, "--overwrite", out="")
    assert (case.folder / "lungs.seg.nrrd").read_bytes() == drawn
    (case.folder / "out").mkdir()
    (case.folder / "rois.seg.nrrd").rename(case.folder / "out" / "labels.seg.nrrd")
    assert "holds labels.seg.nrrd" in case.refuse(capsys, "--overwrite", rois="out/../out/labels.seg.nrrd")


def test_what_the_writer_wrote_a_network_may_be(case, capsys):
    assert main([*case.words(), "--quiet"]) == 0
    probabilities = case.folder / "out" / "probabilities.nrrd"
    words = case.words("--unary", "both", "--network", str(probabilities), out="again")
    assert main([*words, "--quiet"]) == 0


def test_a_file_that_is_no_image(case, capsys):
    (case.folder / "letter.nii.gz").write_text("Dear colleague")
    assert "letter.nii.gz" in case.refuse(capsys, ct="letter.nii.gz")


def test_a_truncated_file(case, capsys):
    whole = (case.folder / "ct.nii.gz").read_bytes()
    (case.folder / "half.nii.gz").write_bytes(whole[: len(whole) // 2])
    assert "half.nii.gz" in case.refuse(capsys, ct="half.nii.gz")


def test_a_file_that_is_not_there(case, capsys):
    assert "nowhere.nii.gz" in case.refuse(capsys, ct="nowhere.nii.gz")


def test_a_folder_without_a_ct(case, capsys):
    (case.folder / "empty").mkdir()
    assert "empty" in case.refuse(capsys, ct="empty")


def test_a_picture_is_no_ct(case, capsys):
    picture = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8))
    sitk.WriteImage(picture, str(case.folder / "radiograph.png"))
    assert "radiograph.png" in case.refuse(capsys, ct="radiograph.png")


@pytest.mark.parametrize(
    "change",
    [
        lambda hu: ((hu + 1024) / 8).clip(0, 255).astype(np.int16),
        lambda hu: (hu + 1024).astype(np.uint16),
        lambda hu: np.where(np.arange(hu.shape[2]) == 5, np.nan, hu).astype(np.float32),
    ],
    ids=["grey levels", "offset of 1024", "NaN"],
)
def test_values_that_are_no_hounsfield_units(case, capsys, change):
    sitk.WriteImage(case.scan.image(change(case.scan.hu)), str(case.folder / "odd.nrrd"))
    assert "odd.nrrd" in case.refuse(capsys, ct="odd.nrrd")


def write_rois(case, array, name="odd.nii.gz"):
    sitk.WriteImage(case.scan.image(array.astype(np.uint8)), str(case.folder / name))
    return name


def test_regions_of_another_geometry(case, capsys):
    name = write_rois(case, case.rois)
    image = sitk.ReadImage(str(case.folder / name))
    image.SetOrigin((4.2, 0, 0))
    sitk.WriteImage(image, str(case.folder / name))
    assert "geometry" in case.refuse(capsys, rois=name)


def test_regions_with_unknown_values(case, capsys):
    assert "77" in case.refuse(capsys, rois=write_rois(case, case.rois * 77))


def test_empty_regions(case, capsys):
    assert "odd.nii.gz" in case.refuse(capsys, rois=write_rois(case, case.rois * 0))


def test_regions_wholly_outside_the_lung(case, capsys):
    outside = np.zeros_like(case.rois)
    outside[0, 2:6, 2:6], outside[0, 2:6, 10:14] = 1, 3
    assert "wholly outside the lung" in case.refuse(capsys, rois=write_rois(case, outside))


def test_a_truth_that_says_no_more_than_what_was_drawn(case, capsys):
    drawn = str(case.folder / "rois.seg.nrrd")
    assert "nothing is left to compare with" in case.refuse(capsys, "--truth", drawn)


def test_one_class_is_not_enough(case, capsys):
    assert "only one class" in case.refuse(capsys, rois=write_rois(case, (case.rois == 1)))


def test_no_lung_in_view(case, capsys):
    words = case.words()
    at = words.index("--lungs")
    del words[at : at + 2]
    solid = np.random.default_rng(0).normal(40, 20, case.scan.hu.shape).astype(np.int16)
    write_image(case.scan.image(solid), case.folder / "brain.nii.gz")
    words[1] = str(case.folder / "brain.nii.gz")
    assert main([*words, "--quiet"]) == 2
    assert "lung" in capsys.readouterr().err
    assert not (case.folder / "out").exists()


def test_a_shipped_network_goes_by_its_name(case, capsys):
    named = case.refuse(capsys, "--unary", "network", "--network", "emphysema-patches")
    assert "emphysema-patches.safetensors" in named and "trained for the schema emphysema6" in named
    named = case.refuse(capsys, "--unary", "network", "--network", "texture")
    assert "texture.safetensors" in named and "trained for other labels" in named


def test_a_network_must_be_named(case, capsys):
    assert "Give --network" in case.refuse(capsys, "--unary", "network")


def test_a_parameter_out_of_range(case, capsys):
    assert "theta_beta" in case.refuse(capsys, "--crf-theta-beta", "-1")


def test_a_device_that_is_not_there(case, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "'cuda' is not to be had" in case.refuse(capsys, "--device", "cuda")


def test_an_unknown_schema(case, capsys):
    assert "gao6" in case.refuse(capsys, "--schema", "gao6")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(case, capsys):
    case.folder.chmod(0o555)
    try:
        assert "cannot be written" in case.refuse(capsys)
    finally:
        case.folder.chmod(0o755)


def test_a_read_only_place(case, capsys):
    assert "could not be written" in case.refuse(capsys, out="/proc/lungcad")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_no_space_left(case, capsys, monkeypatch):
    import LungCAD.report.case_files as output

    def full(*_):
        with open("/dev/full", "w") as device:  # noqa: PTH123
            device.write("half a table")

    monkeypatch.setattr(output, "write_measurements", full)
    assert "No space left" in case.refuse(capsys)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_the_end_of_a_container_leave_nothing(case, how):
    # A job in the background of a shell inherits a deaf ear for Ctrl-C.
    listen = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", listen + "from LungCAD.cli import main; sys.exit(main())"]
    process = subprocess.Popen(
        [*command, *case.words()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list(case.folder.glob(".unfinished*")):  # work has not begun
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(how)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing was written" in rest
    assert "Traceback" not in rest
    assert not (case.folder / "out").exists()
    assert not [path for path in case.folder.iterdir() if path.name.startswith(".unfinished")]
