import csv
import json

import pytest
import SimpleITK as sitk
from PIL import Image

from LungCAD.cli import main
from LungCAD.images import Scan, same_geometry
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume
from Testing.slicer.cpa_chest import chest, save_networks, small_volume

pytestmark = pytest.mark.usefixtures("without_shipped_signs")


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(ProjectionVolume, "of", small_volume)


@pytest.fixture
def case(tmp_path):
    sitk.WriteImage(chest([(62, 30, 78)], bottom=-60), str(tmp_path / "Doe_John.nii.gz"))
    weights = save_networks(tmp_path / "weights", ("fungus_ball", "disease"), ("axial", "coronal"))
    return ["cpa", str(tmp_path / "Doe_John.nii.gz"), "--weights", str(weights), "--device", "cpu"]


def test_everything_is_written(case, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*case, "--check-maps", "--counterfactual", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Left upper: fungus ball" in printed and "ends within the left lung at its base" in printed
    rows = list(csv.DictReader((out / "signs.csv").open(encoding="utf-8")))
    assert [(row["region"], row["sign"]) for row in rows] == [(region, "fungus_ball") for region in REGIONS]
    found = {row["region"]: row["probability"] for row in rows}
    assert float(found["left_upper"]) > 0.5 > float(found["right_upper"]) and found["left_lower"] == ""
    scan = json.loads((out / "scan.json").read_text(encoding="utf-8"))
    assert scan["peaks"][0]["region"] == "left_upper" and scan["survival"] is None
    assert scan["disease"]["demonstration"] and len(scan["checks"]) == 2
    heat = sitk.ReadImage(str(out / "heatmap_fungus_ball.nii.gz"))
    assert same_geometry(heat, chest(bottom=-60)) and sitk.GetArrayFromImage(heat).max() > 50
    names = {path.stem for path in (out / "projections").iterdir()}
    assert "fungus_ball_coronal_against" in names
    assert {"fungus_ball_axial_upper", "fungus_ball_coronal", "disease_axial", "disease_coronal"} <= names
    with Image.open(out / "projections" / "fungus_ball_coronal.png") as picture:
        assert picture.width > 400
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("Fungus ball: probability while pixels go and come") == 3  # twice alt, once below
    assert "coronal projection. What speaks against it." in page and "gradient negative" in page
    assert "Can the heat maps be believed?" in page and "withheld" in page and "(demonstration)" in page
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert set(record["weights"]) == {
        f"cpa-{task}-{axis}" for task in ("fungus_ball", "disease") for axis in ("axial", "coronal")
    }
    for written in out.glob("*.*"):
        assert b"Doe_John" not in written.read_bytes()


def test_what_is_odd_about_the_files_is_known_to_who_compares(case, tmp_path, monkeypatch):
    """`lungcad follow` reads the warnings of a scan from there."""
    odd = Scan(sitk.ReadImage(case[1]), tmp_path, warnings=("2 of the files are copies of others.",))
    monkeypatch.setattr("LungCAD.cli.cpa.read_ct", lambda *_: odd)
    assert main([*case, "-o", str(tmp_path / "out"), "--quiet"]) == 0
    warnings = json.loads((tmp_path / "out" / "scan.json").read_text(encoding="utf-8"))["warnings"]
    assert odd.warnings[0] in warnings and any("ends within the left lung" in one for one in warnings)


def test_present_signs_without_a_place_are_not_denied(case, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("LungCAD.tasks.cpa.scan.find_peaks", lambda *_: [])
    sitk.WriteImage(chest([(62, 30, 78)]), case[1])
    assert main([*case, "-o", str(tmp_path / "out")]) == 0
    assert "Left upper: fungus ball" in capsys.readouterr().out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<dt>Signs present</dt><dd>1</dd>" in page and "No sign" not in page
    assert "where is not known" in page and "Fungus ball, left upper" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "No sign was found in the 6 regions that could be judged."),
        ({"lungs": ("right",)}, "No sign was found in the 3 regions that could be judged."),
        ({"top": 70, "bottom": -70, "lungs": ("left",)}, "No sign was found in the 1 region that"),
    ],
)
def test_what_was_not_judged_is_not_denied(case, tmp_path, capsys, changes, words):
    sitk.WriteImage(chest(**changes), str(tmp_path / "ct.nii.gz"))
    assert main(["cpa", str(tmp_path / "ct.nii.gz"), *case[2:], "-o", str(tmp_path / "out")]) == 0
    assert words in capsys.readouterr().out
    assert words in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_without_any_network_nothing_is_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("LungCAD.tasks.cpa.networks.shipped_files", lambda *_: [])
    sitk.WriteImage(chest(), str(tmp_path / "ct.nii.gz"))
    assert main(["cpa", str(tmp_path / "ct.nii.gz"), "-o", str(tmp_path / "out")]) == 2
    assert "lungcad train cpa" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


ASKED = {"tasks": ["cavity"], "axis": "axial", "judges": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input": {"side": 112}}, "holds no network for projections"),
        ({"input": {**ASKED, "side": 112, "tasks": ["cavity", "weather"]}}, "'weather' on 'axial'"),
        ({"input": ASKED}, "holds no network for projections"),
    ],
)
def test_weights_of_another_kind(case, tmp_path, capsys, changes, words):
    other = save_networks(tmp_path / "other", axes=("axial",), **changes)
    assert main([*case[:2], "--weights", str(other), "-o", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err


def test_weights_that_are_not_there(case, tmp_path, capsys):
    assert main([*case[:2], "--weights", str(tmp_path / "none"), "-o", str(tmp_path / "out")]) == 2
    assert "none: does not exist" in capsys.readouterr().err


def test_batch_writes_a_row_per_scan(case, tmp_path):
    for name, ct in {
        "a": chest([(62, 30, 78)]),
        "b": chest(lungs=("right",)),
        "none": chest(lungs=()),
    }.items():
        (tmp_path / "scans" / name).mkdir(parents=True)
        sitk.WriteImage(ct, str(tmp_path / "scans" / name / "ct.nii.gz"))
    out = tmp_path / "results"
    words = ["--input", str(tmp_path / "scans"), "--output", str(out), "--quiet"]
    assert main(["batch", "cpa", *words, *case[2:]]) == 2
    rows = {row["scan"]: row for row in csv.DictReader((out / "scans.csv").open(encoding="utf-8"))}
    assert float(rows["a"]["left_upper fungus_ball"]) > 0.5 > float(rows["a"]["right_lower fungus_ball"])
    assert rows["b"]["left_upper fungus_ball"] == "" and rows["b"]["right_upper fungus_ball"]
    assert "shows no lungs" in rows["none"]["error"] and float(rows["a"]["disease"]) >= 0
    assert (out / "a" / "report.html").exists()


def test_follow_compares_what_was_read(case, tmp_path, capsys):
    sitk.WriteImage(chest(), str(tmp_path / "later.nii.gz"))
    for name, ct in {"before": case[1], "after": str(tmp_path / "later.nii.gz")}.items():
        assert main(["cpa", ct, *case[2:], "-o", str(tmp_path / name), "--quiet"]) == 0
    capsys.readouterr()
    words = ["follow", str(tmp_path / "before"), str(tmp_path / "after"), "-o", str(tmp_path / "course")]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "left upper: fungus ball gone" in printed
    shifted = "before: The scan ends within the lungs at their base"
    assert shifted in printed and shifted in (tmp_path / "course" / "report.html").read_text(encoding="utf-8")
    rows = {
        row["region"]: row
        for row in csv.DictReader((tmp_path / "course" / "change.csv").open(encoding="utf-8"))
    }
    assert rows["left_upper"]["verdict"] == "gone" and float(rows["left_upper"]["change"]) < -0.5
    assert rows["left_lower"]["verdict"] == "cannot be compared"
    assert main(["cpa", case[1], *case[2:], "--threshold", "0.7", "-o", str(tmp_path / "c"), "--quiet"]) == 0
    assert main(["follow", str(tmp_path / "before"), str(tmp_path / "c"), "-o", str(tmp_path / "x")]) == 2
    assert "not made in the same way" in capsys.readouterr().err
    before = str(tmp_path / "before")
    assert main(["follow", before, words[2], before, "-o", str(tmp_path / "x")]) == 2
    assert "is of the same CT as" in capsys.readouterr().err
    dated = [tmp_path / year / "out" for year in ("2019", "2021")]
    for path, name in zip(dated, ("before", "after"), strict=True):
        path.parent.mkdir()
        (tmp_path / name).rename(path)
    assert main(["follow", *map(str, dated), "-o", str(tmp_path / "again")]) == 0
    header = (tmp_path / "again" / "change.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "region,sign,2019/out,2021/out,change,verdict"
    capsys.readouterr()
    cut = chest([(62, 30, 78)], top=60, bottom=-60)
    sitk.WriteImage(cut, str(tmp_path / "cut.nii.gz"))
    assert main(["cpa", str(tmp_path / "cut.nii.gz"), *case[2:], "-o", str(tmp_path / "d"), "--quiet"]) == 0
    assert main(["follow", str(dated[1]), str(tmp_path / "d"), "-o", str(tmp_path / "both")]) == 0
    assert "where both could be compared, 2 of 6" in capsys.readouterr().out
    assert main(["follow", str(tmp_path / "before"), "-o", str(tmp_path / "x")]) == 2
    assert main(["follow", str(dated[0]), str(tmp_path), "-o", str(tmp_path / "x")]) == 2
    assert "no result of lungcad cpa" in capsys.readouterr().err
