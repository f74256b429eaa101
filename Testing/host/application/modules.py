"""The logics of Slicer's own modules, and `slicer.modules`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import slicer

from Testing.host.application.home import SHARE

LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SegmentEditor": "vtkSlicerSegmentEditorLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
}


class Modules:
    """`slicer.modules`: modules by lower-case name, module widgets as `<Name>Widget`."""


def build_logics(application_logic: Any, scene: Any, home: Path) -> dict[str, Any]:
    """Make every logic, in an order in which none misses another."""
    application_logic.SetHomeDirectory(str(home))
    application_logic.SetShareDirectory(SHARE)
    application_logic.SetMRMLScene(scene)
    logics = {}
    for name, class_name in LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        if hasattr(logic, "SetModuleShareDirectory"):
            logic.SetModuleShareDirectory(str(home / SHARE))
        application_logic.SetModuleLogic(name, logic)
        logic.SetMRMLScene(scene)
        logics[name] = logic
    application_logic.SetColorLogic(logics["Colors"])
    return logics


def module_objects(logics: dict[str, Any]) -> Modules:
    """Modules of C++: a name and a logic, no panel."""
    modules = Modules()
    for name, logic in logics.items():
        get_logic, no_panel = partial(_same, logic), partial(_same, None)
        module = SimpleNamespace(name=name, logic=get_logic, widgetRepresentation=no_panel)
        setattr(modules, name.lower(), module)
    return modules


def _same(value: Any) -> Any:
    return value
