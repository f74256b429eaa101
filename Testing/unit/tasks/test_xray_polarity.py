"""Whether bone is bright or dark on a film is found out, film by film."""

import csv

import numpy as np
import pytest
import torch

from LungCAD.images import read_radiograph
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter, film_array
from LungCAD.tasks.xray_polarity import is_inverted
from Testing.slicer.dark_network import chest, save_dark_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_dark_network(tmp_path_factory.mktemp("weights") / "dark.safetensors"))


def segmenter(weights, bone):
    return XraySegmenter(XrayLungParameters(weights=weights, bone=bone, device="cpu"))


def test_lungs_brighter_than_their_rim():
    """A bright corner far from the lungs does not count, nor does what lies beside the picture."""
    lung = np.zeros((64, 64), np.float32)
    lung[20:40, 10:25] = lung[20:40, 35:50] = 0.9
    levels = np.where(lung > 0, -1, 0.2).astype(np.float32)
    levels[50:] = -3
    assert not is_inverted(levels, lung)
    assert is_inverted(-levels, lung)
    levels[:, :10] = 0  # the picture begins where the right lung does
    assert not is_inverted(levels, lung)
    assert is_inverted(levels, np.zeros_like(lung))


def test_only_inverted_films_are_turned_over(weights, monkeypatch):
    """The network finds the same lungs either way, and is surer of the inverted film: that does not count."""
    both = segmenter(weights, "unknown")
    lungs = (both.input.image(np.where(chest() < 100, 0.0, 0.62)) < 0).astype(np.float32)
    seen = []

    def find(prepared):
        seen.append(len(prepared))
        return np.stack([lungs * (0.8 if film[32, 20] < film[2, 32] else 0.9) for film in prepared])

    monkeypatch.setattr(both, "_lungs", find)
    film = both.input.image(np.where(chest() < 100, 0.0, 0.62))
    found = both.probabilities(np.stack([film, -film, film]))
    assert np.array_equal(found, np.stack(3 * [0.8 * lungs])) and seen == [3, 1]
    assert np.array_equal(both.probabilities(film[None]), found[:1]) and seen == [3, 1, 1]


def test_a_film_that_is_said_to_be_bright_is_taken_as_it_is(weights):
    bright = segmenter(weights, "bright")
    prepared = bright.input.image(np.where(chest() < 100, 0.0, 0.62))[None]
    assert not np.array_equal(bright.probabilities(prepared), bright.probabilities(-prepared))


def test_films_are_judged_one_by_one(weights):
    both = segmenter(weights, "unknown")
    generator = torch.Generator().manual_seed(0)
    films = torch.randn(5, 64, 64, generator=generator).numpy()
    together = both.probabilities(films)
    alone = np.concatenate([both.probabilities(film[None]) for film in films])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.data
def test_real_films_give_the_same_either_way(xray_segmenter, real_data):
    folder = real_data / "cxr_lungs"
    with (folder / "pairs.csv").open(newline="") as file:
        paths = [folder / row["image"] for row in csv.DictReader(file)][::5]
    prepared = np.stack([xray_segmenter.input.image(film_array(read_radiograph(path))) for path in paths])
    found = xray_segmenter.probabilities(prepared)
    turned = xray_segmenter.probabilities(-prepared)
    np.testing.assert_array_equal(found, turned)
