"""What a weights file says of its network."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from LungCAD.weights.card import ModelCard

FORMAT = "lungcad-network-1"

BACKGROUND = "background"
"""The class of pixels that carry no label, for networks that tell them from the others; in every schema."""


@dataclass(frozen=True)
class NetworkDescription:
    """All that is needed to build a network and to feed it.

    architecture : a name in `LungCAD.networks.ARCHITECTURES`. options : its arguments after the classes.
    schema : of the labels, as `load_schema` takes it: the name of a shipped one, or the text of another.
    classes : its codes or `BACKGROUND`, in the order of the outputs.
    input : how images are prepared, such as HU windows and the size of patches; plain data.
    """

    architecture: str
    schema: str
    classes: tuple[str, ...]
    card: ModelCard
    options: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the texts that go into the header of a safetensors file."""
        entries = {key: json.dumps(value) for key, value in dataclasses.asdict(self).items()}
        return {"format": FORMAT, **entries}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> NetworkDescription:
        """Return the description in the header of a safetensors file.

        Raises
        ------
        ValueError
            The header was not written by `to_metadata`.
        """
        if metadata.get("format") != FORMAT:
            raise ValueError(f"its format is {metadata.get('format')!r}, not {FORMAT!r}")
        try:
            entries = {entry.name: json.loads(metadata[entry.name]) for entry in dataclasses.fields(cls)}
            entries["card"] = ModelCard(**entries["card"])
            entries["classes"] = tuple(entries["classes"])
            _require_texts(entries["architecture"], entries["schema"], *entries["classes"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"its header is incomplete ({error})") from error
        return cls(**entries)


def _require_texts(*entries: object) -> None:
    if not all(isinstance(entry, str) for entry in entries):
        raise TypeError("architecture, schema and classes are texts")
