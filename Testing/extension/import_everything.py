"""Import every module below the folder given as argument, in the stand-in for Slicer; print their names.

Run in a process of its own. Everything must come from that folder, and its data files must be readable.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(folder: Path) -> None:
    """Import what Slicer would: the package from the folder of the scripted modules, then these."""
    sys.path[0] = str(folder)
    sys.path.append(str(ROOT))  # for the stand-in alone; what is installed comes first
    from Testing import host

    host.start()
    names = [name for path in sorted(folder.rglob("*.py")) if (name := _module_name(path, folder))]
    for name in names:
        origin = Path(importlib.import_module(name).__file__)
        if not origin.is_relative_to(folder):
            raise ImportError(f"{name} comes from {origin}")

    from LungCAD.labels import available_schemas, load_schema

    for schema in available_schemas():
        load_schema(schema)
    print(json.dumps(names))


def _module_name(path: Path, folder: Path) -> str:
    """Return the dotted name; none of what would run when imported."""
    parts = path.relative_to(folder).with_suffix("").parts
    if parts[-1] == "__main__":
        return ""
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
