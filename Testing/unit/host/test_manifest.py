"""Module code, panels and stand-ins use only what real Slicer has."""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
import slicer

from Testing.host import application, ctk_widgets, manifest, mrml_widgets, scripted
from Testing.host.attribute_uses import Use, find_uses, widget_classes

CHECKOUT = Path(__file__).resolve().parents[3]
MODULES = [path.parent for path in CHECKOUT.glob("*/*.py") if path.stem == path.parent.name]
PANELS = [CHECKOUT / "LungCAD" / "panels", CHECKOUT / "LungCAD" / "mrml"]
NOT_IN_MANIFEST = {"qSlicerMainWindow", "qSlicerModuleSelectorToolBar"}
PACKAGING = {
    "load_requirements", "load_pyproject_dependencies", "pip_check", "pip_ensure", "pip_install",
    "pip_uninstall", "isPipInstallInProgress",
}  # fmt: skip


def stand_ins():
    for package in (application, ctk_widgets, mrml_widgets, scripted):
        for found in iter_modules(package.__path__):
            if found.name[0] == "q" or found.name.startswith("ctk"):
                module = import_module(f"{package.__name__}.{found.name}")
                yield getattr(module, found.name)


def unknown_members(cls):
    """Public names of a stand-in that the class in Slicer does not have."""
    names = {name for parent in cls.__mro__ for name in vars(parent) if not _is_qt(parent)}
    offered = {name for name in names if not name.startswith("_")} - {"staticMetaObject"}
    return sorted(name for name in offered if not manifest.has(cls.__name__, name))


def _is_qt(cls):
    return cls.__module__.split(".")[0] in ("PySide6", "Shiboken", "builtins")


@pytest.mark.parametrize("cls", list(stand_ins()), ids=lambda cls: cls.__name__)
def test_stand_ins_invent_nothing(cls):
    if cls.__name__ in NOT_IN_MANIFEST:
        pytest.skip("the manifest does not describe this class")
    assert unknown_members(cls) == []


@pytest.mark.parametrize("cls", list(stand_ins()), ids=lambda cls: cls.__name__)
def test_properties_that_slicer_can_write_can_be_written_here(cls):
    for name, described in manifest.classes().get(cls.__name__, {}).get("properties", {}).items():
        meta = cls.staticMetaObject
        index = meta.indexOfProperty(name)
        if index >= 0:
            assert meta.property(index).isWritable() == ("write" in described), name


def problem(use: Use) -> str | None:
    if not manifest.is_known(use.class_name):
        return f"{use.path.name}:{use.line}: nobody knows the class {use.class_name}"
    return None if manifest.has(use.class_name, use.attribute) else str(use)


def sources():
    for folder in MODULES:
        form = folder / "Resources" / "UI" / f"{folder.name}.ui"
        yield folder / f"{folder.name}.py", widget_classes(form) if form.is_file() else {}
    for folder in PANELS:
        for path in folder.rglob("*.py"):
            yield path, {}


@pytest.mark.parametrize(("path", "ui"), list(sources()), ids=lambda value: getattr(value, "name", ""))
def test_modules_and_panels_use_what_slicer_has(path, ui):
    assert [text for use in find_uses(path, ui) if (text := problem(use))] == []


@pytest.mark.parametrize("path", [path for path, _ in sources()], ids=lambda path: path.name)
def test_names_of_the_slicer_package_exist(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Attribute):
            continue
        place = ast.unparse(node.value)
        if place == "slicer.util":
            assert hasattr(slicer.util, node.attr), f"line {node.lineno}: slicer.util.{node.attr}"
        elif place == "slicer.packaging":
            assert node.attr in PACKAGING, f"line {node.lineno}: slicer.packaging.{node.attr}"
        elif place == "slicer":
            assert hasattr(slicer, node.attr), f"line {node.lineno}: slicer.{node.attr}"


def test_the_check_finds_what_slicer_does_not_have(tmp_path):
    source = tmp_path / "Panel.py"
    source.write_text(
        inspect.cleandoc(
            """
            import ctk, qt, slicer
            class Panel:
                def setup(self):
                    self.ui.ctSelector.setNodeTypes(["vtkMRMLScalarVolumeNode"])
                    self.ui.ctSelector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
                    self.slider = ctk.ctkSliderWidget()
                    button = qt.QPushButton("Apply")
                    button.enabledd = True
                    button.enabled = True
                    slicer.app.layoutManager().sliceWidget("Red").sliceView().setZoom(2)
                def update(self, label: qt.QLabel):
                    self.slider.setMinimum(2)
                    self.slider.minimum = 2
                    label.setTextt("x")
            """
        )
    )
    found = [text for use in find_uses(source, {"ctSelector": "qMRMLNodeComboBox"}) if (text := problem(use))]
    assert found == [
        "Panel.py:4: qMRMLNodeComboBox.setNodeTypes",
        "Panel.py:8: QPushButton.enabledd",
        "Panel.py:10: qMRMLSliceView.setZoom",
        "Panel.py:12: ctkSliderWidget.setMinimum",
        "Panel.py:14: QLabel.setTextt",
    ]
