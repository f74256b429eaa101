"""Opens scripted modules from their folder, as Slicer's module factory does at start-up."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import slicer

from Testing.host.scripted.qSlicerScriptedLoadableModule import qSlicerScriptedLoadableModule

CHECKOUT = Path(__file__).resolve().parents[2]


def load_module(name: str, folder: Path | str | None = None) -> qSlicerScriptedLoadableModule:
    """Import `<folder>/<name>.py` (the checkout's `<name>` folder unless given); makes no panel."""
    loaded = getattr(slicer.modules, name.lower(), None)
    if loaded is not None:
        return loaded
    path = Path(folder or CHECKOUT / name) / f"{name}.py"
    for place in (path.parent, path.parent.parent):
        if str(place) not in sys.path:
            sys.path.append(str(place))
    spec = spec_from_file_location(name, path)
    python = module_from_spec(spec)
    sys.modules[name] = python
    spec.loader.exec_module(python)

    def make_panel(parent: Any) -> Any:
        panel = getattr(sys.modules[name], f"{name}Widget")(parent)
        setattr(slicer.modules, f"{name}Widget", panel)
        return panel

    module = qSlicerScriptedLoadableModule(name, path, make_panel)
    setattr(slicer.modules, name.lower(), module)
    getattr(python, name)(module)
    slicer.app.moduleManager().moduleLoaded.emit(name)
    slicer.app.startupCompleted.emit()
    return module


def open_module(name: str, folder: Path | str | None = None) -> Any:
    """Load the module, show its panel and return the panel's Python widget, entered."""
    panel = load_module(name, folder).widgetRepresentation()
    panel.show()
    slicer.util.selectModule(name)
    slicer.app.processEvents()
    return panel.self()


def close_module(name: str) -> None:
    """Leave the module and forget it, as when Slicer ends: exit, cleanup, delete."""
    module = getattr(slicer.modules, name.lower(), None)
    if module is None:
        return
    if module._panel is not None:
        if module._panel.isEntered:
            slicer.util.selectModule("")
        slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(name)
        module._panel.hide()
        module._panel.deleteLater()
        vars(slicer.modules).pop(f"{name}Widget", None)
    delattr(slicer.modules, name.lower())
    sys.modules.pop(name, None)
    slicer.app.processEvents()
