"""Table 1 in kind, against scikit-learn."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)

from LungCAD.train.confusion import ConfusionTable

CLASSES = ("healthy", "emphysema", "ground_glass", "fibrosis")


@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 300)
    given = np.where(rng.random(300) < 0.6, truth, rng.integers(0, 4, 300))
    table = ConfusionTable(confusion_matrix(truth, given), CLASSES)
    precision, recall, f_score, _ = precision_recall_fscore_support(truth, given)
    np.testing.assert_allclose(table.precision, precision)
    np.testing.assert_allclose(table.recall, recall)
    np.testing.assert_allclose(table.f_score, f_score)
    np.testing.assert_allclose(table.rates, confusion_matrix(truth, given, normalize="true"))
    assert table.accuracy == pytest.approx(accuracy_score(truth, given))
    assert table.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, given))


def test_what_is_undefined_is_not_a_number():
    table = ConfusionTable(np.array([[4, 0, 2], [1, 0, 3], [0, 0, 0]]), ("a", "b", "c"))
    assert np.isnan(table.precision[1])
    assert np.isnan(table.recall[2])
    assert table.recall[1] == 0
    plain = json.loads(json.dumps(table.as_dict()))
    assert plain["precision"] == [0.8, None, 0.0]
    assert plain["accuracy"] == 0.4
    assert "| – |" in table.markdown()
    assert np.isnan(ConfusionTable(np.zeros((2, 2)), ("a", "b")).accuracy)


def test_the_table_has_the_rows_of_the_paper():
    table = ConfusionTable(np.array([[3, 1], [0, 4]]), ("healthy", "fibrosis"))
    rows = list(csv.reader(io.StringIO(table.csv())))
    assert rows == [
        ["truth \\ prediction", "healthy", "fibrosis"],
        ["healthy", "0.7500", "0.2500"],
        ["fibrosis", "0.0000", "1.0000"],
        ["precision", "1.0000", "0.8000"],
        ["recall", "0.7500", "1.0000"],
        ["F-score", "0.8571", "0.8889"],
    ]
    assert (
        "Total accuracy: 87.5 %. For reference: 92.8 % (Gao et al. 2016, on its own data" in table.markdown()
    )
