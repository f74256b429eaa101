"""What the benchmarks of accuracy count, with networks whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import LungCAD.cli.bench.ild_scores as ild_scores
from LungCAD.cli.bench.ild_scores import measure
from LungCAD.cli.bench.patch_histograms import nearest
from LungCAD.cli.bench.patches import best_threshold, scores
from LungCAD.cli.bench.patches import measure as measure_patches
from LungCAD.labels import load_schema
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.weights import ModelCard

SIX = load_schema("lungnet6")


class Network:
    """Reads the answer in the hundreds of HU over air; `wrong` is given in the place of some values."""

    schema, values, device = SIX, SIX.values, torch.device("cpu")
    input = IldInput()
    card = ModelCard("Oracle", data="", licence="", synthetic=False, command="", seed=0, results="")

    def __init__(self, **wrong):
        self.wrong = {int(key[1:]): value for key, value in wrong.items()}

    def apply(self, hu, lungs, progress=None):
        told = np.vectorize(lambda value: self.wrong.get(value, value))(hu[lungs > 0] // 100 + 10)
        return (np.array(self.values)[:, None] == told).astype(np.float32)


def study(seed, schema, told=None, sham=False):
    """Two lungs in which every value of the schema fills a row; HU say what is told of it."""
    labels = np.zeros((2, 12, 8), np.uint8)
    for value in schema.values:
        labels[:, value, 1:7] = schema.values[0] if sham else value
    hu = np.vectorize(lambda v: 100 * (told or {}).get(v, v), otypes=[np.int16])(labels) - np.int16(1000)
    lungs = np.where(labels > 0, np.where(np.arange(8) < 4, 1, 2), 0).astype(np.uint8)
    images = [sitk.GetImageFromArray(array) for array in (hu, labels, lungs)]
    for image in images:
        image.SetSpacing((0.8, 0.8, 1.0))
    return SimpleNamespace(**dict(zip(("ct", "labels", "lungs"), images, strict=True)))


@pytest.fixture(autouse=True)
def small_studies(monkeypatch):
    monkeypatch.setattr(ild_scores, "make_study", lambda p: study(p.seed, SIX, sham=p.sham))


def test_accuracy_and_false_alarms():
    result = measure(Network(), 2)
    assert result["phantom"]["balanced_accuracy"] == 1 and set(result["phantom"]["recall"]) == set(SIX.codes)
    assert not any(result["sham"]["false_alarms"].values())
    result = measure(Network(v1=2), 2)
    assert result["phantom"]["balanced_accuracy"] == pytest.approx(5 / 6)
    assert result["sham"]["false_alarms"]["ground_glass"] == 1


def test_smoothed_labels_are_scored_where_that_is_wanted(monkeypatch):
    """One pixel of each row is told wrongly; the dense CRF takes it for what is around it."""
    apply = Network.apply

    def spotted(self, hu, lungs, progress=None):
        values = 0.8 * apply(self, hu, lungs) + 0.2 / len(self.values)
        values[:, ::29] = np.roll(values[:, ::29], 1, axis=0)
        return values

    monkeypatch.setattr(Network, "apply", spotted)
    monkeypatch.setattr(ild_scores, "make_study", lambda p: study(p.seed, SIX, sham=True))
    plain, smoothed = (measure(Network(), 1, refine=refine) for refine in ("none", "crf2d"))
    assert plain["phantom"]["balanced_accuracy"] < 1 == smoothed["phantom"]["balanced_accuracy"]


def test_another_schema_is_scored_by_what_both_know(tmp_path, monkeypatch):
    """Fibrosis is found as reticulation or honeycombing; emphysema, unknown to the network, is left out."""
    told = {1: 1, 2: 6, 3: 2, 4: 5, 5: 4}
    made = lambda seed: study(seed, load_schema("gao5"), told)  # noqa: E731
    monkeypatch.setattr(ild_scores, "load_generator", lambda name: made)
    recall = measure(Network(), 1, "other.py")["other generator"]["recall"]
    assert recall == {"healthy": 1, "ground_glass": 1, "fibrosis": 1, "micronodules": 0}


def test_the_phantom_is_scored_by_the_classes_of_the_other_generator_too(monkeypatch):
    """Reticulation told as honeycombing is fibrosis; consolidation, told wrongly, is not asked for there."""
    monkeypatch.setattr(ild_scores, "load_generator", lambda name: lambda seed: study(seed, SIX))
    codes = {code: SIX.by_code(code).value for code in SIX.codes}
    wrong = {
        f"v{codes['reticulation']}": codes["honeycombing"],
        f"v{codes['consolidation']}": codes["healthy"],
        f"v{codes['micronodules']}": codes["consolidation"],
    }
    result = measure(Network(**wrong), 2, "other.py")
    assert result["phantom"]["balanced_accuracy"] == pytest.approx(3 / 6)
    alike = result[ild_scores.ALIKE]
    assert alike["recall"] == {"healthy": 1, "ground_glass": 1, "fibrosis": 1, "micronodules": 0}
    assert alike["balanced_accuracy"] == pytest.approx(3 / 4)


def test_nearest_patches_vote():
    histograms = np.array([[1, 0.0], [0.9, 0.1], [0, 1.0], [0.8, 0.2]])
    labels = np.array([0, 1, 2, 1])
    train, test = np.array([0, 1, 2, 3]), np.array([0])
    assert nearest(histograms, labels, train, test)[0] == 0
    assert nearest(histograms, labels, train, test, 3)[0] == 1


def test_threshold_between_two_kinds():
    values = np.array([0.1, 0.2, 0.3, 0.6, 0.7])
    assert best_threshold(values, values > 0.5) == 0.3


def test_scores_of_patches():
    found = scores(np.array([[8, 2, 0], [1, 5, 4], [0, 3, 7]]))
    assert found["all classes"] == pytest.approx(20 / 30)
    assert found["emphysema or not"] == pytest.approx((8 + 19) / 30)


def test_simple_methods_on_simple_patches():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 15)
    hu = np.where(labels[:, None, None], -980, -860) + rng.normal(0, 10, (30, 12, 12))
    data = PatchSet.of(
        hu, np.array(["healthy", "emphysema"])[labels], range(30), ("healthy", "emphysema"), "a test"
    )
    result = measure_patches(data)
    assert result["1 nearest neighbour"]["all classes"] == 1
    assert result["below -950 HU"]["emphysema or not"] == 1
