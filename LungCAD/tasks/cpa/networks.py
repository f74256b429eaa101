"""The networks that have a say: shipped ones, or those of the user in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.tasks.cpa.picture_input import PictureInput
from LungCAD.tasks.cpa_projections import AXES
from LungCAD.weights import ModelCard, load_network
from LungCAD.weights.shipped import shipped_files

PREFIX = "cpa-"
"""Of the names of shipped weights."""

DISEASE, SURVIVAL = "disease", "survival"
SIGNS = load_schema("cpa3").codes
"""cavity, fungus_ball, pleural_thickening."""

TASKS = (DISEASE, SURVIVAL, *SIGNS)

ANSWERS, PRESENT = 2, 1
"""Classes of a question, and the index of the one that says yes."""

FINAL = "final"

EXPLAINED: dict[str, dict[str, Callable[[nn.Module], nn.Module]]] = {
    "vgg19": {
        FINAL: lambda network: network.features[-2],
        "earlier": lambda network: network.features[-11],
        "earliest": lambda network: network.features[-20],
    },
    "inception_v3": {
        FINAL: lambda network: network.Mixed_7c,
        "earlier": lambda network: network.Mixed_6e,
        "earliest": lambda network: network.Mixed_5d,
    },
}
"""Layers whose maps Grad-CAM can weigh: the final convolutional unit (SAPSAM, eq. 1), and the last of one and
of two stages earlier. Of two stages that no pooling parts, maps are equally fine."""


class OneTask(nn.Module):
    """One question of a network for several, which share all but the last layer: logits (N, 2)."""

    def __init__(self, network: nn.Module, number: int) -> None:
        super().__init__()
        self.network, self.own = network, slice(ANSWERS * number, ANSWERS * (number + 1))
        self.train(network.training)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, 2) of no and yes."""
        return self.network(images)[:, self.own]


@dataclass(frozen=True)
class CpaNetwork:
    """A network for one question on one direction of projection.

    task : a name in `TASKS`. axis : a name in `cpa_projections.AXES`. layer : whose maps Grad-CAM weighs.
    input : how pictures are prepared. judges : whether its answers count, or only where it looks.
    path : of its weights, which several tasks may share. shipped : whether it came with LungCAD to fill in
    for what the user's own networks do not tell, whose files may have the same names.
    """

    task: str
    axis: str
    architecture: str
    network: nn.Module
    layer: nn.Module
    input: PictureInput
    card: ModelCard
    path: Path
    judges: bool = True
    shipped: bool = False

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.path.stem} (shipped)" if self.shipped else self.path.stem


def find_networks(
    weights: str = "", device: torch.device | str = "cpu", layer: str = FINAL
) -> list[CpaNetwork]:
    """Return the networks of a file or folder, and shipped ones for the tasks that none of those is for.

    Shipped ones never have a say beside the user's own: what they learned from is another world. Of networks
    for the same task, direction and architecture the last counts. `layer` is a name in `EXPLAINED`.

    Raises
    ------
    InputError
        There are none at all, or a file holds no network for projections.
    """
    own = list(_loaded(_files_of(Path(weights)), device, layer)) if weights else []
    taken = {network.task for network in own}
    every = _loaded(shipped_files(PREFIX), device, layer)
    shipped = [replace(each, shipped=bool(own)) for each in every if each.task not in taken]
    chosen = {(each.task, each.axis, each.architecture): each for each in (*shipped, *own)}
    if not chosen:
        remedy = "Train some with lungcad train cpa, and name their folder with --weights"
        raise InputError("Networks for projections", "are not there", remedy)
    return sorted(
        chosen.values(), key=lambda each: (TASKS.index(each.task), AXES.index(each.axis), each.name)
    )


def judging(networks: Sequence[CpaNetwork]) -> list[CpaNetwork]:
    """Return, of networks for one sign, those whose answers count: all where none is better."""
    return [network for network in networks if network.judges] or list(networks)


def network_files(networks: Iterable[CpaNetwork]) -> dict[str, Path]:
    """Return the files of networks by their names."""
    return {network.name: network.path for network in networks}


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.exists():
        raise InputError(path, "does not exist", "Give a file of weights, or a folder of them")
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise InputError(path, "holds no weights (.safetensors)", "Give what lungcad train cpa wrote")
    return files


def _loaded(files: Iterable[Path], device: torch.device | str, layer: str) -> Iterator[CpaNetwork]:
    for path in files:
        network, description = load_network(path)
        try:
            maps = EXPLAINED[description.architecture][layer]
            tasks, axis = description.input["tasks"], description.input["axis"]
            prepared = PictureInput.from_plain(description.input)
            judges = description.input["judges"]
        except (KeyError, ValueError) as error:
            problem = f"holds no network for projections ({error})"
            raise InputError(path, problem, "Give what lungcad train cpa of this version wrote") from error
        strange = [task for task in tasks if task not in TASKS]
        if strange or axis not in AXES:
            asked = " and ".join(map(repr, strange or tasks))
            raise InputError(path, f"is for the task {asked} on {axis!r} projections, which is not known")
        network, kind, card = network.to(device), description.architecture, description.card
        for number, task in enumerate(tasks):
            one, shown = OneTask(network, number), maps(network)
            yield CpaNetwork(task, axis, kind, one, shown, prepared, card, path, task in judges)
