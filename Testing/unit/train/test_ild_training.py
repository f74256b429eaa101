"""Training for interstitial lung disease: it learns, stops, is scored by patient, and outlives a kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.labels import load_schema
from LungCAD.networks import UNet
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.ild.learner import IldLearner
from LungCAD.train.ild.networks import network_options, new_network, read_start
from LungCAD.train.ild.outcome import write_outcome
from LungCAD.train.ild.scores import markdown
from LungCAD.train.ild.splitting import split_folds, split_validation
from LungCAD.train.ild.stopping import StopWithoutGain
from LungCAD.train.ild.training import Fitted, IldTraining, confusion_of, fit, train_ild
from LungCAD.weights import load_network
from Testing.unit.train.drawn_slices import CLASSES, TINY, drawings

QUICK = replace(TINY, folds=0, epochs=1)
KILLED = replace(TINY, epochs=8, folds=0, window=32, scanners=True, schedule="one-cycle")


def equal(one, other):
    return all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_it_learns_and_is_scored_on_patients_that_it_never_saw():
    training = train_ild(drawings(), replace(TINY, epochs=12))
    assert [table.balanced_accuracy > 0.9 for table in training.folds] == [True, True]
    labelled = drawings().pixels.sum(0)
    assert np.array_equal(sum(table.counts for table in training.folds).sum(1), labelled)


def test_a_killed_training_ends_as_an_unbroken_one(tmp_path):
    """SIGKILL between two epochs' ends: the second process goes on from the last whole epoch."""
    whole = train_ild(drawings(), KILLED)
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from pathlib import Path\nfrom test_ild_training import KILLED, drawings, train_ild\n"
        f"train_ild(drawings(), KILLED, checkpoints=Path({str(tmp_path)!r}))\n"
        "print('ended')\n"
    )
    beside = Path(__file__).parent
    paths = os.pathsep.join([str(beside), str(beside.parents[2]), os.environ.get("PYTHONPATH", "")])
    child = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE
    )
    checkpoint, limit = tmp_path / "all.ckpt", time.monotonic() + 120
    while not checkpoint.exists() and child.poll() is None and time.monotonic() < limit:
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    said, _ = child.communicate()
    assert child.returncode == -signal.SIGKILL and b"ended" not in said
    resumed = train_ild(drawings(), KILLED, checkpoints=tmp_path)
    assert equal(whole.fitted.network, resumed.fitted.network)
    assert whole.fitted.history == resumed.fitted.history
    again = train_ild(drawings(), KILLED, checkpoints=tmp_path)
    assert equal(whole.fitted.network, again.fitted.network), "a training that has ended is left alone"
    with pytest.raises(InputError, match="another training"):
        train_ild(drawings(), replace(KILLED, seed=1), checkpoints=tmp_path)


def test_checkpoints_belong_to_their_labels_and_start(tmp_path):
    """As many scans of as many patients, labelled otherwise, are another training."""
    data, checkpoints = drawings(), tmp_path / "c"
    first = train_ild(data, QUICK, checkpoints=checkpoints).fitted.network
    corrected = replace(data, slices=(plain(data.slices[0]), *data.slices[1:]))
    start = first.state_dict()
    for other, begun in ((corrected, None), (data, start)):
        with pytest.raises(InputError, match="another training"):
            train_ild(other, QUICK, start=begun, checkpoints=checkpoints)
    assert equal(train_ild(data, QUICK, checkpoints=checkpoints).fitted.network, first)
    train_ild(data, QUICK, start=start, checkpoints=tmp_path / "d")
    start = {name: tensor + 1 for name, tensor in start.items()}
    with pytest.raises(InputError, match="another training"):
        train_ild(data, QUICK, start=start, checkpoints=tmp_path / "d")


def test_a_damaged_checkpoint_is_named_and_can_be_done_without(tmp_path):
    first = train_ild(drawings(), QUICK, checkpoints=tmp_path).fitted.network
    checkpoint = tmp_path / "all.ckpt"
    whole = checkpoint.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no checkpoint at all"):
        checkpoint.write_bytes(content)
        with pytest.raises(InputError, match=r"all\.ckpt: is a damaged checkpoint\. Delete it"):
            train_ild(drawings(), QUICK, checkpoints=tmp_path)
    checkpoint.unlink()
    assert equal(train_ild(drawings(), QUICK, checkpoints=tmp_path).fitted.network, first)


def test_a_checkpoint_is_replaced_in_one_step(tmp_path, monkeypatch):
    """Never copied there from another disk: a kill meanwhile would leave half of it."""

    def copy(*_args, **_options):
        raise AssertionError("the checkpoint was made elsewhere")

    monkeypatch.setattr(shutil, "move", copy)
    train_ild(drawings(), QUICK, checkpoints=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.ckpt", "training.json"]


def test_a_training_that_cannot_begin_claims_no_checkpoints(tmp_path):
    with pytest.raises(InputError, match="6 patients for 9 parts"):
        train_ild(drawings(), replace(QUICK, folds=9), checkpoints=tmp_path)
    train_ild(drawings(), QUICK, checkpoints=tmp_path)


def test_one_fold_is_none():
    with pytest.raises(InputError, match="folds: is 1"):
        replace(TINY, folds=1)


def test_early_stop_is_remembered(tmp_path):
    parameters = replace(TINY, epochs=30, folds=0, patience=2, gain=10.0)
    first = train_ild(drawings(), parameters, checkpoints=tmp_path)
    assert len(first.fitted.history) == 3, "the first epoch gains, the next two do not"
    second = train_ild(drawings(), parameters, checkpoints=tmp_path)
    assert first.fitted.history == second.fitted.history
    assert equal(first.fitted.network, second.fitted.network)


def test_small_gains_do_not_count_but_the_best_network_is_kept():
    stop = StopWithoutGain(patience=3, gain=0.005)

    class Trainer:
        should_stop = False

    class Module:
        network = torch.nn.Linear(1, 1, bias=False)

    ended = []
    for number, accuracy in enumerate([0.8, 0.801, 0.802, 0.803, 0.9]):
        Trainer.callback_metrics = {"balanced accuracy": accuracy}
        Module.network.weight.data.fill_(number)
        stop.on_validation_end(Trainer, Module)
        ended.append(Trainer.should_stop)
    assert ended[:4] == [False, False, False, True], "0.803 is less than 0.5 % above 0.8"
    assert stop.best["weight"].item() == 4


def test_extra_slices_are_learned_from_in_every_fold_and_never_scored():
    extra = replace(drawings(2), slices=tuple(replace(s, patient="real") for s in drawings(2).slices))
    training = train_ild(drawings(), TINY, extra=extra, unseen=drawings(1))
    assert np.array_equal(sum(t.counts for t in training.folds).sum(1), drawings().pixels.sum(0))
    assert np.array_equal(training.unseen.counts.sum(1), drawings(1).pixels.sum(0))


def test_a_network_can_begin_with_another_of_other_classes(tmp_path):
    training = train_ild(drawings(), replace(TINY, epochs=2, folds=0))
    write_outcome(tmp_path, training, drawings(), load_schema("lungnet6"), TINY, "a test")
    start = read_start(tmp_path / "network.safetensors", TINY)
    begun = new_network(5, TINY, start)
    *same, weight, bias = begun.state_dict()
    assert all(torch.equal(begun.state_dict()[name], start[name]) for name in same)
    assert begun.state_dict()[weight].shape[0] == begun.state_dict()[bias].shape[0] == 5
    with pytest.raises(InputError, match="no lungnet of this form"):
        new_network(5, replace(TINY, variant="Proposed"), start)
    with pytest.raises(InputError, match="no lungnet of this form"):
        read_start(tmp_path / "network.safetensors", replace(TINY, variant="Proposed"))
    with pytest.raises(InputError, match="architecture lungnet, not unet"):
        read_start(tmp_path / "network.safetensors", replace(TINY, architecture="unet"))


def test_the_outcome_can_be_used_and_says_what_was_measured(tmp_path):
    training = train_ild(drawings(), TINY)
    write_outcome(tmp_path, training, drawings(), load_schema("lungnet6"), TINY, "a test")
    network, description = load_network(tmp_path / "network.safetensors", architecture="lungnet")
    assert description.classes == CLASSES and description.card.synthetic
    assert IldInput.from_plain(description.input) == training.input
    for one, other in zip(network.parameters(), training.fitted.network.parameters(), strict=True):
        assert torch.equal(one, other.float())
    for name in ("scores.md", "scores.csv", "scores.json", "confusion.png", "classes.png", "history.png"):
        assert (tmp_path / name).stat().st_size
    assert markdown(training.folds) in description.card.results


def test_what_was_kept_apart_is_told_beside_the_folds(tmp_path):
    counts = np.diag([30, 20, 10])
    folds = tuple(ConfusionTable(counts + number, CLASSES) for number in (1, 2))
    unseen = ConfusionTable(counts + np.array([[0, 0, 30], [0, 0, 0], [0, 0, 0]]), CLASSES)
    network = new_network(3, TINY)
    for name, kept, apart in (("both", folds, unseen), ("folds", folds, None), ("unseen", (), unseen)):
        training = IldTraining(Fitted(network, (0.5,)), IldInput(), kept, apart)
        (tmp_path / name).mkdir()
        write_outcome(tmp_path / name, training, drawings(), load_schema("lungnet6"), TINY, "a test")
        said = (tmp_path / name / "MODEL_CARD.md").read_text(encoding="utf-8")
        record = json.loads((tmp_path / name / "scores.json").read_text(encoding="utf-8"))
        assert (tmp_path / name / "scores.md").read_text(encoding="utf-8") in said
        assert ("2-fold cross-validation" in said) == bool(kept)
        assert ("kept apart" in said) == ("0.833" in said) == ("unseen" in record) == bool(apart)


@pytest.mark.parametrize("architecture", ["ild_cnn", "segnet_vgg", "unet"])
def test_rivals_train(architecture):
    parameters = replace(TINY, architecture=architecture, width=0.1, epochs=1)
    assert len(fit(drawings(), parameters).history) == 1


def test_rivals_are_normalised_by_affine_instance_norm():
    options = network_options(replace(TINY, architecture="unet", width=0.1))
    norms = [m for m in UNet(6, **options).modules() if isinstance(m, torch.nn.InstanceNorm2d)]
    assert norms and all(norm.affine for norm in norms)


def test_unknown_variant():
    with pytest.raises(InputError, match="There are w/o dilated"):
        network_options(replace(TINY, variant="best"))


def test_folds_hold_whole_patients_and_all_classes():
    data = drawings(7)
    seen = []
    for learned, scored in split_folds(data, 3, seed=0):
        assert not set(learned.patients) & set(scored.patients)
        seen += scored.patients
    assert sorted(seen) == sorted(data.patients)
    learned, validation = split_validation(data, TINY)
    assert sorted([*learned.patients, *validation.patients]) == sorted(data.patients)


def plain(one):
    """Return the slice with the last class taken for the one before."""
    return replace(one, targets=np.minimum(one.targets, 1).astype(np.int8))


def test_a_fold_without_a_class_ends_it_before_it_begins(tmp_path):
    data = drawings(4)
    lopsided = replace(data, slices=(*data.slices[:2], *map(plain, data.slices[2:])))
    with pytest.raises(InputError, match=r"fold . of 2: what is .* shows no consolidation"):
        train_ild(lopsided, TINY, checkpoints=tmp_path / "c")
    assert not list((tmp_path / "c").glob("*.ckpt"))
    with pytest.raises(InputError, match="4 patients for 5"):
        train_ild(data, replace(TINY, folds=5))


def test_validation_shows_every_class_where_one_part_can():
    """Whichever patient the rare class is in besides those that must be learned from."""
    for rare in ((0, 3), (1, 4), (2, 5)):
        slices = [
            one if one.patient in {f"patient-{p}" for p in rare} else plain(one) for one in drawings().slices
        ]
        learned, validation = split_validation(replace(drawings(), slices=tuple(slices)), TINY)
        assert learned.pixels.sum(0).all() and validation.pixels.sum(0).all()
    slices = [one if one.patient == "patient-0" else plain(one) for one in drawings().slices]
    learned, validation = split_validation(replace(drawings(), slices=tuple(slices)), TINY)
    assert "patient-0" in learned.patients


def test_every_process_scores_all_slices(monkeypatch):
    """None of them puts together what the others counted."""
    import LungCAD.train.ild.batches as batches

    data = drawings(2, 3)
    monkeypatch.setattr(batches, "_place", lambda: (1, 2))
    assert len(list(batches.ordered_batches(data, TINY, shared=True))) == 3
    table = confusion_of(new_network(3, TINY), data, TINY)
    assert table.counts.sum() == data.pixels.sum()


@pytest.mark.parametrize(("devices", "machines", "steps"), [(1, 1, 8), (2, 1, 4), (2, 2, 4)])
def test_the_learning_rate_falls_to_its_end_however_many_processes_share_the_steps(
    monkeypatch, devices, machines, steps
):
    """Before they are started, none of them knows of the others."""
    import LungCAD.train.ild.training as training

    seen = []

    def stop(learner, *_args, **_options):
        seen.append(learner._steps)
        raise Cancelled

    monkeypatch.setattr(training, "fit_module", stop)
    p = replace(TINY, folds=0, schedule="one-cycle", batch=2, devices=devices, machines=machines)
    with pytest.raises(Cancelled):
        train_ild(drawings(6, 1), p)  # four are learned from, in four epochs
    assert seen == [steps]


def test_chance_is_another_in_every_step(monkeypatch):
    """Also where the gradients of several slices are added up before a step of the optimiser."""
    states, step = [], IldLearner.training_step

    def watched(learner, batch, index):
        states.append(torch.get_rng_state().numpy().tobytes())
        return step(learner, batch, index)

    monkeypatch.setattr(IldLearner, "training_step", watched)
    train_ild(drawings(), replace(QUICK, batch=3, epochs=2))
    assert len(set(states)) == len(states) > 6
