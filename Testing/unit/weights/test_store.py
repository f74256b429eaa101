"""Weights come back as they were written, and nothing else comes back."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.weights import load_network, save_network


@pytest.fixture
def saved(described, tmp_path):
    save_network(*described, tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


def rewritten(path, change):
    """Write the file again with what `change` makes of its tensors and metadata."""
    with safe_open(path, "pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    change(tensors, metadata)
    save_file(tensors, path, metadata)


def test_a_network_comes_back_bit_by_bit_and_ready_for_use(described, saved):
    network, description = described
    loaded, told = load_network(saved, architecture="patch_cnn", schema=load_schema("gao5"))
    assert told == description
    assert not loaded.training
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(loaded(images), network(images))


def test_the_card_says_what_matters(saved):
    text = load_network(saved)[1].card.markdown()
    for part in ("synthetic data", "CC0", "lungcad train patches", "seed 3", "Not a medical device"):
        assert part in text


def test_a_known_checksum_is_enforced_whole_or_by_its_first_digits(saved):
    sha256 = hashlib.sha256(saved.read_bytes()).hexdigest()
    load_network(saved, sha256=sha256)
    load_network(saved, sha256=sha256[:8])
    with pytest.raises(InputError, match="not the expected file"):
        load_network(saved, sha256="0" * 64)
    with pytest.raises(ValueError, match="fewer than 8"):
        load_network(saved, sha256="")


def test_a_flipped_bit_is_found(saved):
    data = bytearray(saved.read_bytes())
    data[-5] ^= 1
    saved.write_bytes(data)
    with pytest.raises(InputError, match="was changed"):
        load_network(saved)


def test_a_renamed_tensor_is_found(saved):
    rewritten(saved, lambda tensors, _: tensors.update(strange=tensors.pop("classifier.7.bias")))
    with pytest.raises(InputError, match="was changed"):
        load_network(saved)


@pytest.mark.parametrize("kept", [0, 5, 1000])
def test_a_truncated_file(saved, kept):
    saved.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"network.safetensors"):
        load_network(saved)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_network(tmp_path / "nowhere.safetensors")


def test_a_pickle_is_never_opened(tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="no whole safetensors"):
        load_network(tmp_path / "a.safetensors")


def test_a_file_of_others(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="not written by LungCAD"):
        load_network(tmp_path / "a.safetensors")


def test_another_architecture_than_wanted(saved):
    with pytest.raises(InputError, match="architecture patch_cnn, not alexnet"):
        load_network(saved, architecture="alexnet")


def test_an_architecture_of_the_future(described, tmp_path):
    network, description = described
    save_network(network, dataclasses.replace(description, architecture="vit9"), tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="unknown architecture vit9"):
        load_network(tmp_path / "a.safetensors")


def test_options_that_the_architecture_refuses(described, tmp_path):
    network, description = described
    odd = dataclasses.replace(description, architecture="lungnet", options={"normalization": "odd"})
    save_network(network, odd, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="does not fit the architecture lungnet"):
        load_network(tmp_path / "a.safetensors")


@pytest.mark.parametrize("options", [{"width": 0.5}, {"breadth": 1}])
def test_tensors_that_do_not_fit_what_the_file_says(described, tmp_path, options):
    network, description = described
    save_network(network, dataclasses.replace(description, options=options), tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="does not fit the architecture"):
        load_network(tmp_path / "a.safetensors")


def test_a_schema_without_the_networks_classes(saved):
    with pytest.raises(InputError, match=r"fibrosis, which the schema lungnet6 lacks.*gao5"):
        load_network(saved, schema=load_schema("lungnet6"))


@pytest.mark.parametrize("key", ["format", "classes", "card"])
def test_an_incomplete_header(saved, key):
    rewritten(saved, lambda _, metadata: metadata.pop(key))
    with pytest.raises(InputError, match="holds no network"):
        load_network(saved)


def test_nothing_is_overwritten_unless_asked(described, saved):
    with pytest.raises(InputError, match="exists already"):
        save_network(*described, saved)
    save_network(*described, saved, overwrite=True)


@pytest.mark.parametrize(
    ("key", "value"), [("architecture", ["vgg19"]), ("classes", [1, 2]), ("schema", None), ("classes", 3)]
)
def test_a_header_of_other_kinds(saved, key, value):
    rewritten(saved, lambda _, metadata: metadata.update({key: json.dumps(value)}))
    with pytest.raises(InputError, match="holds no network"):
        load_network(saved)


@pytest.mark.parametrize("width", ["Infinity", "NaN", '"wide"', "-1"])
def test_options_that_are_no_sizes(saved, width):
    rewritten(saved, lambda _, metadata: metadata.update(options=f'{{"width": {width}}}'))
    with pytest.raises(InputError, match="does not fit the architecture"):
        load_network(saved)
