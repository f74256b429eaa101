"""lungcad detect, and lungcad batch detect: what is written, and what is refused."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.batch.detection import detect_scans
from LungCAD.cli import main
from LungCAD.errors import Cancelled
from LungCAD.images import ScanFacts, read_ct, same_geometry
from LungCAD.tasks.ild_detection import IldDetectionParameters
from Testing.slicer.spot_network import CODES, chest, chest_image, save_spot_network

BRIGHT, AIRY = CODES
SPOTS = {BRIGHT: (range(9, 12), (70, 50))}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_spot_network(tmp_path_factory.mktemp("spots") / "spots.safetensors"))


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "Doe_John.nii.gz"
    sitk.WriteImage(sitk.DICOMOrient(chest_image(chest(SPOTS)), "RAI"), path)
    return path


@pytest.fixture(scope="module")
def output(tmp_path_factory, ct, weights):
    folder = tmp_path_factory.mktemp("result") / "OUT"
    written = f"{ct.parent}//{ct.name}"  # as scripts join folder and name
    words = [written, "-o", str(folder), "--weights", weights, "--smoothing-mm", "0", "--quiet"]
    assert main(["detect", *words]) == 0
    return folder


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_slices(output):
    rows = rows_of(output / "slices.csv")
    assert [int(row["slice"]) for row in rows] == list(range(24, 0, -1))  # stored from head to feet
    assert [float(row["z [mm]"]) for row in rows] == pytest.approx([300 + 5 * z for z in range(24)])
    shown = [z for z, row in enumerate(rows) if float(row[f"smoothed probability of {BRIGHT}"] or 0) > 0.5]
    assert shown == [9, 10, 11]
    silent = [row for row in rows if row["abstained"] == "1"]
    assert len(silent) == 4 and all(row[f"probability of {BRIGHT}"] == "" for row in silent)


def test_scan(output):
    scan = json.loads((output / "scan.json").read_text(encoding="utf-8"))
    assert (scan["slices"], scan["judged"]) == (24, 20)
    bright, airy = scan["diseases"]
    assert bright["present"] is True and airy["present"] is False
    (where,) = bright["ranges"]
    assert (where["first"], where["last"]) == (15, 13) and where["from_mm"] == 345
    record = json.loads((output / "run.json").read_text(encoding="utf-8"))
    assert record["weights"]["WEIGHTS"]["file"] == "spots.safetensors"
    assert record["command"].startswith("lungcad detect CT -o OUTPUT --weights WEIGHTS")


def test_heat_map_lies_on_the_scan(output, ct):
    heat = sitk.ReadImage(output / f"heatmap_{BRIGHT}.nii.gz")
    assert same_geometry(heat, read_ct(ct).image)
    values = sitk.GetArrayFromImage(heat)
    assert values.dtype == np.uint8 and values.max() > 90
    assert not sitk.GetArrayFromImage(sitk.ReadImage(output / f"heatmap_{AIRY}.nii.gz")).max() > 5


def test_report(output):
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "13–15 (S 345 to 355 mm, highest" in page
    assert page.count("<figure>") >= 2 and "the disease that it has learned is synthetic" in page
    links = re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)
    assert not links and "Doe_John" not in page
    assert "not seen" in page and "present" in page


def test_a_scan_that_may_have_it_is_told_from_one_that_has(tmp_path, ct, capsys):
    strict = save_spot_network(tmp_path / "strict.safetensors", scan_offset=15.0)
    (tmp_path / "in" / "a").mkdir(parents=True)
    shutil.copy(ct, tmp_path / "in" / "a" / "ct.nii.gz")
    words = ["--weights", str(strict), "--smoothing-mm", "0"]
    assert main(["detect", str(ct), "-o", str(tmp_path / "one"), *words]) == 0
    assert re.search(r"Ground glass opacity +doubtful \(0\.23\), slices 13–15", capsys.readouterr().out)
    assert "<td>doubtful</td>" in (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    many = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert main(["batch", "detect", *many, *words]) == 0
    (row,) = rows_of(tmp_path / "out" / "scans.csv")
    assert (row[BRIGHT], row[f"{BRIGHT} slices"]) == ("0", "13 to 15")


def test_nothing_is_overwritten(output, ct, weights, capsys):
    assert main(["detect", str(ct), "-o", str(output), "--weights", weights]) == 2
    assert "exists already" in capsys.readouterr().err


def test_heat_maps_of_an_earlier_run_do_not_stay(tmp_path, ct, weights):
    folder = tmp_path / "OUT"
    words = ["detect", str(ct), "-o", str(folder), "--weights", weights, "--quiet"]
    assert main(words) == 0
    (folder / "notes.txt").write_text("mine")
    assert main([*words, "--overwrite", "--no-heat-maps"]) == 0
    assert not list(folder.glob("heatmap_*")) and (folder / "notes.txt").exists()
    (tmp_path / "in" / "a").mkdir(parents=True)
    shutil.copy(ct, tmp_path / "in" / "a" / "ct.nii.gz")
    for heat_maps in (True, False):
        parameters = IldDetectionParameters(weights=weights, heat_maps=heat_maps, mirrored=False)
        detect_scans(tmp_path / "in", tmp_path / "results", parameters, overwrite=True)
        assert bool(list((tmp_path / "results" / "a").glob("heatmap_*"))) is heat_maps


def test_a_folder_of_scans_as_ild_has_it(tmp_path, ct, weights, monkeypatch):
    """With a mask of the lungs, which nothing is asked of here, and a name that looks like an option."""
    case = tmp_path / "in" / "-x"
    case.mkdir(parents=True)
    shutil.copy(ct, case / "ct.nii.gz")
    mask = sitk.ReadImage(str(ct)) > -5000
    sitk.WriteImage(sitk.Cast(mask, sitk.sitkUInt8), str(case / "lungs.nii.gz"))
    monkeypatch.chdir(tmp_path / "in")
    words = ["batch", "detect", "--input", ".", "--output", "../out", "--weights", weights, "--quiet"]
    assert main(words) == 0
    (row,) = rows_of(tmp_path / "out" / "scans.csv")
    assert (row["scan"], row["state"]) == ("-x", "done")
    (tmp_path / "out" / "-x" / "scan.json").unlink()
    assert main(words) == 2
    shutil.rmtree(tmp_path / "out" / "-x")
    assert main(words) == 0


def test_a_report_without_a_command_line_says_how_to_repeat_it(tmp_path, ct, weights):
    (tmp_path / "in" / "a").mkdir(parents=True)
    shutil.copy(ct, tmp_path / "in" / "a" / "ct.nii.gz")
    detect_scans(tmp_path / "in", tmp_path / "out", IldDetectionParameters(weights=weights))
    page = (tmp_path / "out" / "a" / "report.html").read_text(encoding="utf-8")
    assert "lungcad batch detect --input CASES --output RESULTS" in page


def test_bad_input_leaves_nothing(tmp_path, ct, weights, capsys):
    sitk.WriteImage(chest_image(chest(SPOTS)[:, 40:110, 40:110]), tmp_path / "small.nii.gz")
    for words, sentence in (
        ([str(tmp_path / "small.nii.gz"), "--weights", weights], "not a chest"),
        ([str(ct), "--weights", str(tmp_path / "none.safetensors")], "cannot be read"),
        ([str(ct), "--weights", weights, "--smoothing-mm", "-1"], "less than 0"),
    ):
        assert main(["detect", *words, "-o", str(tmp_path / "out")]) == 2
        assert sentence in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def test_a_scan_without_lungs(tmp_path, weights, capsys):
    sitk.WriteImage(chest_image(chest({})[:5]), tmp_path / "belly.nii.gz")
    out = tmp_path / "out"
    assert main(["detect", str(tmp_path / "belly.nii.gz"), "--weights", weights, "-o", str(out)]) == 0
    assert "not said" in capsys.readouterr().out
    assert "No slice shows enough lung." in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads((out / "scan.json").read_text(encoding="utf-8"))["diseases"][0]["present"] is None


def test_how_it_was_scanned(tmp_path, weights, monkeypatch):
    """As the headers of a DICOM series have it."""

    def read(*where):
        return dataclasses.replace(read_ct(*where), facts=ScanFacts(slice_thickness_mm=7.0))

    for module in ("LungCAD.cli.detect", "LungCAD.batch.scans"):
        monkeypatch.setattr(f"{module}.read_ct", read)
    (tmp_path / "in" / "a").mkdir(parents=True)
    ct, bare = tmp_path / "in" / "a" / "ct.nii.gz", {"heat_maps": False, "mirrored": False}
    sitk.WriteImage(chest_image(chest({})), ct)
    assert main(["detect", str(ct), "-o", str(tmp_path / "one"), "--weights", weights, "--no-heat-maps"]) == 0
    detect_scans(tmp_path / "in", tmp_path / "out", IldDetectionParameters(weights=weights, **bare))
    for folder in (tmp_path / "one", tmp_path / "out" / "a"):
        scan = json.loads((folder / "scan.json").read_text(encoding="utf-8"))
        assert any("7 mm thick" in warning for warning in scan["warnings"])


@pytest.fixture
def cases(tmp_path):
    for name, hu in (
        ("a", chest(SPOTS)),
        ("b", chest({})),
        ("c", chest({})[:5]),
        ("d", np.zeros((3, 64, 64), np.int16)),
    ):
        (tmp_path / "in" / name).mkdir(parents=True)
        sitk.WriteImage(chest_image(hu), tmp_path / "in" / name / "ct.nii.gz")
    return tmp_path


def test_many_scans(cases, weights, capsys):
    words = ["batch", "detect", "--input", str(cases / "in"), "--output", str(cases / "out")]
    words += ["--weights", weights, "--smoothing-mm", "0"]
    assert main(words) == 2
    a, b, c, d = rows_of(cases / "out" / "scans.csv")
    assert (a["scan"], a["state"], a[BRIGHT], a[f"{BRIGHT} slices"]) == ("a", "done", "1", "10 to 12")
    assert float(a[f"{BRIGHT} probability"]) > 0.9
    assert (b[BRIGHT], b[f"{BRIGHT} slices"], c[BRIGHT]) == ("0", "", "")
    assert d["state"] == "refused" and "single value" in d["error"]
    assert main(words) == 2
    assert [row["state"] for row in rows_of(cases / "out" / "scans.csv")] == ["kept"] * 3 + ["refused"]


def test_many_scans_stopped_and_gone_on_with(cases, weights):
    parameters = IldDetectionParameters(weights=weights, smoothing_mm=0.0)

    def stop(fraction, _message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        detect_scans(cases / "in", cases / "out", parameters, progress=stop)
    stopped = rows_of(cases / "out" / "scans.csv")
    assert [row["state"] for row in stopped] == ["done", "waiting", "waiting", "waiting"]
    assert stopped[0][BRIGHT] == "1" and stopped[1][BRIGHT] == ""
    done = detect_scans(cases / "in", cases / "out", parameters)
    assert (done.scans, list(done.failed)) == (4, ["d"])
    states = [row["state"] for row in rows_of(done.table)]
    assert states == ["kept", "done", "done", "refused"]


def test_results_of_weights_that_changed_are_not_taken_for_current(cases, capsys):
    own = cases / "Doe_John" / "own.safetensors"
    own.parent.mkdir()
    save_spot_network(own)
    words = ["batch", "detect", "--input", str(cases / "in"), "--output", str(cases / "out")]
    words += ["--weights", str(own), "--no-heat-maps", "--quiet"]
    main(words)
    record = (cases / "out" / "a" / "run.json").read_text(encoding="utf-8")
    assert json.loads(record)["parameters"]["weights"] == "own.safetensors" and "Doe" not in record
    own.unlink()
    save_spot_network(own, threshold=0.6)
    main(words)
    (a, *_) = rows_of(cases / "out" / "scans.csv")
    assert a["state"] == "refused" and "other weights" in a["error"]
    main([*words, "--overwrite"])
    assert rows_of(cases / "out" / "scans.csv")[0]["state"] == "done"
