"""The paper's tables in kind: which numbers stand beside ours, at which threshold, from how many slices."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection import tables
from LungCAD.train.detection.kept_scores import KeptScores
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.published_tables import (
    LAYERS_PX,
    PAPER_F1,
    PAPER_FEW_AUC,
    PAPER_LAYERS_AUC,
    PAPER_LAYERS_F1,
)
from LungCAD.train.detection.slices import DISEASES, SliceSet
from LungCAD.train.detection.table_rows import Row, few_markdown, layers_markdown, methods_markdown
from LungCAD.train.detection.tables import compare_layers, compare_methods, few_patients
from LungCAD.train.detection.training import fit

SMALL = DetectionTrainingParameters(
    width=1 / 32, dense=4, folds=2, epochs=1, batch=8, local=0.0, device="cpu"
)
OURS = [Row("conv1", (0.5,) * 5, (0.25,) * 4), Row("CNN", (0.5,) * 5, (np.nan,) * 4)]


def slices(count, patients, low=2000.0, high=2900.0):
    """Noise, whose diseases have areas between these, in mm2: above 4000 pixels of 0.7 mm, below 6000."""
    rng = np.random.default_rng(0)
    areas = np.where(rng.random((count, 4)) < 0.5, rng.uniform(low, high, (count, 4)), 0)
    return SliceSet(
        rng.integers(0, 256, (count, 3, 224, 224), dtype=np.uint8),
        areas.astype(np.float32),
        np.array([f"p{n % patients}" for n in range(count)]),
        DISEASES,
        DetectionInput(),
        "noise",
        "none",
        folds=np.arange(count) % patients % 3,
    )


def test_the_network_of_table_6_is_that_of_table_4():
    table_4 = PAPER_F1[LAYERS_PX]["regression smooth L1"]
    assert PAPER_LAYERS_F1["CNN"] == pytest.approx(table_4, abs=0.0006)


def test_few_slices_favour_the_first_layer_and_many_the_network():
    """As the paper says of its tables 5 and 7."""
    for disease in range(4):
        assert PAPER_LAYERS_AUC["CNN"][disease] == max(row[disease] for row in PAPER_LAYERS_AUC.values())
        assert PAPER_FEW_AUC["conv1"][disease] == max(row[disease] for row in PAPER_FEW_AUC.values())


def test_layers_stand_beside_tables_5_and_6():
    text = layers_markdown(OURS, 3000, DISEASES)
    first, second = text.split("\n\n")
    assert all("at T = 4000 px (1960 mm2), from 3000 slices" in table for table in (first, second))
    assert "| conv1 | 0.250 (0.979) |" in first and "(table 5)" in first
    assert "| CNN | – (0.990) |" in first
    assert "| conv1 | 0.500 (0.871) |" in second and "0.500 (0.777) |" in second and "(table 6)" in second


def test_layers_of_few_slices_stand_beside_table_7():
    text = few_markdown(OURS, 240, DISEASES)
    assert "at T = 4000 px (1960 mm2), from 240 slices" in text
    assert "| conv1 | 0.250 (0.984) | 0.250 (0.976) | 0.250 (0.898) | 0.250 (0.988) |" in text


def test_every_table_of_methods_names_its_threshold():
    assert methods_markdown(OURS, 6000.0, DISEASES).count("at T = 6000 px (2940 mm2)") == 2


def test_layers_are_compared_at_4000_pixels():
    data = slices(24, 6)
    rows = compare_layers(data, data, SMALL, layers=("fc6",), components=2, dimensions=2)
    assert [row.name for row in rows] == ["fc6", "CNN"]
    assert all(np.isfinite(row.auc).all() for row in rows)


def test_rows_that_were_kept_are_not_computed_again(tmp_path, monkeypatch):
    data, kept = slices(24, 6), KeptScores(tmp_path)
    methods, layers = ("classification", "regression L2"), ("conv5", "fc6")

    def compare(only_methods, only_layers, kept):
        rows = compare_methods(data, data, SMALL, (4000.0,), only_methods, kept=kept)[4000.0]
        vectors = {"components": 2, "dimensions": 2, "kept": kept}
        return rows, compare_layers(data, data, SMALL, layers=only_layers, **vectors)

    at_once = compare(methods, layers, None)
    compare(methods[:1], layers[:1], kept)  # broken off after these

    trained = []
    monkeypatch.setattr(tables, "fit", lambda *args, **kwargs: trained.append(1) or fit(*args, **kwargs))
    assert compare(methods, layers, kept) == at_once
    assert len(trained) == 2  # the second method, and the layers' network from its checkpoint for fc6
    assert compare(methods, layers, kept) == at_once
    assert len(trained) == 2


def test_few_patients_are_whole_and_as_many_as_folds():
    data = slices(160, 80)
    few = few_patients(data, SMALL)
    chosen = set(few.patients)
    assert len(chosen) == 6  # 18 / 240 of 80
    assert len(few) == np.isin(data.patients, list(chosen)).sum()
    assert few.folds is None
    assert len(set(few_patients(slices(24, 6), SMALL).patients)) == 2
