"""One network from several that went on from the same one: the mean of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from LungCAD.errors import InputError
from LungCAD.files import write_text
from LungCAD.weights import ModelCard, NetworkDescription, load_network, save_network

ALIKE = ("architecture", "options", "schema", "classes")
"""What networks must have in common, besides how images are prepared for them."""

SEEN = ("pixel_mm", "thickness_mm")
"""Of the input: what scanners a network happened to see."""

DECISIONS = "decisions"
"""Of the input: how outputs are read. They are fitted to each network, so those of a mean are nobody's."""

READ_AS_FIRST = "Its outputs are read as those of the first: fit that anew (`train detection --calibrate`)."


def write_mean(folder: Path, paths: Sequence[Path], command: str) -> ModelCard:
    """Write network.safetensors (half precision) and MODEL_CARD.md; return the card.

    Between networks that differ by a further training alone the loss has no hill: their mean is often better
    than either (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).

    Parameters
    ----------
    paths : of the networks. command : what was run, without names of files.

    Raises
    ------
    InputError
        A file holds no network, or the networks are not of one kind.
    """
    networks, descriptions = zip(*(load_network(path) for path in paths), strict=True)
    for path, other in zip(paths, descriptions, strict=True):
        _require_alike(path, descriptions[0], other)
    mean = networks[0]
    states = [network.state_dict() for network in networks]
    mean.load_state_dict(
        {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    )
    card = _card([description.card for description in descriptions], command)
    if len({str(description.input.get(DECISIONS)) for description in descriptions}) > 1:
        card = replace(card, results=f"{card.results} {READ_AS_FIRST}")
    save_network(mean.half(), replace(descriptions[0], card=card), folder / "network.safetensors")
    write_text(folder / "MODEL_CARD.md", card.markdown())
    return card


def _require_alike(path: Path, first: NetworkDescription, other: NetworkDescription) -> None:
    for name, wanted in _kind(first).items():
        if (found := _kind(other).get(name)) != wanted:
            problem = f"has another {name} than the first network: {found}, not {wanted}"
            raise InputError(path, problem, "Give networks that went on from the same one")


def _kind(description: NetworkDescription) -> dict[str, object]:
    prepared = {name: value for name, value in description.input.items() if name not in (*SEEN, DECISIONS)}
    return {**{name: getattr(description, name) for name in ALIKE}, **prepared}


def _card(cards: Sequence[ModelCard], command: str) -> ModelCard:
    last, data = cards[-1], list(dict.fromkeys(card.data for card in cards))
    # A network that went on from another tells of the other's data as well.
    data = [one for one in data if not any(one in other for other in data if other != one)]
    return replace(
        last,
        data=" ".join(data),
        licence="; ".join(dict.fromkeys(card.licence for card in cards)),
        synthetic=any(card.synthetic for card in cards),
        command=f"{last.command}; {command}",
        results=f"The mean of the weights of {len(cards)} networks; not measured.",
    )
