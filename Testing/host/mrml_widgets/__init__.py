"""Stand-ins for Slicer's widgets that show MRML nodes: the part that panels use."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

CLASSES: dict[str, type] = {
    found.name: getattr(import_module(f"{__name__}.{found.name}"), found.name)
    for found in iter_modules(__path__)
    if found.name.startswith("q")
}
