"""The declared parameters of a method as plain data, which a panel can read before torch is installed.

A method's declaration is a dataclass in `LungCAD.tasks`, which cannot be imported without torch. So it is
written down in ``declared/<method>.json`` (`Testing/write_declared.py`), and a test holds the two together.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from LungCAD.parameters import Declaration, Parameters, declaration_of

Value = bool | int | float | str


@dataclass(frozen=True)
class Declared:
    """One parameter: its place in the nested parameters of a method, its default, what is known of it."""

    path: tuple[str, ...]
    default: Value
    declaration: Declaration

    @property
    def name(self) -> str:
        """A name without dots, such as "crf_theta_alpha"."""
        return "_".join(self.path)

    @property
    def title(self) -> str:
        """What a form calls it: "Theta alpha"."""
        return self.path[-1].replace("_", " ").capitalize()


@dataclass(frozen=True)
class Method:
    """All that a user may set; `presets` holds values by group, preset and name: "crf", "paper", ..."""

    parameters: tuple[Declared, ...]
    presets: Mapping[str, Mapping[str, Mapping[str, Value]]]

    def __getitem__(self, name: str) -> Declared:
        """Return the parameter of this name; KeyError where there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    def group(self, name: str = "", but: Iterable[str] = ()) -> tuple[Declared, ...]:
        """Return the parameters of a nested group ("crf"), or of none (""), except those named."""
        path = (name,) if name else ()
        return tuple(each for each in self.parameters if each.path[:-1] == path and each.name not in but)

    def nested(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """Return values by name as the nested dictionary that `Parameters.as_dict` writes."""
        tree: dict[str, Any] = {}
        for parameter in self.parameters:
            branch = tree
            for step in parameter.path[:-1]:
                branch = branch.setdefault(step, {})
            branch[parameter.path[-1]] = values[parameter.name]
        return tree


def load_method(name: str) -> Method:
    """Read the parameters of a method, such as "label_propagation"."""
    data = json.loads((files("LungCAD.panels") / "declared" / f"{name}.json").read_text(encoding="utf-8"))
    return Method(tuple(_declared(entry) for entry in data["parameters"]), data["presets"])


def describe(parameters: Parameters) -> dict[str, Any]:
    """Return the plain data that `load_method` reads; defaults are the values of `parameters`."""
    return {"parameters": list(_entries(parameters, ())), "presets": _presets(parameters)}


def _entries(parameters: Parameters, path: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    for field in dataclasses.fields(parameters):  # type: ignore[arg-type]
        value, declaration = getattr(parameters, field.name), declaration_of(field)
        if isinstance(value, Parameters):
            yield from _entries(value, (*path, field.name))
        elif declaration is not None and not declaration.hidden:
            yield {"path": [*path, field.name], "default": value, **_known(declaration)}


def _known(declaration: Declaration) -> dict[str, Any]:
    """Return what is declared, less what is left at its default."""
    fields = dataclasses.fields(declaration)
    values = {field.name: getattr(declaration, field.name) for field in fields}
    return {field.name: values[field.name] for field in fields if values[field.name] != field.default}


def _presets(parameters: Parameters) -> dict[str, Any]:
    groups = {}
    for field in dataclasses.fields(parameters):  # type: ignore[arg-type]
        group = getattr(parameters, field.name)
        if isinstance(group, Parameters) and group.presets:
            groups[field.name] = {
                name: {"_".join(entry["path"]): entry["default"] for entry in _entries(preset, (field.name,))}
                for name, preset in group.presets.items()
            }
    return groups


def _declared(entry: dict[str, Any]) -> Declared:
    known = {key: value for key, value in entry.items() if key not in ("path", "default")}
    known["choices"] = tuple(known.get("choices", ()))
    return Declared(tuple(entry["path"]), entry["default"], Declaration(**known))
