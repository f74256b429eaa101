"""Whether bone is bright or dark on a film is found out, film by film."""

import numpy as np
import pytest
import torch

from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter
from Testing.slicer.dark_network import chest, save_dark_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_dark_network(tmp_path_factory.mktemp("weights") / "dark.safetensors"))


def segmenter(weights, bone):
    return XraySegmenter(XrayLungParameters(weights=weights, bone=bone, device="cpu"))


def test_the_surer_way_round_counts(weights):
    """On this film the network is sure of the dark ellipses, and wavers over the grey around them."""
    film = np.where(chest() < 100, 0.0, 0.62)
    both = segmenter(weights, "unknown")
    prepared = both.input.image(film)
    right, turned = both.probabilities(np.stack([prepared, -prepared]))
    np.testing.assert_array_equal(right, turned)
    np.testing.assert_array_equal(right, segmenter(weights, "bright").probabilities(prepared[None])[0])
    assert right[32, 20] > 0.9 and right[2, 32] < 0.5


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
