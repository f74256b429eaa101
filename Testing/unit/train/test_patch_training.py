"""Training: learns, keeps patients apart, repeats itself, goes on where it was broken off."""

from __future__ import annotations

import dataclasses
import signal

import numpy as np
import pytest
import torch

import LungCAD.train.patches.training as training
from LungCAD.errors import Cancelled, InputError
from LungCAD.networks import AlexNet
from LungCAD.train.patches.fitting import confusion_of, fit
from LungCAD.train.patches.learner import turned
from LungCAD.train.patches.parameters import PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patches.training import split_by_patient, train_patches
from LungCAD.unary.sliding import classify
from LungCAD.unary.texture import WINDOWS_HU
from LungCAD.weights import load_network
from LungCAD.weights.shipped import shipped

QUICK = PatchTrainingParameters(width=0.25, patch=12, epochs=2, batch=16, device="cpu")


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    states = a.state_dict(), b.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def random_set(seed, patients=9, classes=4):
    rng = np.random.default_rng(seed)
    count = 120
    return PatchSet(
        np.zeros((count, 8, 8), np.int16),
        np.arange(count) % classes,
        tuple("abcd"[:classes]),
        np.sort(rng.integers(0, patients, count)),
        "random",
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("folds", [2, 3])
def test_no_patient_is_on_both_sides_and_every_patch_is_tested_once(seed, folds):
    data = random_set(seed)
    tested = []
    for train, test in split_by_patient(data, folds, seed):
        assert not set(data.patients[train]) & set(data.patients[test])
        assert sorted([*train, *test]) == list(range(len(data)))
        tested.extend(test)
    assert sorted(tested) == list(range(len(data)))


def test_too_few_patients_for_the_folds():
    with pytest.raises(InputError, match="1 patients for 2 folds"):
        list(split_by_patient(random_set(0, patients=1), 2, 0))


def test_a_class_that_one_patient_has_alone():
    data = random_set(0)
    data = dataclasses.replace(data, labels=np.where(data.patients == 3, 1, 0), classes=("a", "b"))
    with pytest.raises(InputError, match="too few patients with b"):
        list(split_by_patient(data, 2, 0))


def test_a_class_in_one_fold_alone_ends_it_before_it_begins(tmp_path, monkeypatch):
    """Whichever of the folds it is."""
    data = random_set(0)
    data = dataclasses.replace(data, labels=np.where(data.patients == 3, 1, 0), classes=("a", "b"))
    fitted = []
    monkeypatch.setattr(training, "fit", lambda *_: fitted.append(1))
    monkeypatch.setattr(training, "confusion_of", lambda *_: np.zeros((2, 2), int))
    for seed in range(4):
        with pytest.raises(InputError, match="too few patients with b"):
            train_patches(data, dataclasses.replace(QUICK, seed=seed), checkpoints=tmp_path / "c")
    assert not fitted and not (tmp_path / "c").exists()


def test_textures_are_learned_and_told_apart_in_new_patients(stripes):
    trained = train_patches(stripes, dataclasses.replace(QUICK, epochs=25))
    assert trained.table.counts.sum() == len(stripes)
    assert trained.table.accuracy > 0.9
    assert len(trained.folds) == 2
    given = classify(trained.network, stripes.hu, trained.patches, 50, "cpu").argmax(1)
    assert np.mean(given == stripes.labels) > 0.9


def test_the_shipped_texture_network_goes_on_learning(stripes):
    texture = PatchTrainingParameters(architecture="texture_patches", patch=12, epochs=6, device="cpu")
    shown, _ = load_network(shipped("texture"))
    begun = fit(stripes, dataclasses.replace(texture, learning_rate=1e-12, epochs=1)).network
    for name, tensor in shown.state_dict().items():
        torch.testing.assert_close(begun.texture.state_dict()[name], tensor, atol=1e-6, rtol=0)
    trained = train_patches(stripes, texture)
    assert trained.table.accuracy > 0.9
    assert trained.patches.windows == WINDOWS_HU
    assert not torch.equal(trained.network.texture.stem[0].weight, shown.stem[0].weight)


def test_the_texture_network_has_one_size():
    with pytest.raises(InputError, match=r"width: is 0\.5, and the texture network has one size"):
        PatchTrainingParameters(architecture="texture_patches", width=0.5)


def test_confusion_counts_what_the_network_says(stripes):
    learner = fit(stripes, QUICK)
    counts = confusion_of(learner, stripes, QUICK)
    given = classify(learner.network.eval(), stripes.hu, learner._input, 50, "cpu").argmax(1)
    expected = np.zeros((3, 3), int)
    np.add.at(expected, (stripes.labels, given), 1)
    assert np.array_equal(counts, expected)
    assert np.array_equal(confusion_of(learner, stripes, QUICK), expected), "counting starts anew"


def test_the_same_seed_gives_the_same_network_and_another_another(stripes):
    torch.manual_seed(5)
    first = fit(stripes, QUICK).network
    torch.manual_seed(6)
    assert same(first, fit(stripes, QUICK).network)
    assert not same(first, fit(stripes, dataclasses.replace(QUICK, seed=1)).network)


def stop_after(fraction, error):
    def progress(done, message):
        if done > fraction:
            raise error

    return progress


def test_a_broken_off_training_ends_with_the_same_network(stripes, tmp_path):
    parameters = dataclasses.replace(QUICK, epochs=4)
    whole = train_patches(stripes, parameters)
    for fraction in (0.2, 0.55, 0.9):
        with pytest.raises(Cancelled):
            train_patches(stripes, parameters, None, tmp_path, stop_after(fraction, Cancelled()))
    resumed = train_patches(stripes, parameters, None, tmp_path)
    assert same(whole.network, resumed.network)
    assert np.array_equal(whole.table.counts, resumed.table.counts)
    told = []
    again = train_patches(stripes, parameters, None, tmp_path, lambda done, _: told.append(done))
    assert same(whole.network, again.network)
    assert told == [1.0], "nothing is left to train"


def test_checkpoints_of_another_training_are_refused(stripes, tmp_path):
    train_patches(stripes, QUICK, None, tmp_path)
    with pytest.raises(InputError, match="another training"):
        train_patches(stripes, dataclasses.replace(QUICK, seed=1), None, tmp_path)
    with pytest.raises(InputError, match="another training"):
        train_patches(stripes.take(np.arange(100)), QUICK, None, tmp_path)


def test_ctrl_c_is_what_it_is_everywhere(stripes):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(stripes, QUICK, progress=stop_after(0.1, KeyboardInterrupt()))
    assert signal.getsignal(signal.SIGINT) is before


def test_progress_reaches_the_end_without_going_back(stripes):
    told = []
    train_patches(stripes, QUICK, progress=lambda done, _: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 20


def test_alexnet_starts_from_the_given_tensors(stripes):
    torch.manual_seed(0)
    state = AlexNet(10, width=1 / 32).state_dict()
    tiny = dataclasses.replace(QUICK, architecture="alexnet", width=1 / 32, epochs=1, learning_rate=1e-12)
    few = stripes.take(np.arange(12))
    network = fit(few, tiny, imagenet=state).network
    torch.testing.assert_close(network.features[0].weight, state["features.0.weight"])
    assert network.classifier[6].weight.shape == (3, 128)
    with pytest.raises(InputError, match="do not fit"):
        fit(few, QUICK, imagenet=state)


def test_rare_classes_weigh_as_much_as_frequent_ones(stripes):
    rare = stripes.take(np.flatnonzero((stripes.labels > 0) | (np.arange(len(stripes)) < 3)))
    weights = fit(rare, dataclasses.replace(QUICK, epochs=1)).weights.numpy()
    products = weights * list(rare.counts.values())
    np.testing.assert_allclose(products, products[0], rtol=1e-6)
    equal = fit(rare, dataclasses.replace(QUICK, epochs=1, balance=False)).weights
    assert equal.tolist() == [1, 1, 1]


def test_patches_are_turned_into_all_eight_orientations_and_nothing_else():
    torch.manual_seed(0)
    patch = torch.arange(9).reshape(3, 3)
    found = {tuple(hu.ravel().tolist()) for hu in turned(patch.expand(300, 3, 3))}
    flips = [patch, patch.T]
    expected = {tuple(p.rot90(k).ravel().tolist()) for p in flips for k in range(4)}
    assert found == expected
