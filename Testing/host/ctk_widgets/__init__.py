"""Stand-ins for CTK's widgets: the part that panels use, drawn with plain Qt."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

CLASSES: dict[str, type] = {
    found.name: getattr(import_module(f"{__name__}.{found.name}"), found.name)
    for found in iter_modules(__path__)
    if found.name.startswith("ctk")
}
