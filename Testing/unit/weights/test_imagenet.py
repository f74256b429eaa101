"""Official weights: only the official file, converted once, all layers but the last."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pickle
from http.client import IncompleteRead
from typing import ClassVar

import pytest
import torch

from LungCAD.errors import InputError
from LungCAD.networks import AlexNet
from LungCAD.weights import imagenet_state, registered, start_from_imagenet
from LungCAD.weights.registry import WeightsEntry


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LUNGCAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def published(tmp_path):
    """A published file and its entry; the address is a file, which stands for the network."""
    torch.manual_seed(0)
    path = tmp_path / "alexnet-published.pth"
    torch.save(AlexNet(10, width=1 / 32).state_dict(), path)
    return path, entry_of(path)


def entry_of(path):
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return WeightsEntry("alexnet-test", "alexnet", path.as_uri(), sha256, "CC0", "a test")


def test_the_registered_file_is_torchvisions():
    entry = registered("alexnet-imagenet")
    assert entry.architecture == "alexnet"
    assert entry.url == "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"
    assert entry.sha256.startswith("7be5be79")


def test_an_unregistered_name_lists_the_registered():
    with pytest.raises(InputError, match="alexnet-imagenet"):
        registered("resnet")


@pytest.mark.parametrize("local", [True, False], ids=["local file", "downloaded"])
def test_the_tensors_are_those_of_the_file(published, local):
    path, entry = published
    state = imagenet_state(entry, path if local else None)
    expected = torch.load(path, weights_only=True)
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in state)


def test_it_is_downloaded_and_converted_once(published, cache):
    path, entry = published
    first = imagenet_state(entry)
    path.unlink()
    (cache / path.name).unlink()
    second = imagenet_state(entry)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_file_is_refused_and_leaves_nothing(published, cache):
    path, entry = published
    wrong = dataclasses.replace(entry, sha256="0" * 8)
    for file in (path, None):
        with pytest.raises(InputError, match="not the expected file"):
            imagenet_state(wrong, file)
    assert not list(cache.glob("*"))


def test_a_spoiled_copy_in_the_cache_is_not_used(published, cache):
    path, entry = published
    cache.mkdir()
    (cache / path.name).write_bytes(b"spoiled")
    with pytest.raises(InputError, match="not the expected file"):
        imagenet_state(entry)


def test_no_code_in_a_file_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").touch, ()

    path = tmp_path / "trap.pth"
    path.write_bytes(pickle.dumps({"a": Trap()}, protocol=2))
    with pytest.raises(InputError, match="no file of tensors"):
        imagenet_state(entry_of(path), path)
    assert not (tmp_path / "sprung").exists()


def test_an_address_that_cannot_be_reached(published):
    _, entry = published
    with pytest.raises(InputError, match="cannot be downloaded"):
        imagenet_state(dataclasses.replace(entry, url="file:///nowhere/weights.pth"))
    with pytest.raises(InputError, match="no secure address"):
        imagenet_state(dataclasses.replace(entry, url="http://localhost/weights.pth"))


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), IncompleteRead(b"half")])
def test_a_line_that_breaks_is_not_blamed_on_the_disk(published, cache, monkeypatch, error):
    class Broken(io.BytesIO):
        headers: ClassVar = {"Content-Length": "1000"}

        def read(self, size=-1):
            if block := super().read(size):
                return block
            raise error

    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: Broken(b"half"))
    with pytest.raises(InputError, match=r"published\.pth: cannot be downloaded"):
        imagenet_state(published[1])
    assert not list(cache.iterdir())


def test_all_layers_but_the_last_are_taken_over(published):
    path, entry = published
    network = AlexNet(5, width=1 / 32)
    head = network.classifier[6].weight.clone()
    state = imagenet_state(entry, path)
    start_from_imagenet(network, state)
    for name, tensor in network.state_dict().items():
        if not name.startswith("classifier.6"):
            assert torch.equal(tensor, state[name]), name
    assert torch.equal(network.classifier[6].weight, head)


def test_another_width_is_refused(published):
    path, entry = published
    with pytest.raises(InputError, match="do not fit"):
        start_from_imagenet(AlexNet(5, width=1 / 16), imagenet_state(entry, path))
