import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.cli.bench.cpa_peaks import placed_peaks
from LungCAD.phantom.aspergillosis_study import AspergillosisStudy
from LungCAD.report.signs import Peak
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume
from Testing.slicer.cpa_chest import chest, save_networks, small_volume

BALL = (62.0, 30.0, 78.0)
FUNGUS_BALL = 2


def study(ball=BALL):
    ct = chest([ball] if ball else ())
    hu = sitk.GetArrayFromImage(ct)
    images = [np.where(hu > 100, FUNGUS_BALL, 0), ((hu > -900) & (hu < -800)) | (hu > 100)]
    labels, lungs = (sitk.GetImageFromArray(image.astype(np.uint8)) for image in images)
    for image in (labels, lungs):
        image.CopyInformation(ct)
    signs = np.zeros((6, 3), bool)
    if ball:
        signs[REGIONS.index("left_upper"), 1] = True
    return AspergillosisStudy(ct, labels, lungs, signs)


@pytest.fixture
def words(monkeypatch, tmp_path, without_shipped_signs):
    monkeypatch.setattr(ProjectionVolume, "of", small_volume)
    # Of a ball in the aerated lung nothing shows; here it is how disease is told.
    monkeypatch.setattr(ProjectionVolume, "with_aerated", lambda volume: volume)
    studies = [study(None), study()]
    monkeypatch.setattr(
        "LungCAD.cli.bench.cpa.make_aspergillosis", lambda _: iter([studies.pop(), studies.pop()])
    )
    weights = save_networks(tmp_path / "weights", axes=("axial", "coronal"))
    save_networks(tmp_path / "weights", tasks=("disease",), axes=("coronal",), threshold=0.42)
    return ["bench", "cpa", "--studies", "2", "--no-timing", "--weights", str(weights), "--quiet"]


def test_scores_and_peaks(words, tmp_path, capsys):
    assert main([*words, "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    assert "fungus_ball          precision 1.00   recall 1.00   AUC 1.00" in printed
    assert "of 1 peaks within 15 mm of the sign: heat map 1.00" in printed
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["phantom"]
    assert rows["disease"]["auc"] == 1 and np.sum(rows["disease"]["counts"], axis=1).tolist() == [1, 1]
    assert "disease              precision 1.00   recall 1.00   AUC 1.00" in printed
    row = rows["fungus_ball"]
    assert row["counts"] == [[11, 0], [0, 1]] and row["auc"] == 1
    ball = study()
    ml = np.count_nonzero(sitk.GetArrayFromImage(ball.labels)) * np.prod(ball.ct.GetSpacing()) / 1000
    assert row["volumes_ml"] == {"found": [round(ml, 2)], "missed": []}
    assert f"median volume of the sign: found {ml:.1f} ml, missed none" in printed
    away = row["peaks"]["mean_mm"]
    assert away["heat map"] < 5 < away["random"]
    assert away["densest"] == 0  # here nothing else is dense


def test_distances_are_those_to_the_nearest_voxel():
    class Result:
        peaks = (
            Peak("fungus_ball", "left_upper", (BALL[0], BALL[1], BALL[2] + 22 + 30), 1.0, (5, 5, 5)),
            Peak("fungus_ball", "right_upper", BALL, 1.0, (5, 5, 5)),
        )

    ((sign, placed),) = placed_peaks(study(), Result)  # the second is no true positive
    assert sign == "fungus_ball"
    assert placed["heat map"] == pytest.approx(30, abs=6)


def test_what_is_missed_is_measured_in_its_region_alone(words, tmp_path, monkeypatch):
    both = study()
    labels = sitk.GetArrayFromImage(both.labels)
    labels[:, :, : labels.shape[2] // 2] = labels[:, :, ::-1][:, :, : labels.shape[2] // 2]  # in both lungs
    labels[:2] = FUNGUS_BALL  # and below, where no region is said to show it
    image = sitk.GetImageFromArray(labels)
    image.CopyInformation(both.ct)
    signs = both.signs | (np.array(REGIONS) == "right_upper")[:, None] & (np.arange(3) == 1)
    monkeypatch.setattr(
        "LungCAD.cli.bench.cpa.make_aspergillosis", lambda _: iter([replace(both, labels=image, signs=signs)])
    )
    assert main([*words[:3], "1", *words[4:], "--json", str(tmp_path / "out.json")]) == 0
    row = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["phantom"]["fungus_ball"]
    assert row["counts"] == [[4, 0], [1, 1]]
    assert row["auc"] == 0.75  # the one that is missed ties with four regions that show none
    ((found,), (missed,)) = row["volumes_ml"].values()
    ball = np.count_nonzero(sitk.GetArrayFromImage(both.labels)) * np.prod(both.ct.GetSpacing()) / 1000
    assert found == missed == round(ball, 2)


def test_signs_painted_into_real_lungs(words, tmp_path, capsys, monkeypatch):
    ct = tmp_path / "roe.nii.gz"
    sitk.WriteImage(chest(()), str(ct))
    asked = []

    def painted(image, lungs, seed, count, thickness):
        asked.append((image.GetSize(), np.count_nonzero(sitk.GetArrayViewFromImage(lungs)) > 0, seed, count))
        yield from (study(), study(None))

    monkeypatch.setattr("LungCAD.cli.bench.cpa.paint_aspergillosis", painted)
    words += ["--paint", str(ct), "--paintings", "2"]
    assert main([*words, "--json", str(tmp_path / "out.json")]) == 0
    assert asked == [(chest(()).GetSize(), True, 9000, 2)]
    assert (
        "painted CT 1   fungus_ball          precision 1.00   recall 1.00   AUC 1.00"
        in capsys.readouterr().out
    )
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert "roe" not in (tmp_path / "out.json").read_text(encoding="utf-8")
    assert rows["painted CT 1"]["fungus_ball"]["counts"] == [[11, 0], [0, 1]]


def test_a_ct_to_paint_that_is_missing_is_told_before_any_study_is_read(words, tmp_path, capsys):
    assert main([*words, "--paint", str(tmp_path / "none.nrrd")]) == 2
    said = capsys.readouterr()
    assert "none.nrrd" in said.err and not said.out


def test_another_generator(words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("LungCAD.cli.bench.cpa.load_generator", lambda name: lambda seed: study(None))
    assert main([*words, "--cross", "other.py"]) == 0
    assert "other.py   of 0 peaks" in capsys.readouterr().out
