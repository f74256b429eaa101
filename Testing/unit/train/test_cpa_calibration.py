"""What 0.5 means to networks for projections, fitted to scans that they have not seen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.metrics import f1_score

from LungCAD.errors import InputError
from LungCAD.networks.dense_head import dense_layers
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa.networks import DISEASE, find_networks
from LungCAD.train.cpa.calibration import calibrate, needed_shifts, write_calibrated
from LungCAD.train.cpa.outcome import Source
from LungCAD.train.cpa.pictures import pictures_of
from LungCAD.train.cpa.plans import Plan, chosen_plans, published_plans
from LungCAD.train.cpa.splitting import Split
from LungCAD.train.cpa.training import train_cpa
from LungCAD.weights import load_network, save_network
from Testing.unit.train.cpa_cases import made_case
from Testing.unit.train.test_cpa_training import TINY

SOURCE = Source("Squares.", "Apache-2.0", True, "lungcad train cpa")
TIMID = -8.0
"""Shift of the logits of networks that have come to another place."""


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Networks of two directions for three signs, and of one for disease, which say yes too seldom."""
    rng = np.random.default_rng(5)
    cases = [
        made_case(number, f"p{number // 2}", number % 2 * (rng.random((6, 3)) < 0.6), number % 2)
        for number in range(24)
    ]
    folder = tmp_path_factory.mktemp("learned")
    plans = chosen_plans(published_plans(together=True), [DISEASE, *SIGNS, "axial", "sagittal", "vgg19"])
    plans = [plan for plan in plans if plan.of_regions or plan.axis == "axial"]
    split = Split(cases[:12], cases[12:18], cases[18:])
    train_cpa(folder, plans, split, replace(TINY, epochs=6), SOURCE)
    for path in folder.glob("*.safetensors"):
        network, description = load_network(path)
        with torch.no_grad():
            dense_layers(network)[-1].bias[1::2] += TIMID
        save_network(network.half(), description, path, overwrite=True)
    return folder


@pytest.fixture(scope="module")
def elsewhere():
    """Scans of other patients, of each of whom all is known."""
    rng = np.random.default_rng(8)
    cases = []
    for number in range(100, 120):
        disease = number % 2
        signs = disease * (rng.random((6, 3)) < 0.4)
        case = made_case(number, f"other{number // 2}", signs, disease)
        noise = {axis: rng.integers(0, 90, pictures.shape) for axis, pictures in case.regions.items()}
        noisy = {axis: (case.regions[axis] // 2 + noise[axis]).astype(np.uint8) for axis in noise}
        cases.append(replace(case, regions=noisy))
    return cases


def networks_in(folder):
    return [network for network in find_networks(str(folder)) if not network.shipped]


@pytest.fixture(scope="module")
def networks(learned):
    return networks_in(learned)


def said_by(network, cases):
    """Return the log odds that a network gives scans as they are, and the truth."""
    pictures = pictures_of(cases, Plan((network.task,), network.axis), network.input.shares)
    pictures = pictures[np.sort(np.unique(pictures.subjects, return_index=True)[1])]
    images = network.input.images(torch.from_numpy(pictures.pictures) / 255)
    with torch.inference_mode():
        no, yes = network.network.float()(images).double().T.numpy()
    return yes - no, pictures.labels[:, 0] == 1


def test_the_shift_that_a_mean_needs():
    logits = np.random.default_rng(0).normal(0, 4, (3, 50))
    np.testing.assert_allclose(expit(logits + needed_shifts(logits)).mean(0), 0.5, atol=1e-12)
    np.testing.assert_allclose(needed_shifts(logits[:1]), -logits[0], atol=1e-12)


def needed_by_brent(logits):
    """Return shifts just after those at which one more subject is told to have the sign; logits (K, S)."""
    roots = [brentq(lambda s, own=own: expit(own + s).mean() - 0.5, -40, 40) for own in logits.T]
    return np.array(roots) + 1e-9


def test_half_is_where_the_mean_of_the_directions_has_its_best_f1(networks, elsewhere, tmp_path):
    found = calibrate(networks, elsewhere)
    assert [calibration.task for calibration in found] == [DISEASE, *SIGNS]
    write_calibrated(tmp_path, networks, found, "20 scans.", "lungcad train cpa-calibration -o OUTPUT")
    written = networks_in(tmp_path)
    for calibration in found:
        assert calibration.shift > 0
        before, after = (
            [said_by(network, elsewhere) for network in every if network.task == calibration.task]
            for every in (networks, written)
        )
        truth = before[0][1]
        reached = f1_score(truth, expit([said for said, _ in after]).mean(0) >= 0.5)
        assert reached > f1_score(truth, calibration.before.said >= 0.5, zero_division=0.0)
        logits = np.stack([said for said, _ in before])
        by_force = max(
            f1_score(truth, expit(logits + shift).mean(0) >= 0.5, zero_division=0.0)
            for shift in needed_by_brent(logits)
        )
        assert reached == pytest.approx(by_force, abs=0.03)  # files are in half precision


def test_each_patient_is_told_with_what_the_others_ask_for(networks, elsewhere):
    """By hand: the patient is left out, the rest calibrated, and the patient's regions told with that."""
    task = SIGNS[0]
    asked = [network for network in networks if network.task == task]
    (found,) = calibrate(asked, elsewhere)
    for patient in ("other50", "other57"):
        rest = [case for case in elsewhere if case.patient != patient]
        left = [case for case in elsewhere if case.patient == patient]
        (without,) = calibrate(asked, rest)
        logits = np.stack([said_by(network, left)[0] for network in asked])
        said = expit(logits + without.shift).mean(0)
        np.testing.assert_allclose(
            np.sort(found.held_out.said[found.held_out.patients == patient]), np.sort(said), atol=2e-3
        )


def test_what_the_scans_do_not_tell_stays_bit_for_bit(learned, networks, elsewhere, tmp_path):
    _, ball, pleura = SIGNS
    silent = [
        replace(case, signs=np.where(np.array(SIGNS) == ball, -1, case.signs).astype(np.int8), disease=1)
        for case in elsewhere
    ]
    for case in silent:
        case.signs[:, SIGNS.index(pleura)] = 0
    found = calibrate(networks, silent)
    assert [calibration.task for calibration in found] == [SIGNS[0]]
    write_calibrated(tmp_path, networks, found, "20 scans.", "lungcad train cpa-calibration")
    for path in sorted(learned.glob("*.safetensors")):
        before, description = load_network(path)
        after, again = load_network(tmp_path / path.name)
        moved = {
            name: (after.state_dict()[name] != tensor).nonzero().flatten().tolist()
            for name, tensor in before.state_dict().items()
        }
        expected = [1] if description.input["tasks"] != [DISEASE] else []  # yes of the first sign
        last = list(moved)[-1]
        assert moved.pop(last) == expected and not any(moved.values())
        assert again.input == description.input
    card = (tmp_path / "cpa-signs-axial.md").read_text(encoding="utf-8")
    assert "As it was: fungus ball, pleural thickening." in card and "`lungcad train cpa; lungcad" in card


def test_a_threshold_that_others_do_not_confirm_is_left(networks, elsewhere, tmp_path):
    """Noise in the place of ticks: whatever shift is best for these is not for the next patient."""
    rng = np.random.default_rng(2)
    task = SIGNS[2]
    asked = [network for network in networks if network.task == task]
    for trial in range(6):
        cases = [replace(case, signs=(rng.random((6, 3)) < 0.5).astype(np.int8)) for case in elsewhere]
        (found,) = calibrate(asked, cases)
        gain = found.held_out.table.f_score[1] - found.before.table.f_score[1]
        assert (found.shift != 0) == (gain > 0), trial
        assert found.kept == ("" if gain > 0 else "no better")


def test_a_sign_of_few_patients_moves_nothing(networks, elsewhere):
    task = SIGNS[0]
    asked = [network for network in networks if network.task == task]
    for patients, kept in ((4, "fewer than 5 patients have it"), (5, "")):
        names = [f"other{50 + number}" for number in range(patients)]
        cases = [case if case.patient in names else replace(case, signs=0 * case.signs) for case in elsewhere]
        assert len({case.patient for case in cases if case.signs[:, 0].any()}) == patients
        (found,) = calibrate(asked, cases)
        assert found.kept == kept and (found.shift != 0) == (not kept)


def test_scores_are_written_for_people_and_programs(networks, elsewhere, tmp_path):
    found = calibrate(networks, elsewhere)
    write_calibrated(tmp_path, networks, found, "20 scans.", "lungcad train cpa-calibration")
    record = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert [task["task"] for task in record["tasks"]] == [DISEASE, *SIGNS]
    assert record["tasks"][0]["shift"] == found[0].shift and record["data"] == "20 scans."
    text = (tmp_path / "scores.md").read_text(encoding="utf-8")
    assert all(name in text for name in ("disease", "cavity", "fungus ball", "pleural thickening"))


def test_one_patient_or_one_answer_is_too_little(networks, elsewhere):
    with pytest.raises(InputError, match=r"come from 1 patient\b"):
        calibrate(networks, [replace(case, patient="one") for case in elsewhere])
    healthy = [replace(case, signs=0 * case.signs, disease=0) for case in elsewhere]
    with pytest.raises(InputError, match="do not show both answers"):
        calibrate(networks, healthy)
