"""Choice of a network: a shipped one, or a weights file of the user's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import qt

from LungCAD.errors import InputError

OWN = "From a file…"

LARGEST_HEADER = 1 << 24
"""Bytes; what claims a longer one is something else."""


class WeightsChooser:
    """A combo box of networks.

    shipped : what the shipped weights are called on screen, by name. changed : called with the name or the
    path that the user chose. Whether the weights can be used is found out by who loads them.
    """

    def __init__(self, box: qt.QComboBox, shipped: Mapping[str, str], changed: Callable[[str], None]) -> None:
        self._box, self._changed = box, changed
        self._names: list[str] = []
        for name, title in shipped.items():
            self._add(name, title)
        box.addItem(OWN)
        box.connect("activated(int)", self._activated)  # there is one with a text, too

    def choose(self, name: str) -> None:
        """Show these weights as chosen; calls nobody back."""
        if name not in self._names:
            self._add(name, Path(name).name)
        self._box.currentIndex = self._names.index(name)
        self._box.toolTip = name

    def _add(self, name: str, title: str) -> None:
        self._box.insertItem(len(self._names), title)
        self._names.append(name)

    def _activated(self, index: int) -> None:
        own = index == len(self._names)
        name = _ask_for_file() if own else self._names[index]
        if name:
            self.choose(name)
            self._changed(name)
        else:
            self._box.currentIndex = self._names.index(self._box.toolTip)


def said_of_weights(file: str) -> dict[str, Any]:
    """Return what a weights file says of its network, as `NetworkDescription` has it; reads its header alone.

    Nothing is checked that the loading checks: this needs no torch and takes no time.

    Raises
    ------
    InputError
        There is no such file, or it is no network of LungCAD.
    """
    try:
        with Path(file).open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            metadata = json.loads(opened.read(min(size, LARGEST_HEADER)))["__metadata__"]
            return {name: json.loads(metadata[name]) for name in ("architecture", "schema", "input")}
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})", "Choose one that exists") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(file, "holds no network", "Train one with lungcad train") from error


def _ask_for_file() -> str:
    return qt.QFileDialog.getOpenFileName(None, "Weights", "", "Weights (*.safetensors)")
