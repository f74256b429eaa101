"""Training on radiographs: variations, resuming, what the loss counts, the split."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion
from skimage.draw import ellipse
from torch.nn.functional import cross_entropy

from LungCAD.errors import InputError
from LungCAD.train.epochs import ShuffledByEpoch
from LungCAD.train.xray.batches import VariedFilms
from LungCAD.train.xray.findings import paint_gas, paint_opacity
from LungCAD.train.xray.learner import soft_dice_loss
from LungCAD.train.xray.parameters import PUBLISHED, XrayTrainingParameters
from LungCAD.train.xray.radiographs import IGNORE, Radiograph, RadiographSet
from LungCAD.train.xray.training import train_xray
from LungCAD.train.xray.variation import vary

TINY = XrayTrainingParameters(filters=4, side=64, folds=2, epochs=3, batch=4, device="cpu")


def film(seed, shape=(96, 80)):
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, np.uint8)
    for column in (24, 56):
        mask[ellipse(46 + rng.integers(-4, 5), column, 30, 12, shape=shape)] = 1
    image = np.float32(0.8 - 0.5 * mask + 0.05 * rng.standard_normal(shape))
    return image.clip(0, 1), mask


@pytest.fixture
def films():
    made = tuple(
        Radiograph(f"f{i}", f"p{i // 2}", "PA" if i % 3 else "AP", lambda seed=i: film(seed))
        for i in range(10)
    )
    return RadiographSet(made, "ten drawings", "none")


def test_a_variation_moves_the_mask_with_the_film():
    """The film is its own mask: whatever the pose, dark stays where the mask is."""
    _, mask = film(0)
    for seed in range(12):
        picture, truth, inside = vary(mask.astype(np.float32), mask, 96, np.random.default_rng(seed))
        assert picture.shape == truth.shape == inside.shape == (96, 96)
        assert picture.min() >= 0 and picture.max() <= 1 and not truth[~inside].any()
        bright, dark = picture[(truth == 1)], picture[(truth == 0) & inside]
        assert abs(np.median(bright) - np.median(dark)) > 0.3  # inverted films have it the other way round


def test_opacity_takes_the_air_from_one_lung_and_leaves_the_other():
    drawn, mask = film(0, (96, 96))
    right = mask.astype(bool) & (np.arange(96) < 48)
    left = mask.astype(bool) & (np.arange(96) >= 48)
    darkest = np.median(drawn[mask == 1])
    brightened = []
    for seed in range(20):
        picture = drawn.copy()
        paint_opacity(picture, mask, np.random.default_rng(seed))
        assert (picture >= drawn - 1e-6).all() and picture.max() <= max(drawn.max(), 1)
        change = sorted((picture - drawn)[lung].mean() for lung in (right, left))
        assert change[0] <= 0.2 * change[1]
        brightened.append((picture[mask == 1].max() - darkest, change[1]))
    assert (
        np.mean([most for most, _ in brightened]) > 0.3 and np.mean([mean for _, mean in brightened]) > 0.05
    )


def test_opacity_of_a_film_without_lungs_changes_nothing():
    drawn, mask = film(0)
    picture = drawn.copy()
    paint_opacity(picture, np.zeros_like(mask), np.random.default_rng(0))
    assert np.array_equal(picture, drawn)


def test_gas_lies_beside_the_lungs():
    drawn, mask = film(0, (96, 96))
    for seed in range(20):
        picture = drawn.copy()
        paint_gas(picture, mask, np.random.default_rng(seed))
        deep = binary_erosion(mask, np.ones((11, 11)))
        assert np.allclose(picture[deep], drawn[deep]) and (picture <= drawn + 1e-6).all()


def test_variations_depend_on_seed_epoch_and_film_alone():
    order = ShuffledByEpoch(2, 0)
    data = VariedFilms([film(0), film(1)], TINY, order)
    first = data[0][0]
    assert torch.equal(first, data[0][0])
    order.set_epoch(1)
    assert not torch.equal(first, data[0][0])
    order.set_epoch(0)
    assert torch.equal(first, data[0][0])


def test_dice_loss_in_closed_form():
    logits = torch.zeros(1, 2, 2, 2)
    logits[0, 1] = torch.log(torch.tensor([[3.0, 1.0], [1.0, 1.0]]))  # p = 3/4, 1/2, 1/2, 1/2
    masks = torch.tensor([[[1, 0], [1, IGNORE]]])
    expected = 1 - (2 * (0.75 + 0.5) + 1) / (0.75 + 0.5 + 0.5 + 2 + 1)
    assert soft_dice_loss(logits, masks).item() == pytest.approx(expected)


def test_ignored_pixels_have_no_gradient():
    logits = torch.randn(2, 2, 5, 5, requires_grad=True)
    masks = torch.randint(0, 2, (2, 5, 5))
    masks[:, 2] = IGNORE
    loss = soft_dice_loss(logits, masks) + cross_entropy(logits, masks, ignore_index=IGNORE)
    loss.backward()
    assert not logits.grad[:, :, 2].any() and logits.grad[:, :, 0].all()


def test_it_learns_and_scores_every_film_once(films):
    training = train_xray(films, XrayTrainingParameters(**{**TINY.as_dict(), "epochs": 60, "augment": False}))
    assert sorted(score.name for score in training.scores) == sorted(film.name for film in films.films)
    assert np.mean([score.dice for score in training.scores]) > 0.85


def test_fewer_patients_than_folds_are_refused(films):
    with pytest.raises(InputError, match="5 patients for 6 folds"):
        train_xray(films, XrayTrainingParameters(folds=6))


def test_a_broken_off_training_ends_as_an_unbroken_one(films, tmp_path):
    class Stop(Exception):
        pass

    def stop_at(fraction, message):
        if fraction > 0.5:
            raise Stop

    whole = train_xray(films, TINY)
    with pytest.raises(Stop):
        train_xray(films, TINY, checkpoints=tmp_path / "c", progress=stop_at)
    resumed = train_xray(films, TINY, checkpoints=tmp_path / "c")
    for one, other in zip(
        whole.network.state_dict().values(), resumed.network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)
    assert whole.scores == resumed.scores
    with pytest.raises(InputError, match="another training"):
        train_xray(films, XrayTrainingParameters(**{**TINY.as_dict(), "seed": 1}), checkpoints=tmp_path / "c")
    read = films.films[0].read()
    corrected = replace(films.films[0], read=lambda: (read[0], np.roll(read[1], 3)))
    with pytest.raises(InputError, match="another training"):
        train_xray(replace(films, films=(corrected, *films.films[1:])), TINY, checkpoints=tmp_path / "c")


def test_training_in_bfloat16_gives_about_the_same_network(films):
    whole, short = (
        train_xray(films, XrayTrainingParameters(**{**TINY.as_dict(), "precision": precision}))
        for precision in ("float32", "bfloat16")
    )
    weights = torch.cat([value.flatten() for value in whole.network.parameters()])
    others = torch.cat([value.flatten() for value in short.network.parameters()])
    assert others.dtype == torch.float32 and torch.nn.functional.cosine_similarity(weights, others, 0) > 0.99


def test_the_published_recipe_runs(films):
    recipe = {**PUBLISHED.as_dict(), "epochs": 1, "folds": 2, "side": 64, "filters": 4, "device": "cpu"}
    training = train_xray(films, XrayTrainingParameters(**recipe))
    assert len(training.scores) == 10


def test_checkpoints_of_films_with_other_patients_are_refused(films, tmp_path):
    """Folds would be others: films that a network learned from would judge it."""
    quick = replace(TINY, epochs=1)
    train_xray(films, quick, checkpoints=tmp_path)
    for change in (lambda n, f: {"patient": f"p{n // 5}"}, lambda n, f: {"view": "LL"}):
        other = replace(films, films=tuple(replace(f, **change(n, f)) for n, f in enumerate(films.films)))
        with pytest.raises(InputError, match="another training"):
            train_xray(other, quick, checkpoints=tmp_path)


def test_squares_that_the_network_cannot_halve_are_refused():
    with pytest.raises(InputError, match=r"side: is 100.*Choose 96 or 128"):
        XrayTrainingParameters(side=100)
    assert XrayTrainingParameters(side=100, architecture="segnet").side == 100
