"""Losses, weights, targets and metrics of detection against closed forms and counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score, roc_auc_score

from LungCAD.train.detection.losses import (
    balancing_weights,
    multi_label_logistic,
    multi_label_regression,
    single_label_softmax,
)
from LungCAD.train.detection.metrics import agreement, areas_under_roc, patient_bootstrap
from LungCAD.train.detection.targets import (
    T4000_MM2,
    T6000_MM2,
    area_target,
    ramp_target,
    square_millimetres,
    step_target,
)

TABLE_1 = (41194, 20560, 17392, 36328)


def test_balancing_weights_of_the_papers_table_1():
    np.testing.assert_allclose(balancing_weights(TABLE_1), (0.16082, 0.20549, 0.21235, 0.17135), atol=5e-6)


def test_balancing_weights_sum_to_one_less_a_class():
    assert balancing_weights([3, 1, 0, 7]).sum() == pytest.approx(3 / 4)


def test_no_positive_slice_has_no_weights():
    with pytest.raises(ValueError, match="positives"):
        balancing_weights([0, 0])


def test_multi_label_logistic_is_equation_1():
    rng = np.random.default_rng(0)
    f, present = rng.normal(0, 3, (5, 4)), rng.random((5, 4)) < 0.5
    y = np.where(present, 1, -1)
    expected = np.log(1 + np.exp(-y * f)).sum(1).mean()
    loss = multi_label_logistic(torch.tensor(f), torch.tensor(present, dtype=torch.float64))
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_multi_label_logistic_with_weights_is_equation_5():
    f, beta = torch.tensor([[2.0, -1.0]]), torch.tensor([0.3, 0.7])
    loss = multi_label_logistic(f, torch.tensor([[1.0, 1.0]]), beta)
    assert loss.item() == pytest.approx(0.3 * np.log1p(np.exp(-2)) + 0.7 * np.log1p(np.exp(1)))


@pytest.mark.parametrize(
    ("error", "l2", "smooth"), [(0.5, 0.25, 0.125), (-0.5, 0.25, 0.125), (1.0, 1.0, 0.5), (-3.0, 9.0, 2.5)]
)
def test_regression_losses_are_equations_2_and_3(error, l2, smooth):
    y, f = torch.tensor([[error, 0.0]]), torch.zeros(1, 2)
    assert multi_label_regression(f, y, smooth=False).item() == pytest.approx(l2)
    assert multi_label_regression(f, y, smooth=True).item() == pytest.approx(smooth)


def test_regression_with_weights_is_equation_6():
    y, f = torch.tensor([[0.5, 3.0]]), torch.zeros(1, 2)
    loss = multi_label_regression(f, y, smooth=True, weights=torch.tensor([0.25, 0.5]))
    assert loss.item() == pytest.approx(0.25 * 0.125 + 0.5 * 2.5)


def test_the_smooth_loss_bounds_its_gradient_and_l2_does_not():
    f = torch.zeros(1, 1, requires_grad=True)
    for smooth, gradient in ((True, -1.0), (False, -200.0)):
        (found,) = torch.autograd.grad(multi_label_regression(f, torch.full((1, 1), 100.0), smooth), f)
        assert found.item() == pytest.approx(gradient)


def test_single_label_softmax():
    outputs = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 0.0]])
    expected = (np.log(np.exp([1, 2, 0.5]).sum()) - 2) / 2 + np.log(3) / 2
    assert single_label_softmax(outputs, torch.tensor([1, 0])).item() == pytest.approx(expected)


def test_thresholds_in_square_millimetres():
    assert (pytest.approx(2940), pytest.approx(1960)) == (T6000_MM2, T4000_MM2)


def test_maps_from_area_to_target():
    areas = np.array([0.0, 980.0, 1960.0, 2940.0, 5880.0, np.inf])
    threshold = square_millimetres(6000)
    np.testing.assert_allclose(area_target(areas[:5], threshold), (0, 1 / 3, 2 / 3, 1, 2))
    np.testing.assert_array_equal(step_target(areas, threshold), (0, 0, 0, 1, 1, 1))
    np.testing.assert_allclose(ramp_target(areas, 980, 2940), (0, 0, 0.5, 1, 1, 1))


def test_a_ramp_that_falls_is_refused():
    with pytest.raises(ValueError, match="lower"):
        ramp_target([1.0], 2, 2)


def test_agreement_by_hand():
    truth = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]], bool)
    found = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0]], bool)
    one = agreement(truth, found)  # slices 0, 2, 3 and 4 count; in 2 nothing is found, in 4 nothing is there
    assert one.jaccard == pytest.approx((1 / 3 + 0 + 1 + 0) / 4)
    assert one.precision == pytest.approx((1 / 2 + 0 + 1 + 0) / 4)
    assert one.recall == pytest.approx((1 / 2 + 0 + 1 + 0) / 4)
    assert one.f1 == pytest.approx(0.375)
    assert one.per_disease == pytest.approx((2 / 3, 0, 2 / 3))
    assert one.macro_f1 == pytest.approx(4 / 9)


def test_agreement_as_scikit_learn_has_it():
    rng = np.random.default_rng(1)
    truth, found = rng.random((2, 400, 4)) < 0.2
    some = (truth | found).any(1)
    one = agreement(truth, found)
    for measure, value in (
        (jaccard_score, one.jaccard),
        (precision_score, one.precision),
        (recall_score, one.recall),
    ):
        expected = measure(truth[some], found[some], average="samples", zero_division=0)
        assert value == pytest.approx(expected)
    np.testing.assert_allclose(one.per_disease, f1_score(truth, found, average=None))
    assert one.macro_f1 == pytest.approx(f1_score(truth, found, average="macro"))


def test_nothing_there_and_nothing_found():
    nothing = np.zeros((3, 2), bool)
    assert agreement(nothing, nothing).f1 == 0


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="found"):
        agreement(np.zeros((3, 2), bool), np.zeros((3, 4), bool))


def test_a_disease_that_never_occurs_has_no_roc_curve():
    truth = np.array([[1, 0], [0, 0], [1, 0]], bool)
    scores = np.array([[0.9, 0.1], [0.2, 0.3], [0.1, 0.2]])
    found = areas_under_roc(truth, scores)
    assert found[0] == pytest.approx(roc_auc_score(truth[:, 0], scores[:, 0]))
    assert np.isnan(found[1])


def test_the_bootstrap_draws_patients_not_slices():
    patients = np.repeat(["a", "b", "c", "d"], 50)
    values = np.repeat([0.0, 0.0, 1.0, 1.0], 50)
    low, high = patient_bootstrap(patients, lambda rows: values[rows].mean(), rounds=400)
    assert (low, high) == (0.0, 1.0)  # slices drawn one by one would stay near one half


def test_the_bootstrap_repeats():
    patients, values = np.repeat(np.arange(10), 3).astype(str), np.arange(30.0)
    first, second = (patient_bootstrap(patients, lambda rows: values[rows].mean(), 50) for _ in range(2))
    np.testing.assert_array_equal(first, second)
