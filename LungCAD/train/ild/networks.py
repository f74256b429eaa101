"""The networks that can be trained, as the paper's tables name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from LungCAD.errors import InputError
from LungCAD.networks import ARCHITECTURES
from LungCAD.networks.lungnet import CONFIGURATIONS
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.weights import load_network

State = Mapping[str, torch.Tensor]


def network_options(parameters: IldTrainingParameters) -> dict[str, Any]:
    """Return the arguments of the architecture after the number of classes; raises InputError."""
    if parameters.architecture == "lungnet":
        if parameters.variant not in CONFIGURATIONS:
            names = ", ".join(CONFIGURATIONS)
            raise InputError("variant", f"{parameters.variant!r} is unknown", f"There are {names}")
        return dict(CONFIGURATIONS[parameters.variant])
    if parameters.architecture == "unet":
        filters = max(1, round(64 * parameters.width))
        return {"filters": filters, "most_filters": 16 * filters, "normalization": "instance"}
    return {"width": parameters.width}


def new_network(classes: int, parameters: IldTrainingParameters, start: State | None = None) -> nn.Module:
    """Return the untrained network that the seed decides, or one that begins with the tensors of another.

    start : tensors of a network of this architecture; those of the last layer are used where they fit.

    Raises
    ------
    InputError
        The variant is unknown, or `start` has not the tensors of this architecture.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parameters.seed)
        network = ARCHITECTURES[parameters.architecture](classes, **network_options(parameters))
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = parameters.dropout
    if start is None:
        return network
    own = network.state_dict()
    fitting = {name: tensor for name, tensor in start.items() if own.get(name, tensor).shape == tensor.shape}
    last = list(own)[-2:]
    if set(start) != set(own) or not set(own) - set(last) <= set(fitting):
        raise InputError("start", f"holds no {parameters.architecture} of this form", "Start from scratch")
    network.load_state_dict({**own, **fitting})
    return network


def read_start(path: Path | None, parameters: IldTrainingParameters) -> State | None:
    """Return the tensors in a weights file, in full precision; None without a file. Raises InputError."""
    if path is None:
        return None
    network, description = load_network(path, architecture=parameters.architecture)
    state = network.float().state_dict()
    new_network(len(description.classes), parameters, state)  # another form is told before data are read
    return state
