"""`lungcad train cpa` as a user runs it, on a few small scans with their sheets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.cli import main
from LungCAD.errors import InputError
from LungCAD.images import write_image
from LungCAD.tasks.cpa.networks import find_networks
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionGrid, ProjectionVolume
from LungCAD.train.cpa import scans as reading
from LungCAD.train.cpa import training
from LungCAD.train.cpa.sheets import read_sheets
from LungCAD.weights import load_network

SHAPE = (12, 32, 32)
QUICK = (
    "--compact",
    "--width",
    "0.06",
    "--side",
    "32",
    "--epochs",
    "1",
    "--precision",
    "32-true",
    "--device",
    "cpu",
)


class SmallVolume:
    """Projections without the published grid, which takes seconds to fill."""

    @staticmethod
    def of(ct):
        hu = sitk.GetArrayFromImage(ct).astype(np.float32)
        lungs = torch.from_numpy((hu > -990) & (hu < 0))
        if not lungs.any():
            raise InputError("The scan", "shows no lungs")
        return ProjectionVolume(
            ProjectionGrid(hu.shape, (1.0, 1.0, 1.0), hu.shape), torch.from_numpy(hu), lungs
        )


def write_scan(hu, path, spacing_mm=5.0):
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((5.0, 5.0, spacing_mm))
    write_image(image, path, overwrite=True)


def values(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


@pytest.fixture
def sheets(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "ProjectionVolume", SmallVolume)
    rng = np.random.default_rng(0)
    scans = ["patient,scan,image,date,disease,date_of_death,last_seen"]
    ticks = ["scan,side,level,preexisting,cavity,fungus_ball,pleural_thickening"]
    for number in range(6):
        hu = rng.normal(-850, 20, SHAPE).astype(np.int16)
        hu[:, :4] = 40
        hu[:2] = hu[-2:] = 40  # the scan ends beyond the lungs
        write_scan(hu, tmp_path / f"doe{number}.nii.gz")
        scans.append(f"doe{number},scan{number},doe{number}.nii.gz,2010-01-01,1,,")
        for region in REGIONS:
            side, level = region.split("_")
            ticks.append(f"scan{number},{side},{level},0,{int(side == 'left')},{int(level == 'upper')},0")
    paths = tmp_path / "scans.csv", tmp_path / "regions.csv"
    for path, rows in zip(paths, (scans, ticks), strict=True):
        path.write_text("\n".join(rows), encoding="utf-8")
    return paths


@pytest.fixture
def words(sheets, tmp_path):
    def words(*more):
        scans, regions = map(str, sheets)
        options = ["--scans", scans, "--regions", regions, *QUICK, *more, "-o", str(tmp_path / "out")]
        return ["train", "cpa", *options, "--only", "cavity", "axial", "--no-together"]

    return words


def refuse(capsys, words):
    assert main([*words, "--quiet"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_networks_cards_and_scores_are_written_once(words, sheets, tmp_path, capsys):
    assert main(words("--licence", "CC BY 4.0")) == 0
    said = capsys.readouterr().out
    assert "cpa-cavity-axial" in said and said.count("mm apart") == 6
    out = tmp_path / "out"
    network, description = load_network(out / "cpa-cavity-axial.safetensors")
    assert description.input == {
        "tasks": ["cavity"],
        "axis": "axial",
        "judges": [],  # so few scans teach too little
        "side": 32,
        "standardise": True,
        "empty": -2.0,
        "shares": True,
        "amounts": True,
    }
    assert description.card.licence == "CC BY 4.0"
    assert not description.card.synthetic
    assert "doe" not in (out / "cpa-cavity-axial.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in (out / "cpa-cavity-axial.md").read_text(encoding="utf-8")
    assert network(torch.zeros(1, 6, 32, 32)).shape == (1, 2)
    assert len(list((out / "projections").glob("scan-*.npz"))) == 6
    written = (out / "cpa-cavity-axial.safetensors").stat().st_mtime_ns
    assert main(words("--licence", "CC BY 4.0", "--quiet")) == 0
    assert (out / "cpa-cavity-axial.safetensors").stat().st_mtime_ns == written
    sheets[1].write_text(sheets[1].read_text().replace("left,upper,0,1", "left,upper,0,0"))
    assert "another training" in refuse(capsys, words("--licence", "CC BY 4.0"))


def test_regions_that_a_scan_does_not_show_whole_teach_nothing(sheets, tmp_path):
    image = tmp_path / "doe2.nii.gz"
    write_scan(values(image)[3:], image)
    cases, warnings = reading.scan_cases(read_sheets(*sheets), tmp_path / "kept")
    lower = [region.endswith("lower") for region in REGIONS]
    assert (cases[2].signs[lower] == -1).all() and (cases[2].signs[~np.array(lower)] >= 0).all()
    assert all((case.signs >= 0).all() for case in cases if case.name != "scan2")
    about = [warning for warning in warnings if "Not judged" in warning]
    assert len(about) == 2 and all("Scan scan2" in each and "base" in each for each in about)
    about = [warning for warning in warnings if "ends within the lungs" in warning]
    assert len(about) == 1 and "Scan scan2" in about[0]  # its reader's thirds may be those of the lungs
    again, _ = reading.scan_cases(read_sheets(*sheets), tmp_path / "kept")
    np.testing.assert_array_equal(again[2].signs, cases[2].signs)


def test_the_scan_at_fault_is_named(words, tmp_path, capsys):
    image = tmp_path / "doe3.nii.gz"
    good = values(image)
    write_scan(good, image, spacing_mm=13.0)
    said = refuse(capsys, words())
    assert "scan3" in said and "doe3.nii.gz" in said and "13 mm apart" in said
    write_scan(np.where(good < 0, -1000, 40).astype(np.int16), image)
    said = refuse(capsys, words())
    assert "scan3" in said and "doe3.nii.gz" in said and "no lungs" in said


def test_bad_input_is_one_line_and_exit_code_two(words, sheets, capsys):
    assert "axiall" in refuse(capsys, [*words(), "--only", "axiall"])
    text = sheets[1].read_text(encoding="utf-8")
    sheets[1].write_text(text + "\nscan0,left,upper,0,0,1,0")
    assert "contradicts" in refuse(capsys, words())
    sheets[1].write_text(text.replace("scan5,", "scan9,"))
    assert "scan9" in refuse(capsys, words())


def test_sheets_without_controls_say_what_can_be_trained(words, capsys):
    """Readers' sheets call a scan diseased or leave that open; nobody's pleura is thick here."""
    full = words()
    full = full[: full.index("--only")]
    assert "--only cavity fungus_ball" in refuse(capsys, [*full, "--side", "96", "--no-together"])


def write_chest(path):
    """Write a body with two lungs that a segmentation of lungs finds."""
    z, y, x = np.ogrid[:36, :96, :96]
    body = ((y - 48) / 40) ** 2 + ((x - 48) / 46) ** 2 < 1
    lungs = ((z - 18) / 15) ** 2 + ((y - 48) / 30) ** 2 + ((np.abs(x - 48) - 21) / 17) ** 2 < 1
    hu = np.where(lungs, -870, np.where(body, 40, -1000)) + np.random.default_rng(3).normal(
        0, 15, lungs.shape
    )
    image = sitk.GetImageFromArray(hu.astype(np.int16))
    image.SetSpacing((3.5, 3.5, 7.0))
    write_image(image, path)


def test_real_lungs_with_painted_signs_are_learned_from_and_choose_no_epoch(
    words, tmp_path, monkeypatch, capsys
):
    class Reduced:
        """As small as the scans of the sheets."""

        of = staticmethod(lambda ct: SmallVolume.of(sitk.BinShrink(ct, [3, 3, 3])))

    monkeypatch.setattr("LungCAD.train.cpa.painted.ProjectionVolume", Reduced)
    ct = tmp_path / "roe.nii.gz"
    write_chest(ct)
    learned = []
    train = training.train_cpa
    monkeypatch.setattr(training, "train_cpa", lambda *given: learned.append(given[2]) or train(*given))
    painted = words("--paint", str(ct), "--paintings", "5")
    assert main([*painted, "--quiet"]) == 0
    split = learned[0]
    cases = [case for case in split.training if case.patient == "real-1"]
    assert [case.name for case in cases] == [f"real-1-{number}" for number in range(5)]
    assert not any(case.patient == "real-1" for case in (*split.validation, *split.test))
    assert len({case.signs.tobytes() for case in cases}) > 1
    assert {case.disease for case in cases if (case.signs == 1).any()} == {1}
    card = (tmp_path / "out" / "cpa-cavity-axial.md").read_text(encoding="utf-8")
    assert "6 scans of 6 patients" in card and "Besides 1 real CT with signs painted in, 5 times each" in card
    assert "--paint CT" in card and "roe" not in card
    kept = sorted((tmp_path / "out" / "projections").glob("painted-*.npz"))
    made = [path.stat().st_mtime_ns for path in kept]
    assert main([*painted, "--quiet"]) == 0
    assert [path.stat().st_mtime_ns for path in kept] == made
    write_chest(tmp_path / "other.nii.gz")
    (tmp_path / "other.nii.gz").replace(ct)
    assert "another training" in refuse(capsys, painted)  # another file of the same name


def test_a_ct_to_paint_that_cannot_be_used_is_named(words, tmp_path, capsys):
    assert "missing.nii.gz" in refuse(capsys, words("--paint", str(tmp_path / "missing.nii.gz")))
    solid = tmp_path / "solid.nii.gz"
    write_scan(np.full(SHAPE, 40, np.int16), solid)
    assert "solid.nii.gz" in refuse(capsys, words("--paint", str(solid)))


def test_phantoms_have_no_survival(tmp_path, capsys):
    words = ["train", "cpa", "--phantoms", "3", "--only", "survival", "-o", str(tmp_path / "out")]
    assert "survival" in refuse(capsys, words)


def test_options_of_the_other_source_are_refused(words, sheets, tmp_path, capsys):
    assert "--unseen: is for synthetic patients" in refuse(capsys, words("--unseen", "2"))
    phantoms = ["train", "cpa", "--phantoms", "3", "-o", str(tmp_path / "out")]
    assert "--regions: belongs to scans" in refuse(capsys, [*phantoms, "--regions", str(sheets[1])])
    for words in ([*phantoms, "--studies", "0"], [*phantoms[:3], "0", *phantoms[4:]]):
        with pytest.raises(SystemExit, match="2"):
            main(words)
        assert "0 is none: give at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "least"), [(["--side", "7"], 8), (["--side", "64", "--only", "disease", "inception_v3"], 75)]
)
def test_pictures_too_small_for_a_network_are_refused_before_any_is_made(words, capsys, more, least):
    given = words(*more[:2])
    given[given.index("--only") + 1 :] = more[3:] or given[given.index("--only") + 1 :]
    line = refuse(capsys, [*given, "--pools", "3"])
    assert "--side" in line and f"at least {least}" in line
    assert not list(Path(given[given.index("-o") + 1]).glob("projections/*"))


def test_a_training_that_is_stopped_says_that_it_goes_on(words, monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("LungCAD.train.cpa.training.train_cpa", stopped)
    assert main(words()) == 130
    assert "stopped; the same command goes on from here" in capsys.readouterr().err


def test_an_imagenet_folder_without_the_file_is_named(words, tmp_path, capsys):
    assert "vgg19" in refuse(capsys, words("--no-shares", "--imagenet", str(tmp_path / "none")))
    assert "--no-shares" in refuse(capsys, words("--imagenet", str(tmp_path / "none")))


@pytest.fixture
def calibration(words, sheets, tmp_path):
    """Words of a calibration of a network that was trained on the same small scans."""
    assert main([*words(), "--quiet"]) == 0
    trained = tmp_path / "out"

    def calibration(*more, weights=trained):
        scans, regions = map(str, sheets)
        source = ["--scans", scans, "--regions", regions, "--weights", str(weights)]
        kept = ["--projections", str(trained / "projections")]
        return ["train", "cpa-calibration", *source, *kept, "-o", str(tmp_path / "calibrated"), *more]

    return calibration


def test_calibrated_networks_replace_those_they_come_from(calibration, tmp_path, capsys):
    assert main(calibration()) == 0
    said = capsys.readouterr().out
    assert "| cavity | 18 / 36 |" in said
    out = tmp_path / "calibrated"
    before, _ = load_network(tmp_path / "out" / "cpa-cavity-axial.safetensors")
    after, description = load_network(out / "cpa-cavity-axial.safetensors")
    record = json.loads((out / "calibration.json").read_text(encoding="utf-8"))
    (task,) = record["tasks"]
    moved = after.classifier[-1].bias - before.classifier[-1].bias
    np.testing.assert_allclose(moved.detach(), [0, task["shift"]], atol=1e-2)
    command = description.card.command
    assert "lungcad train cpa --scans SCANS" in command
    assert "; lungcad train cpa-calibration --scans SCANS --regions REGIONS --weights WEIGHTS" in command
    assert not any(str(tmp_path) in path.read_text(encoding="utf-8") for path in out.glob("*.md"))
    assert "exists" in refuse(capsys, calibration())
    assert main(calibration("--overwrite", "--quiet")) == 0
    found = [each for each in find_networks(str(out)) if not each.shipped]
    assert [(each.task, each.axis) for each in found] == [("cavity", "axial")]


def test_what_cannot_be_calibrated_is_refused_in_one_line(calibration, sheets, tmp_path, capsys):
    assert "--only: disease leaves no network" in refuse(capsys, calibration("--only", "disease"))
    assert "does not exist" in refuse(capsys, calibration(weights=tmp_path / "none"))
    words = ["train", "cpa-calibration", "--phantoms", "3", "-o", str(tmp_path / "c")]
    assert "--regions: belongs to scans" in refuse(capsys, [*words, "--regions", str(sheets[1])])
    text = sheets[0].read_text(encoding="utf-8")
    sheets[0].write_text(
        "\n".join([*text.splitlines()[:1], *("doe0" + row[4:] for row in text.splitlines()[1:])])
    )
    assert "come from 1 patient." in refuse(capsys, calibration())
    assert not (tmp_path / "calibrated").exists()
