"""Weights that others publish: where they are and how to know them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from LungCAD.errors import InputError


@dataclass(frozen=True)
class WeightsEntry:
    """A published file. sha256 : its SHA-256 or the first digits, as far as its publisher states them."""

    name: str
    architecture: str
    url: str
    sha256: str
    licence: str
    source: str


def registered(name: str) -> WeightsEntry:
    """Return the entry of that name in registry.json; InputError where there is none."""
    entries = json.loads((files("LungCAD.weights") / "registry.json").read_text(encoding="utf-8"))
    if name not in entries:
        raise InputError(name, "is not among the registered weights", f"Registered: {', '.join(entries)}")
    return WeightsEntry(name, **entries[name])
