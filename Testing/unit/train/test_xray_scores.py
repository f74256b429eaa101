"""Agreement of masks against scikit-learn, SimpleITK and closed form."""

import numpy as np
import pytest
import SimpleITK as sitk
from sklearn.metrics import f1_score, jaccard_score

from LungCAD.train.xray.outcome import markdown
from LungCAD.train.xray.radiographs import IGNORE
from LungCAD.train.xray.scores import score, summary, surface_distance


def test_overlap_is_scikit_learns():
    rng = np.random.default_rng(0)
    predicted, truth = rng.random((40, 30)) < 0.6, (rng.random((40, 30)) < 0.5).astype(np.uint8)
    truth[:5] = IGNORE
    counted = truth != IGNORE
    found = score("a", "PA", predicted, truth)
    assert found.iou == pytest.approx(jaccard_score(truth[counted], predicted[counted]))
    assert found.dice == pytest.approx(f1_score(truth[counted], predicted[counted]))


def test_surface_distance_is_simpleitks():
    y, x = np.mgrid[:80, :70]
    first = (y - 40) ** 2 + (x - 30) ** 2 < 400
    second = (y - 43) ** 2 + 1.5 * (x - 33) ** 2 < 420
    outlines = [sitk.LabelContour(sitk.GetImageFromArray(mask.astype(np.uint8))) for mask in (first, second)]
    sums, counts = [], []
    for one, other in (outlines, outlines[::-1]):
        away = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(other, False, False))
        values = np.abs(away)[sitk.GetArrayFromImage(one) > 0]
        sums.append(values.sum())
        counts.append(len(values))
    assert surface_distance(first, second) == pytest.approx(sum(sums) / sum(counts), rel=1e-3)


def test_shifted_square():
    truth = np.zeros((50, 50), np.uint8)
    truth[10:30, 10:30] = 1
    predicted = np.zeros_like(truth, bool)
    predicted[10:30, 12:32] = True
    found = score("a", "PA", predicted, truth, pixel_mm=0.5)
    assert found.iou == pytest.approx(360 / 440) and found.dice == pytest.approx(720 / 800)
    assert found.surface_mm == found.surface_px / 2


def test_empty_masks():
    nothing, something = np.zeros((9, 9), np.uint8), np.eye(9, dtype=np.uint8)
    assert score("a", "PA", nothing > 0, nothing).iou == 1
    missed = score("a", "PA", nothing > 0, something)
    assert missed.iou == missed.dice == 0 and missed.surface_px == np.inf


def test_summary_by_view():
    truth = np.ones((4, 4), np.uint8)
    half = np.zeros((4, 4), bool)
    half[:2] = True
    scores = [score("a", "PA", truth > 0, truth), score("b", "AP", half, truth)]
    found = summary(scores)
    assert found["all"]["iou"] == {"films": 2, "mean": 0.75, "min": 0.5, "max": 1.0, "sd": 0.25}
    assert found["PA"]["iou"]["mean"] == 1 and found["AP"]["iou"]["films"] == 1


def test_a_film_without_a_mask_has_no_outline_to_measure():
    truth, none = np.zeros((9, 9), np.uint8), np.zeros((9, 9), bool)
    truth[2:6, 2:6] = 1
    found = summary([score("a", "PA", truth > 0, truth), score("b", "AP", none, truth)])
    assert found["all"]["surface_px"] == {"films": 1, "mean": 0.0, "min": 0.0, "max": 0.0, "sd": 0.0}
    assert found["all"]["iou"]["films"] == 2
    assert found["AP"]["surface_px"]["films"] == 0
    text = markdown(found)
    assert "| all (1) | surface distance, px | 0.000 " in text
    assert "| AP (0) | surface distance, px | – | – | – | – |" in text and "nan" not in text
