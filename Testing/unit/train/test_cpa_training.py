"""Networks on projections: what a training learns, writes, keeps and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import logit
from sklearn.metrics import f1_score, roc_auc_score

from LungCAD.errors import InputError
from LungCAD.networks import ARCHITECTURES, VGG19, InceptionV3
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa import find_networks
from LungCAD.tasks.cpa.networks import OneTask
from LungCAD.tasks.cpa.picture_input import PictureInput
from LungCAD.train.cpa.fitting import fit, new_network, probabilities
from LungCAD.train.cpa.outcome import Source
from LungCAD.train.cpa.parameters import COMPACT
from LungCAD.train.cpa.pictures import PictureSet, pictures_of
from LungCAD.train.cpa.plans import Plan, chosen_plans, published_plans
from LungCAD.train.cpa.readiness import require_both
from LungCAD.train.cpa.splitting import Split
from LungCAD.train.cpa.training import train_cpa
from LungCAD.weights import load_network
from Testing.unit.train.cpa_cases import made_case

TINY = replace(
    COMPACT,
    width=1 / 16,
    side=32,
    epochs=10,
    standardise=False,
    empty=0.0,
    shares=False,
    batch=16,
    learning_rate=5e-3,
    precision="32-true",
    device="cpu",
    turn=5.0,
    judging_f1=0.0,
)
SOURCE = Source("Squares.", "Apache-2.0", True, "lungcad train cpa")


def written_networks(folder):
    """The networks of a folder, without those that ship."""
    return [one for one in find_networks(str(folder)) if one.path.parent == folder]


def area_under_roc(one, cases):
    """Return how well a network tells the regions with a sign from those without; guessing has 0.5."""
    pictures = pictures_of(cases, Plan((one.task,), one.axis), one.input.shares)
    said = probabilities(one.network.float(), one.input, pictures)[:, 0]
    return roc_auc_score(pictures.labels[:, 0], said)


def test_shares_are_learned_from(cases, tmp_path):
    """Signs that only the shares show."""
    hidden = [replace(case, regions=case.shares, shares=case.regions) for case in cases]
    split = Split(hidden[:12], hidden[12:16], hidden[16:])
    plans = chosen_plans(published_plans(together=True), [*SIGNS, "coronal"])
    train_cpa(tmp_path, plans, split, replace(TINY, shares=True), SOURCE)
    network, _ = load_network(tmp_path / "cpa-signs-coronal.safetensors")
    assert network.features[0].in_channels == 6
    for one in written_networks(tmp_path):
        assert one.input.shares and area_under_roc(one, split.test) > 0.75
    whole = chosen_plans(published_plans(), ["disease", "coronal", "vgg19"])
    train_cpa(tmp_path / "whole", whole, split, replace(TINY, shares=True, epochs=1), SOURCE)
    network, _ = load_network(tmp_path / "whole" / "cpa-disease-coronal.safetensors")
    assert network.features[0].in_channels == 3


def test_one_task_of_three_says_what_it_said_among_them():
    torch.manual_seed(0)
    three = VGG19(6, width=1 / 64, head="average").eval()
    pictures = pictures_of([made_case(1, "p", np.zeros((6, 3)), 0)], Plan(SIGNS, "axial"))
    said = probabilities(three, PictureInput(32), pictures)
    for task in range(3):
        alone = VGG19(2, width=1 / 64, head="average").eval()
        outputs = three.classifier[-1]
        last = {f"classifier.5.{name}": p[2 * task : 2 * task + 2] for name, p in outputs.named_parameters()}
        alone.load_state_dict({**three.state_dict(), **last})
        for one in (alone, OneTask(three, task)):
            found = probabilities(one, PictureInput(32), pictures)[:, 0]
            np.testing.assert_allclose(found, said[:, task], atol=1e-6)


def test_a_small_training_learns_writes_and_is_not_repeated(cases, tmp_path):
    split = Split(cases[:12], cases[12:16], cases[16:])
    plans = chosen_plans(published_plans(together=True), [*SIGNS, "axial"])
    records = train_cpa(tmp_path, plans, split, TINY, SOURCE)
    assert sorted(records) == [f"cpa-{sign}-axial" for sign in SIGNS]
    weights = tmp_path / "cpa-signs-axial.safetensors"
    network, description = load_network(weights)
    assert description.input == {
        "tasks": list(SIGNS),
        "axis": "axial",
        "judges": list(SIGNS),
        "side": 32,
        "standardise": False,
        "empty": 0.0,
        "shares": False,
        "amounts": False,
    }
    assert description.classes == ("absent", "present") * len(SIGNS)
    assert next(network.parameters()).dtype in (torch.float16, torch.float32)
    card = weights.with_suffix(".md").read_text(encoding="utf-8")
    assert all(f"cpa-{sign}-axial | " in card for sign in SIGNS)
    found = written_networks(tmp_path)
    assert [one.task for one in found] == list(SIGNS) and {one.path for one in found} == {weights}
    assert all(one.judges and area_under_roc(one, split.test) > 0.75 for one in found)
    before = weights.stat().st_mtime_ns
    assert train_cpa(tmp_path, plans, split, TINY, SOURCE) == records
    assert weights.stat().st_mtime_ns == before
    with pytest.raises(InputError, match="another training"):
        train_cpa(tmp_path, plans, split, replace(TINY, seed=1), SOURCE)
    corrected = replace(cases[0], signs=1 - cases[0].signs)
    retaken = replace(cases[0], file="scan-0.npz")
    others = (
        Split([corrected, *cases[1:12]], cases[12:16], cases[16:]),
        Split([retaken, *cases[1:12]], cases[12:16], cases[16:]),
        Split(cases[:12], cases[12:15], cases[15:]),
    )
    for other in others:
        with pytest.raises(InputError, match="another training"):
            train_cpa(tmp_path, plans, other, TINY, SOURCE)
    with pytest.raises(InputError, match="another training"):
        train_cpa(tmp_path, plans, split, TINY, SOURCE, imagenet=lambda name: {})


@pytest.mark.parametrize("often", [0.1, 0.75])
def test_weighing_the_rarer_answer_leaves_its_probability(often):
    """Pictures that are all alike tell nothing but how often the sign is there."""
    labels = (np.arange(80) < 80 * often).astype(np.int8)[:, None]
    names = np.arange(80).astype(str)
    alike = PictureSet(np.full((80, 3, 32, 32), 90, np.uint8), labels, names, names, np.zeros(80, bool))
    p = replace(TINY, normalise=False, epochs=6, batch=80, decide="frequency")
    fitted = fit(Plan(("cavity",), "axial"), alike, alike, p)
    assert probabilities(fitted.network, PictureInput(32), alike) == pytest.approx(often, abs=0.05)


@pytest.mark.parametrize(("balance", "odds"), [("weigh", 16 / 4), ("cavities", 2 * 16 / 84)])
def test_cavities_without_a_ball_can_weigh_as_much_as_all_else_without(balance, odds):
    """Cavities look alike, with a ball or without: those without are few, or half of all that has no ball."""
    bright, ball = np.arange(100) < 20, np.arange(100) < 16
    levels = np.where(bright, 220, 30).astype(np.uint8)
    names = np.arange(100).astype(str)
    seen = PictureSet(
        np.broadcast_to(levels[:, None, None, None], (100, 3, 32, 32)).copy(),
        ball.astype(np.int8)[:, None],
        names,
        names,
        bright,
    )
    p = replace(TINY, epochs=40, batch=50, decide="frequency", balance=balance)
    fitted = fit(Plan(("fungus_ball",), "axial"), seen, seen, p)
    said = probabilities(fitted.network, PictureInput(32), seen)[:, 0]
    assert said[bright] == pytest.approx(odds / (1 + odds), abs=0.05)
    assert said[~bright].max() < 0.05


def test_yes_can_begin_where_validation_has_its_best_f1(cases):
    """The same networks, each task's log odds shifted by one number; brute force finds nothing better."""
    training, validation = (pictures_of(part, Plan(SIGNS, "axial")) for part in (cases[:12], cases[12:]))
    p = replace(TINY, normalise=False, epochs=2)
    frequent, best = (
        probabilities(
            fit(Plan(SIGNS, "axial"), training, validation, choice).network, PictureInput(32), validation
        )
        for choice in (replace(p, decide="frequency"), replace(p, decide="f1"))
    )
    shifts = logit(best.astype(float)) - logit(frequent.astype(float))
    assert shifts.std(0).max() < 1e-3 and abs(shifts.mean(0)).min() > 0.01
    for said, before, present in zip(best.T, frequent.T, validation.labels.T == 1, strict=True):
        possible = [f1_score(present, before >= threshold) for threshold in np.unique(before)]
        assert f1_score(present, said >= 0.5) == pytest.approx(max(possible))


def test_a_network_that_is_not_sure_enough_only_tells_the_place(cases, tmp_path):
    """Its F1 in validation decides, which is counted here again."""
    wrongly_ticked = replace(cases[12], signs=1 - cases[12].signs)
    split = Split(cases[:12], [wrongly_ticked, *cases[13:16]], cases[16:])
    plans, p = chosen_plans(published_plans(), ["cavity", "axial"]), replace(TINY, epochs=16)
    train_cpa(tmp_path / "all", plans, split, p, SOURCE)
    network, description = load_network(tmp_path / "all" / "cpa-cavity-axial.safetensors")
    pictures = pictures_of(split.validation, Plan(("cavity",), "axial"))
    said = probabilities(network.float(), PictureInput.from_plain(description.input), pictures)[:, 0]
    f1 = f1_score(pictures.labels[:, 0], said >= 0.5)
    # The file's half precision may turn what lies just where yes begins: a region or two of 48.
    for name, least, judges in (("strict", f1 + 0.1, False), ("lenient", f1 - 0.1, True)):
        train_cpa(tmp_path / name, plans, split, replace(p, judging_f1=least), SOURCE)
        _, description = load_network(tmp_path / name / "cpa-cavity-axial.safetensors")
        assert description.input["judges"] == (["cavity"] if judges else [])
        assert ("only the heat map counts" in description.card.results) != judges


def test_survival_goes_on_from_disease(cases, tmp_path):
    split = Split(cases[:12], cases[12:16], cases[16:])
    p = replace(TINY, epochs=1, normalise=False)
    plans = chosen_plans(published_plans(), ["disease", "survival", "axial", "vgg19"])
    with pytest.raises(InputError, match="cpa-disease-axial"):
        train_cpa(tmp_path / "alone", [plans[1]], split, p, SOURCE)
    records = train_cpa(tmp_path / "both", plans, split, p, SOURCE)
    assert json.dumps(records["cpa-survival-axial"]["losses"])
    first, then = (
        load_network(tmp_path / "both" / f"cpa-{task}-axial.safetensors")[0]
        for task in ("disease", "survival")
    )
    apart = (first.features[0].weight - then.features[0].weight).abs().max()
    assert apart < 0.05 * first.features[0].weight.abs().max()


def moved(before, after):
    """Return the names of the tensors that are not what they were."""
    return {
        name for name, tensor in before.state_dict().items() if (after.state_dict()[name] != tensor).any()
    }


@pytest.mark.parametrize("architecture", ["vgg19", "inception_v3"])
@pytest.mark.parametrize("start", ["imagenet", "base"])
def test_the_first_blocks_are_frozen_whatever_training_starts_from(cases, monkeypatch, architecture, start):
    monkeypatch.setitem(ARCHITECTURES, "inception_v3", partial(InceptionV3, width=1 / 16))
    plan = Plan(("disease",), "axial", architecture)
    p = replace(TINY, epochs=2, falling=False, side=80, normalise=True)
    first, _ = new_network(plan, replace(p, seed=1))
    given = first.state_dict() if start == "imagenet" else first
    pictures = pictures_of(cases[:8], plan)
    fitted = fit(plan, pictures, pictures, p, **{start: given}).network
    assert not moved(first.first_blocks(), fitted.first_blocks())
    assert len(moved(first, fitted)) > len(first.state_dict()) / 3


def test_survival_goes_on_from_disease_in_inception_too(cases, tmp_path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "inception_v3", partial(InceptionV3, width=1 / 16))
    split = Split(cases[:8], cases[8:12], cases[12:16])
    p = replace(TINY, epochs=1, falling=False, side=80)
    plans = chosen_plans(published_plans(), ["disease", "survival", "inception_v3", "axial"])
    names = "cpa-disease-axial-inception_v3", "cpa-survival-axial-inception_v3"
    with pytest.raises(InputError, match=names[0]):
        train_cpa(tmp_path / "alone", plans[1:], split, p, SOURCE)
    assert tuple(sorted(train_cpa(tmp_path / "both", plans, split, p, SOURCE))) == names
    disease, survival = (load_network(tmp_path / "both" / f"{name}.safetensors")[0] for name in names)
    assert not moved(disease.first_blocks(), survival.first_blocks())


def test_a_network_that_survival_goes_on_from_keeps_its_features(cases):
    plan = Plan(("survival",), "axial")
    p = replace(TINY, epochs=1, falling=False, normalise=True, learning_rate=1e-6)
    base, _ = new_network(plan, p)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in base.features.parameters():
            parameter.mul_(0.5 + torch.rand_like(parameter))  # scales of its own
    pictures = pictures_of(cases[:8], plan)
    images = p.input_for(plan).images(torch.from_numpy(pictures.pictures).float() / 255)
    fitted = fit(plan, pictures, pictures, p, base=base).network
    with torch.inference_mode():
        before, after = base.features(images), fitted.features(images)
    torch.testing.assert_close(after, before, rtol=0.01, atol=0.01 * float(before.abs().max()))


def test_a_training_that_was_broken_off_ends_as_one_that_was_not(cases, tmp_path):
    split = Split(cases[:12], cases[12:16], cases[16:])
    plans = chosen_plans(published_plans(), ["disease", "axial", "vgg19"])
    p = replace(TINY, epochs=3, falling=False)
    whole = train_cpa(tmp_path / "whole", plans, split, p, SOURCE)

    class Broken(Exception):
        pass

    def stop(fraction, message):
        if "epoch 3" in message:
            raise Broken

    with pytest.raises(Broken):
        train_cpa(tmp_path / "broken", plans, split, p, SOURCE, progress=stop)
    again = train_cpa(tmp_path / "broken", plans, split, p, SOURCE)
    name = "cpa-disease-axial"
    assert again[name]["losses"] == pytest.approx(whole[name]["losses"])
    assert again[name]["test"] == whole[name]["test"]


def test_a_set_without_a_sign_is_refused(cases, tmp_path):
    healthy = [case for case in cases if not case.disease]
    with pytest.raises(InputError, match="test set"):
        train_cpa(
            tmp_path,
            chosen_plans(published_plans(), ["cavity", "axial"]),
            Split(cases, cases, healthy),
            TINY,
            SOURCE,
        )


def test_what_no_scan_has_an_answer_to_is_left_out_and_named(cases, tmp_path):
    """A cohort without dates of death, and pleura that nobody looked at: all the rest is trained."""
    signs = [case.signs.copy() for case in cases]
    for each in signs:
        each[:, SIGNS.index("pleural_thickening")] = -1
    alive = [replace(case, signs=own, survival=-1) for case, own in zip(cases, signs, strict=True)]
    plans = chosen_plans(published_plans(together=True), ["axial", "vgg19"])
    split = Split(alive[:12], alive[12:16], alive[16:])
    records = train_cpa(tmp_path, plans, split, replace(TINY, epochs=1, falling=False), SOURCE)
    assert sorted(records) == ["cpa-cavity-axial", "cpa-disease-axial", "cpa-fungus_ball-axial"]
    said = (tmp_path / "scores.md").read_text(encoding="utf-8")
    assert "survival, pleural thickening" in said


def test_what_cannot_be_trained_is_told_before_anything_is(cases, tmp_path):
    """Nobody is known to have survived: neither disease nor a sign is trained before that is said."""
    died = [replace(case, survival=1) for case in cases]
    split = Split(died[:12], died[12:16], died[16:])
    plans = chosen_plans(published_plans(), ["axial", "vgg19"])
    words = "survival absent.*--only disease cavity fungus_ball pleural_thickening"
    with pytest.raises(InputError, match=words):
        train_cpa(tmp_path / "new", plans, split, TINY, SOURCE)
    assert not (tmp_path / "new").exists()
    blank = [replace(case, survival=-1) for case in cases]
    with pytest.raises(InputError, match="no answer to survival"):
        train_cpa(tmp_path / "new", plans[1:2], Split(blank, blank, blank), TINY, SOURCE)


def test_signs_that_can_be_trained_are_trained_without_the_others(cases):
    """Nobody's pleura is thick: what the error names is left of the training that all signs share."""
    signs = [case.signs.copy() for case in cases]
    for each in signs:
        each[:, SIGNS.index("pleural_thickening")] = 0
    thin = [replace(case, signs=own) for case, own in zip(cases, signs, strict=True)]
    split = Split(thin[:12], thin[12:16], thin[16:])
    plans = chosen_plans(published_plans(together=True), [*SIGNS, "axial"])
    with pytest.raises(InputError, match="pleural thickening present") as raised:
        require_both(plans, split)
    words = raised.value.remedy.partition("--only ")[2].split()
    assert words == ["cavity", "fungus_ball"]
    require_both(chosen_plans(plans, words), split)


def test_a_sign_that_was_trained_alone_stays_when_the_others_follow(cases, tmp_path):
    split = Split(cases[:12], cases[12:16], cases[16:])
    p, plans = replace(TINY, epochs=1, falling=False), published_plans(together=True)
    alone = train_cpa(tmp_path, chosen_plans(plans, ["cavity", "axial"]), split, p, SOURCE)
    assert list(alone) == ["cpa-cavity-axial"]
    written = (tmp_path / "cpa-cavity-axial.safetensors").read_bytes()
    every = train_cpa(tmp_path, chosen_plans(plans, [*SIGNS, "axial"]), split, p, SOURCE)
    assert sorted(every) == [f"cpa-{sign}-axial" for sign in SIGNS]
    assert (tmp_path / "cpa-cavity-axial.safetensors").read_bytes() == written
    tasks = load_network(tmp_path / "cpa-signs-axial.safetensors")[1].input["tasks"]
    assert tasks == [sign for sign in SIGNS if sign != "cavity"]


@pytest.mark.parametrize("kept", [1, 2])
def test_scores_that_were_not_all_written_do_not_cost_the_weights_a_sign(cases, tmp_path, kept):
    split = Split(cases[:12], cases[12:16], cases[16:])
    plans = chosen_plans(published_plans(together=True), [*SIGNS, "axial"])
    records = train_cpa(tmp_path, plans, split, replace(TINY, epochs=1), SOURCE)
    weights = tmp_path / "cpa-signs-axial.safetensors"
    before = load_network(weights)[0].state_dict()
    for sign in SIGNS[kept:]:
        (tmp_path / f"cpa-{sign}-axial.json").unlink()
    again = train_cpa(tmp_path, plans, split, replace(TINY, epochs=1), SOURCE)
    assert [one.task for one in written_networks(tmp_path)] == list(SIGNS)
    after = load_network(weights)[0].state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert again == records
