"""The parameter node wrapper takes and refuses what Slicer's takes and refuses."""

import enum
import pathlib
import typing
from dataclasses import dataclass
from typing import Annotated, Literal, Union

import ctk
import numpy as np
import pytest
import qt
import slicer
from slicer.parameterNodeWrapper import (
    Choice,
    Decimals,
    Default,
    Minimum,
    SingleStep,
    WithinRange,
    parameterNodeWrapper,
    parameterPack,
)


class Mode(enum.Enum):
    SLICES = 1
    VOLUME = 2


@parameterPack
class Window:
    low: Annotated[int, WithinRange(-1024, 3071)] = -1000
    high: int = 400


@parameterNodeWrapper
class Node:
    ct: slicer.vtkMRMLScalarVolumeNode | None
    rois: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    weight: Annotated[float, WithinRange(0, 5), Decimals(3), SingleStep(0.25)] = 1.5
    count: Annotated[int, Minimum(1)] = 3
    name: str
    kind: Annotated[str, Choice(["a", "b"])] = "b"
    limit: float | None
    mode: Mode
    on: Annotated[bool, Default(True)]
    window: Window
    ages: list[int]
    doses: dict[str, float]
    place: pathlib.Path


@pytest.fixture
def node(slicer_app):
    return Node(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


def test_defaults(node):
    found = {name: getattr(node, name) for name in Node.allParameters}
    assert found.pop("window") == Window(-1000, 400)
    assert found == {
        "ct": None, "rois": None, "weight": 1.5, "count": 3, "name": "", "kind": "b", "limit": None,
        "mode": Mode.SLICES, "on": True, "ages": [], "doses": {}, "place": pathlib.Path(),
    }  # fmt: skip


VALUES = {
    "weight": 0.123456789,
    "count": 12,
    "name": "a|b\n ä",
    "kind": "a",
    "limit": 2.5,
    "mode": Mode.VOLUME,
    "on": False,
    "window": Window(-5, 7),
    "ages": [3, 1],
    "doses": {"x": 0.5},
    "place": pathlib.Path("/a/b"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_come_back(node, name):
    setattr(node, name, VALUES[name])
    assert getattr(Node(node.parameterNode), name) == VALUES[name]


def test_nodes_are_kept_by_reference(node):
    ct = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node.ct = ct
    assert node.ct is ct
    slicer.mrmlScene.RemoveNode(ct)
    assert node.ct is None
    with pytest.raises(TypeError):
        node.rois = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight", 7.0),
        ("weight", None),
        ("weight", "1"),
        ("count", 0),
        ("count", 1.5),
        ("kind", "c"),
        ("name", 3),
    ],
)
def test_bad_values_are_refused(node, name, value):
    before = getattr(node, name)
    with pytest.raises((ValueError, TypeError)):
        setattr(node, name, value)
    assert getattr(node, name) == before


def test_members_of_packs_by_dotted_name(node):
    node.setValue("window.low", -200)
    assert node.getValue("window.low") == node.window.low == -200
    assert node.dataType("window.high") is int
    with pytest.raises(ValueError, match="within"):
        node.setValue("window.low", -5000)
    with pytest.raises(ValueError, match="Cannot find"):
        node.getValue("nothing")


@dataclass
class Data:
    x: int = 0


@pytest.mark.parametrize(
    "kind", [Data, Literal["a"], np.ndarray, slicer.vtkMRMLTableNode | slicer.vtkMRMLTextNode]
)
def test_types_that_slicer_cannot_keep(slicer_app, kind):
    with pytest.raises(TypeError):
        parameterNodeWrapper(type("Wrong", (), {"__annotations__": {"x": kind}}))


def test_inheritance_is_refused(slicer_app):
    with pytest.raises(ValueError, match="derives"):
        parameterNodeWrapper(type("Derived", (Node,), {}))


def test_widgets_and_node_follow_each_other(node):
    box, choice, check = qt.QDoubleSpinBox(), qt.QComboBox(), qt.QCheckBox()
    selector = slicer.qMRMLNodeComboBox()
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    tag = node.connectParametersToGui({"weight": box, "kind": choice, "on": check, "ct": selector})
    assert (box.value, box.maximum, box.decimals, box.singleStep) == (1.5, 5, 3, 0.25)
    assert (choice.currentText, check.checked) == ("b", True)
    box.value = 2.25
    choice.currentIndex = 0
    check.checked = False
    ct = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    selector.setCurrentNode(ct)
    assert (node.weight, node.kind, node.on, node.ct) == (2.25, "a", False, ct)
    node.weight, node.ct = 3.0, None
    assert (box.value, selector.currentNode()) == (3.0, None)
    node.disconnectGui(tag)
    box.value = 1
    assert node.weight == 3.0


def test_widgets_are_found_by_their_property(node):
    form = qt.QWidget()
    layout = qt.QVBoxLayout(form)
    slider = ctk.ctkSliderWidget()
    slider.setProperty("SlicerParameterName", "weight")
    layout.addWidget(slider)
    node.connectGui(form)
    slider.value = 4
    assert node.weight == 4


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("limit", qt.QDoubleSpinBox),
        ("weight", ctk.ctkDoubleSpinBox),
        ("count", qt.QSlider),
        ("name", qt.QLabel),
        ("kind", ctk.ctkComboBox),
    ],
)
def test_widgets_that_cannot_show_the_type(node, name, make):
    with pytest.raises(RuntimeError):
        node.connectParametersToGui({name: make()})


def test_closing_the_scene_brings_the_defaults_back(slicer_app):
    module_node = slicer.vtkMRMLScriptedModuleNode()
    module_node.SetSingletonTag("Test")
    node = Node(slicer.mrmlScene.AddNode(module_node))
    node.weight = 4.0
    slicer.mrmlScene.Clear(0)
    assert node.weight == 1.5


def test_annotations_of_typing_are_understood():
    assert typing.get_type_hints(Node, include_extras=True)["on"]
