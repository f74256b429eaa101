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
from LungCAD.train.ild.batches import SlicesByEpoch, VariedSlices, as_batch, random_window
from LungCAD.train.ild.loss import OUTSIDE, UNLABELLED
from LungCAD.train.ild.networks import network_options, new_network, read_start
from LungCAD.train.ild.outcome import write_outcome
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.scores import markdown, scores_csv, summary
from LungCAD.train.ild.slices import LungSlice, SliceSet
from LungCAD.train.ild.splitting import split_folds, split_validation
from LungCAD.train.ild.stopping import StopWithoutGain
from LungCAD.train.ild.training import Fitted, IldTraining, confusion_of, fit, train_ild
from LungCAD.weights import load_network

CLASSES = ("healthy", "ground_glass", "consolidation")
LEVELS_HU = (-870.0, -600.0, 0.0)
SIDE = 32

TINY = IldTrainingParameters(
    variant="16 kernels/layer",
    learning_rate=3e-3,
    epochs=4,
    folds=2,
    validation=0.34,
    dropout=0.1,
    device="cpu",
)


def drawing(seed: int, patient: str) -> LungSlice:
    """A lung in a wall: bands of all classes, a third of it unlabelled."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    lung = (y - SIDE / 2) ** 2 + (x - SIDE / 2) ** 2 < (SIDE / 2 - 4) ** 2
    bands = (x // 7 + rng.integers(3)) % 3
    hu = np.where(lung, np.array(LEVELS_HU)[bands], 40.0) + rng.normal(0, 20, lung.shape)
    targets = np.where(lung, np.where(y < 22, bands, UNLABELLED), OUTSIDE)
    return LungSlice(hu.astype(np.int16), targets.astype(np.int8), patient)


def drawings(patients: int = 6, slices: int = 2) -> SliceSet:
    """So many patients with so many slices each."""
    made = tuple(drawing(10 * p + s, f"patient-{p}") for p in range(patients) for s in range(slices))
    return SliceSet(made, CLASSES, IldInput(), "drawings", "none", synthetic=True)


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
        "from test_ild_training import KILLED, Path, drawings, train_ild\n"
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


def test_what_chance_decides_depends_on_seed_epoch_and_slice_alone():
    order = SlicesByEpoch(12, 0, 0)
    varied = VariedSlices(drawings(), replace(TINY, window=24, scanners=True), order)
    first = varied[3]
    assert torch.equal(first[0], varied[3][0]) and first[0].shape == (1, 1, 24, 24)
    order.set_epoch(1)
    assert not torch.equal(first[0], varied[3][0])
    order.set_epoch(0)
    assert torch.equal(first[0], varied[3][0])


def test_image_and_targets_are_turned_together():
    """Bright where consolidation is, whatever the orientation."""
    order = SlicesByEpoch(12, 0, 0)
    varied = VariedSlices(drawings(), TINY, order)
    shapes = set()
    for epoch in range(12):
        order.set_epoch(epoch)
        image, targets = varied[0]
        assert image[0][targets == 2].mean() > 0.75 > 0.3 > image[0][targets == 0].mean()
        shapes.add(tuple(targets.flatten().tolist()))
    assert len(shapes) > 4


def test_processes_share_an_epoch(monkeypatch):
    import LungCAD.train.ild.batches as batches

    taken = []
    for rank in range(3):
        monkeypatch.setattr(batches, "_place", lambda rank=rank: (rank, 3))
        taken.append(list(SlicesByEpoch(11, 0, 0)))
    assert [len(part) for part in taken] == [3, 3, 3], "equally many steps"
    assert len({index for part in taken for index in part}) == 9


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


def test_an_epoch_may_show_slices_more_than_once():
    order = SlicesByEpoch(12, 30, 0)
    taken = list(order)
    assert sorted(taken) == list(range(30)) and len(order) == 30
    varied = VariedSlices(drawings(), replace(TINY, window=24), order)
    assert not torch.equal(varied[3][0], varied[15][0]), "the same slice, varied otherwise"
    assert len(list(SlicesByEpoch(12, 5, 0))) == 5


def test_windows_show_a_labelled_pixel():
    rng = np.random.default_rng(0)
    targets = np.full((90, 70), OUTSIDE, np.int8)
    targets[5, 66] = 1
    for _ in range(20):
        box = random_window(targets, 32, rng)
        assert targets[box].shape == (32, 32) and (targets[box] == 1).sum() == 1
    assert targets[random_window(targets, 200, rng)].shape == (90, 70)


def test_filled_pixels_take_no_part():
    image, targets = as_batch(np.ones((33, 20), np.float32), np.zeros((33, 20), np.int8), 32)
    assert image.shape == (1, 1, 64, 32) and image.sum() == 33 * 20
    assert (targets >= 0).sum() == 33 * 20 and (targets == OUTSIDE).sum() == 64 * 32 - 33 * 20


def test_scores_in_closed_form():
    tables = [
        ConfusionTable(np.array([[8, 2], [0, 10]]), ("healthy", "fibrosis")),
        ConfusionTable(np.array([[10, 0], [5, 5]]), ("healthy", "fibrosis")),
    ]
    result = summary(tables)
    assert result["balanced_accuracy"] == {"mean": 0.825, "sd": 0.075, "worst": 0.75}
    assert result["dice"]["healthy"]["mean"] == pytest.approx((16 / 18 + 20 / 25) / 2, abs=1e-4)
    assert "| fibrosis | 0.750 ± 0.250 |" in markdown(tables)
    assert "| healthy | 0.9000 | 0.1000 |" in markdown(tables)
    assert scores_csv(tables).splitlines()[1] == "1,0.9000,healthy,0.8000,0.8889"


def test_confusion_counts_labelled_pixels_alone():
    class Bright(torch.nn.Module):
        def forward(self, images):
            levels = torch.tensor([0.11, 0.33, 0.83]).view(1, 3, 1, 1)
            return -(images - levels).abs()

    one = replace(drawings(1, 1), slices=(drawing(0, "a"),))
    table = confusion_of(Bright(), one, TINY)
    assert table.counts.sum() == (one.slices[0].targets >= 0).sum()
    assert table.balanced_accuracy > 0.99
