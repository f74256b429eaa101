"""What the pytest fixture `slicer_app` does around every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import slicer

from Testing.host import incidents
from Testing.host.modules import close_module


def fresh_application() -> Iterator[Any]:
    """Yield the application as it starts, its scene empty; close all panels then and tell what went wrong."""
    slicer.mrmlScene.Clear(0)
    if slicer.app.layoutManager() is not None:
        slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    incidents.take()
    yield slicer.app
    for module in list(vars(slicer.modules).values()):
        if isinstance(module, slicer.qSlicerScriptedLoadableModule):
            close_module(module.name)
    slicer.mrmlScene.Clear(0)
    slicer.app.processEvents()
    happened = incidents.take()
    assert not happened, "\n\n".join(happened)
