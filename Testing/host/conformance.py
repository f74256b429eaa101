"""The conformance run: Slicer's own Python layer, and its tests, in the place of our stand-ins.

Set SLICER_BASE_PYTHON to the folder of a real Slicer that holds `slicer/ScriptedLoadableModule.py` (in its
sources `Base/Python`, installed `bin/Python`). Then every test runs on it, and

    python -m Testing.host.conformance

runs Slicer's tests of parameter nodes in the host and says how many passed.
"""

from __future__ import annotations

import os
import sys
import unittest
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

VARIABLE = "SLICER_BASE_PYTHON"
TESTS = (
    "test_slicer_parameter_node_wrapper",
    "test_slicer_parameter_pack",
    "test_slicer_parameter_node_wrapper_guis",
)


def base_python() -> Path | None:
    """Return the folder of the real Slicer, None where there is none."""
    folder = Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None
    if folder is not None and not (folder / "slicer" / "ScriptedLoadableModule.py").is_file():
        raise FileNotFoundError(f"{VARIABLE}: {folder} holds no slicer/ScriptedLoadableModule.py")
    return folder


def use_layer_of(folder: Path) -> None:
    """Let ScriptedLoadableModule and parameterNodeWrapper be imported from the real Slicer."""
    import ctk
    import slicer

    slicer.__path__.append(str(folder / "slicer"))
    tree = "qMRMLSubjectHierarchyTreeView"
    for package, beginning in ((ctk, "ctk"), (slicer, "qMRML")):
        _add_what_the_layer_only_names(package, beginning)
    widgets = ModuleType("qSlicerSubjectHierarchyModuleWidgetsPythonQt")
    setattr(widgets, tree, getattr(slicer, tree))
    sys.modules[widgets.__name__] = widgets


def _add_what_the_layer_only_names(package: ModuleType, beginning: str) -> None:
    """Slicer's layer compares classes of widgets that our panels do not use."""
    from PySide6.QtWidgets import QWidget

    from Testing.host import manifest

    for name in manifest.classes():
        if name.startswith(beginning) and not hasattr(package, name):
            setattr(package, name, type(name, (QWidget,), {}))


def run_tests(folder: Path) -> bool:
    """Run Slicer's own tests and print a line for each file; return whether all passed."""
    passed = True
    for name in TESTS:
        path = folder / "slicer" / "tests" / f"{name}.py"
        spec = spec_from_file_location(name, path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
        print(f"{name}: {result.testsRun - len(result.failures) - len(result.errors)} of {result.testsRun}")
        passed = passed and result.wasSuccessful()
    return passed


if __name__ == "__main__":
    from Testing import host

    real = base_python()
    if real is None:
        sys.exit(f"{VARIABLE} names no folder of a real Slicer")
    host.start()
    sys.exit(0 if run_tests(real) else 1)
