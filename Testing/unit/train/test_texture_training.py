from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from LungCAD.cli import main
from LungCAD.labels import load_schema
from LungCAD.networks import TextureNet
from LungCAD.train.texture import training
from LungCAD.train.texture.episodes import Episodes, draw_regions
from LungCAD.train.texture.learner import class_means, region_means
from LungCAD.train.texture.parameters import TextureTrainingParameters
from LungCAD.train.texture.scans import CODES, SCHEMAS, TextureScan, make_scan, study_parameters
from LungCAD.weights import load_network


def small_scan(seed):
    """Two textures of one mean side by side: white noise and blobs."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(3, 64, 96))
    blobs = ndimage.gaussian_filter(noise, (0, 2, 2))
    labels = np.ones(noise.shape, np.uint8)
    labels[:, :, 48:] = 2
    hu = -850 + 60 * np.where(labels == 1, noise, blobs / blobs.std())
    lung = np.zeros(noise.shape, bool)
    lung[:, 4:-4, 4:-4] = True
    return TextureScan(hu.astype(np.int16), labels * lung, lung)


@pytest.fixture
def small_scans(monkeypatch):
    monkeypatch.setattr(training, "make_scan", small_scan)


def test_the_network_halves_any_size():
    network = TextureNet(5, channels=(4, 6, 8))
    assert network(torch.zeros(2, 4, 31, 46)).shape == (2, 5, 16, 23)


def test_episodes_depend_on_seed_and_number_alone():
    episodes = Episodes([small_scan(0), small_scan(1)], 5, 4, 48, seed=3)
    for a, b in zip(episodes[2], episodes[2], strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(episodes[2].hu, episodes[3].hu)
    assert len(episodes) == 5


def test_regions_lie_within_one_class_of_the_lung():
    for index in range(20):
        episode = Episodes([small_scan(0)], 20, 4, 48, seed=0)[index]
        assert episode.labels.shape == episode.regions.shape == (4, 24, 24)
        assert not episode.labels[~episode.lung[:, ::2, ::2]].any()
        for number, value in enumerate(episode.classes.tolist(), start=1):
            assert (episode.labels[episode.regions == number] == value).all()


def test_a_class_without_room_is_not_drawn():
    labels = np.ones((2, 30, 30), np.uint8)
    labels[0, 0, 0] = 2
    for seed in range(10):
        assert set(draw_regions(labels, np.random.default_rng(seed))[1]) <= {1}


def test_means_equal_brute_force():
    rng = np.random.default_rng(0)
    described = torch.from_numpy(rng.normal(size=(2, 9, 9, 3)))
    regions = torch.from_numpy(rng.integers(0, 5, (2, 9, 9)))
    classes = torch.tensor([0, 1, 1, 0])
    means = region_means(described, regions, 4)
    expected = torch.stack([described[regions == number].mean(0) for number in range(1, 5)])
    assert torch.allclose(means, expected)
    expected = torch.stack([(means[0] + means[3]) / 2, (means[1] + means[2]) / 2])
    assert torch.allclose(class_means(means, classes), expected)


def test_training_learns_a_metric_and_repeats(small_scans):
    parameters = TextureTrainingParameters(
        studies=3, held_out=1, crops=2, crop=48, dimensions=4, episodes=40, device="cpu"
    )
    first, second = (training.train_texture(parameters) for _ in range(2))
    assert first.accuracy > 0.7
    assert first.accuracy == second.accuracy
    assert torch.equal(first.network.head.weight, second.network.head.weight)


def test_the_command_writes_loadable_weights_and_their_card(small_scans, tmp_path):
    sizes = ["--studies", "2", "--held-out", "1", "--crops", "2", "--crop", "48", "--episodes", "3"]
    assert main(["train", "texture", *sizes, "--quiet", "-o", str(tmp_path / "out")]) == 0
    network, description = load_network(tmp_path / "out" / "texture.safetensors", architecture="texture")
    assert len(description.classes) == network.head.out_channels == 16
    card = (tmp_path / "out" / "texture.md").read_text(encoding="utf-8")
    assert "Trained on synthetic data" in card and "--studies 2" in card and str(tmp_path) not in card


def test_phantoms_differ_in_scanner_and_schema():
    studies = [study_parameters(seed) for seed in range(5000, 5040)]
    assert len({study.schema for study in studies}) == 4
    assert len({study.kernel for study in studies}) == 3
    assert min(study.noise for study in studies) < 10 < 20 < max(study.noise for study in studies)


@pytest.mark.slow
def test_a_phantom_is_cut_to_its_lung_and_named_by_texture():
    scan = make_scan(5000)
    assert scan.hu.shape == scan.labels.shape == scan.lung.shape
    assert not scan.labels[~scan.lung].any()
    textures = {CODES[label - 1] for label in np.unique(scan.labels[scan.lung]) if label}
    assert any(textures <= set(load_schema(name).codes) for name in SCHEMAS) and len(textures) > 1
