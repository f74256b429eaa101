"""Starts the host: after it `slicer`, `qt`, `ctk`, `vtk` are there, as in Slicer's Python."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from Testing.host import conformance, environment, incidents, threads

_application: Any = None


def start(with_views: bool = True) -> Any:
    """Start the host once per process and return the application (`slicer.app`).

    Without views it is Slicer as `--no-main-window` leaves it: there is no layout manager.
    """
    global _application
    if _application is None:
        environment.prepare()
        incidents.catch_exceptions_of_slots()
        threads.watch()
        _start_modules()
        _application = _start_application(with_views)
    return _application


def _start_modules() -> None:
    slicer = import_module("slicer")
    sys.modules["slicer.util"] = slicer.util
    _remove_names_that_only_the_wheel_has(slicer)
    for library in ("vtkITK", "vtkSegmentationCore", "vtkTeem"):
        sys.modules[f"{library}Python"] = sys.modules[library] = import_module(f"slicer_core.{library}")
    sys.modules["MRMLCorePython"] = import_module("slicer_core.MRMLCore")
    from Testing.host.pythonqt import qt_module, ui_files

    sys.modules["qt"] = qt_module.make()
    from Testing.host import ctk_widgets, mrml_widgets

    sys.modules["ctk"] = _module("ctk", ctk_widgets.CLASSES)
    sys.modules["qMRML"] = _module("qMRML", mrml_widgets.CLASSES)
    vars(slicer).update(mrml_widgets.CLASSES)
    ui_files.register(ctk_widgets.CLASSES | mrml_widgets.CLASSES)


def _start_application(with_views: bool) -> Any:
    import slicer

    from Testing.host.application.modules import module_objects
    from Testing.host.application.qSlicerApplication import qSlicerApplication
    from Testing.host.scripted.qSlicerScriptedLoadableModule import qSlicerScriptedLoadableModule
    from Testing.host.scripted.qSlicerScriptedLoadableModuleWidget import qSlicerScriptedLoadableModuleWidget

    slicer.qSlicerScriptedLoadableModule = qSlicerScriptedLoadableModule
    slicer.qSlicerScriptedLoadableModuleWidget = qSlicerScriptedLoadableModuleWidget
    application = qSlicerApplication(with_views)
    slicer.app = application
    slicer.mrmlScene = application.mrmlScene()
    slicer.modules = module_objects(application._logics)
    real = conformance.base_python()
    if real is not None:
        conformance.use_layer_of(real)
    for name in ("i18n", "packaging", "parameterNodeWrapper", "ScriptedLoadableModule"):
        _add_to_slicer(name, ours=real is None or name in ("i18n", "packaging"))
    sys.modules["SampleData"] = import_module("Testing.host.scripted.SampleData")
    return application


def _add_to_slicer(name: str, ours: bool) -> None:
    import slicer

    module = import_module(f"Testing.host.scripted.{name}" if ours else f"slicer.{name}")
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)


def _remove_names_that_only_the_wheel_has(slicer: ModuleType) -> None:
    """The wheel shows util's functions as slicer.loadVolume too, which Slicer does not."""
    for name in slicer.util.__all__:
        if hasattr(slicer, name) and getattr(slicer, name) is getattr(slicer.util, name):
            delattr(slicer, name)


def _module(name: str, members: dict[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module
