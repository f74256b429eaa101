"""Propagation jobs that are given the weights of a patch network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import InputError
from LungCAD.networks import PatchCNN
from LungCAD.unary import PatchInput
from LungCAD.weights import ModelCard, NetworkDescription, save_network
from LungCAD.worker.cache import Cache
from LungCAD.worker.in_process import run

DESCRIPTION = NetworkDescription(
    architecture="patch_cnn",
    options={"width": 0.25},
    schema="gao5",
    classes=("emphysema", "ground_glass", "healthy"),
    input=dataclasses.asdict(PatchInput(8, 8)),
    card=ModelCard("Untrained", "Nothing.", "CC0", True, "none", 0, "None."),
)
FEW = {"crf": {"iterations": 2}, "device": "cpu"}


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "network.safetensors"
    save_network(PatchCNN(3, width=0.25).eval(), DESCRIPTION, path)
    return str(path)


@pytest.fixture
def images(small_scan):
    scan = small_scan(slices=2)
    inputs = scan.inputs(scan.rois((0, 20, 20), (0, 46, 20), (1, 46, 66)))
    return {"ct": inputs.ct, "rois": inputs.rois, "lungs": inputs.lungs}


@pytest.mark.parametrize("unary", ["network", "both"])
def test_network_is_applied_and_what_it_was_trained_on_is_said(images, weights, unary):
    told = []
    parameters = {**FEW, "unary": unary, "network": weights}
    result = run("propagate", images, parameters, lambda fraction, message: told.append(fraction))
    assert set(np.unique(sitk.GetArrayViewFromImage(result.images["labels"]))) <= {0, 1, 2, 3}
    assert "synthetic" in result.data["warnings"][0]
    assert told == sorted(told)


def test_network_is_left_alone_where_the_regions_decide(images):
    result = run("propagate", images, {**FEW, "unary": "rois", "network": "nowhere.safetensors"})
    assert not any("synthetic" in warning for warning in result.data["warnings"])


def test_corrections_use_the_network_of_the_first_time(images, weights):
    cache, parameters = Cache(), {**FEW, "unary": "both", "network": weights}
    first = run("propagate", images, parameters, cache=cache)
    corrections = sitk.Cast(images["rois"], sitk.sitkInt16) * 0 - 1
    corrections[26, 30, 0] = 3
    again = run("repropagate", {**images, "corrections": corrections}, parameters, cache=cache)
    assert again.images["labels"][26, 30, 0] == 3
    assert again.data["warnings"][0] == first.data["warnings"][0]
    anew = run("repropagate", {**images, "corrections": corrections}, parameters)
    assert anew.data["warnings"][0] == first.data["warnings"][0]


def test_no_such_weights(images):
    with pytest.raises(InputError, match="nowhere"):
        run("propagate", images, {**FEW, "unary": "network", "network": "nowhere.safetensors"})
