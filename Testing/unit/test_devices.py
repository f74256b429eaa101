"""Which device a name stands for."""

from __future__ import annotations

import pytest
import torch

from LungCAD.devices import choose_device
from LungCAD.errors import InputError


@pytest.fixture
def machine(monkeypatch):
    """Return a function that gives this machine so many CUDA devices, and Apple's or not."""

    def has(cuda, mps):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return has


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (2, False, "cuda"), (0, True, "cpu")]
)
def test_auto_takes_what_runs_everything(machine, cuda, mps, expected):
    machine(cuda, mps)
    assert choose_device() == torch.device(expected)


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:1", "mps", "cpu:0", "mps:0"])
def test_what_is_there_is_taken_by_its_name(machine, name):
    machine(2, True)
    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize(
    "name", ["cuda:2", "cuda:x", "cuda:", "cpu:x", "cuda:-1", "mps:1", "tpu", "", "cuda:1:1"]
)
def test_what_is_not_there_is_told(machine, name):
    machine(2, True)
    with pytest.raises(InputError, match=r"device: .* is not to be had.*auto, cpu, cuda, mps"):
        choose_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_another_machine_has_only_its_processor(machine, name):
    machine(0, False)
    with pytest.raises(InputError, match=r"Usable: auto, cpu\b(?!,)"):
        choose_device(name)
