"""Modules are loaded, opened, reloaded and closed as in Slicer; scenes are saved; nothing is installed."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import slicer

from Testing import host
from Testing.host.scripted import SampleData, packaging

CHECKOUT = Path(__file__).resolve().parents[3]
SOURCE = """
import qt, slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import *
from slicer.util import VTKObservationMixin

class Toy(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Toy")
        parent.categories = ["Examples"]

class ToyWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.told = []

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = ToyLogic()
        self.layout.addWidget(qt.QPushButton("Apply"))
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.closing)

    def closing(self, caller, event):
        self.told.append("closing")

    def enter(self):
        self.told.append("enter")

    def exit(self):
        self.told.append("exit")

    def cleanup(self):
        self.told.append("cleanup")
        self.removeObservers()

class ToyLogic(ScriptedLoadableModuleLogic):
    def double(self, x):
        return 2 * x
"""


@pytest.fixture
def toy(slicer_app, tmp_path):
    (tmp_path / "Toy.py").write_text(SOURCE)
    return host.open_module("Toy", tmp_path)


def test_a_module_is_opened(toy, tmp_path):
    assert toy.told == ["enter"]
    assert slicer.modules.toy.title == "Toy"
    assert slicer.modules.ToyWidget is toy
    assert slicer.util.modulePath("Toy") == str(tmp_path / "Toy.py")
    assert slicer.util.getModuleWidget("Toy") is toy
    assert slicer.util.getModuleLogic("Toy").double(3) == 6
    assert toy.resourcePath("UI/Toy.ui") == str(tmp_path / "Resources/UI/Toy.ui")
    assert slicer.util.findChild(toy.parent, "", {}) is not None


def test_another_module_is_selected(toy):
    slicer.util.selectModule("SegmentEditor")
    assert toy.told == ["enter", "exit"]
    slicer.util.selectModule("Toy")
    assert toy.told == ["enter", "exit", "enter"]
    assert slicer.util.selectedModule() == "Toy"


def test_a_module_is_closed(toy):
    slicer.mrmlScene.Clear(0)
    host.close_module("Toy")
    assert toy.told == ["enter", "closing", "exit", "cleanup"]
    assert not hasattr(slicer.modules, "toy")


def test_reload_makes_a_new_panel(toy, tmp_path):
    source = tmp_path / "Toy.py"
    source.write_text(SOURCE.replace("2 * x", "3 * x"))
    later = source.stat().st_mtime + 2  # Python takes files of one size and second for the same
    os.utime(source, (later, later))
    toy.onReload()
    new = slicer.util.getModuleWidget("Toy")
    assert new is not toy
    assert new.logic.double(3) == 9
    assert "cleanup" in toy.told


def test_the_parameter_node_is_the_modules_own(toy):
    node = toy.logic.getParameterNode()
    assert toy.logic.getParameterNode() is node
    assert node.GetAttribute("ModuleName") == "Toy"
    slicer.mrmlScene.Clear(0)
    assert toy.logic.getParameterNode().GetAttribute("ModuleName") == "Toy"


def test_names_that_only_the_wheel_has_are_gone(slicer_app):
    assert not hasattr(slicer, "loadVolume")
    assert hasattr(slicer.util, "loadVolume")


def test_a_scene_comes_back_from_a_bundle(slicer_app, tmp_path):
    volume = slicer.util.addVolumeFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5), name="CT")
    text = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "Ledger")
    text.SetText('{"a|b": 1}\n')
    volume.AddNodeReferenceID("ledger", text.GetID())
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    volume = slicer.util.getNode("CT")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume).ravel(), np.arange(60))
    assert volume.GetNodeReference("ledger").GetText() == '{"a|b": 1}\n'


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.nii.gz"])
def test_volumes_are_written_and_read(slicer_app, tmp_path, name):
    volume = slicer.util.addVolumeFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5), name="CT")
    assert slicer.util.saveNode(volume, str(tmp_path / name))
    back = slicer.util.loadVolume(str(tmp_path / name))
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(back), slicer.util.arrayFromVolume(volume))
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def test_every_node_has_its_item_in_the_subject_hierarchy(slicer_app):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(volume)
    assert item
    slicer.mrmlScene.RemoveNode(volume)
    assert not hierarchy.GetItemDataNode(item)


def test_packaging_looks_and_records(slicer_app, tmp_path, monkeypatch):
    path = tmp_path / "requirements.txt"
    path.write_text("# what is needed\nnumpy>=1.24\nno-such-package-of-ours\n")
    wanted = slicer.packaging.load_requirements(path)
    assert [slicer.packaging.pip_check(each) for each in wanted] == [True, False]
    assert not slicer.packaging.pip_check("numpy>=99")
    monkeypatch.setattr(packaging, "calls", [])
    slicer.packaging.pip_ensure(wanted, prompt_install=False)
    assert [call[0] for call in packaging.calls] == ["pip_ensure"]
    monkeypatch.setattr(packaging, "missing", {"numpy"})
    assert not slicer.packaging.pip_check("numpy")


def test_sample_data_needs_lists_of_files(slicer_app, monkeypatch):
    import SampleData as imported

    assert imported is SampleData
    monkeypatch.setattr(SampleData, "sources", {})
    register = SampleData.SampleDataLogic.registerCustomSampleDataSource
    made = {"category": "LungCAD", "sampleName": "Phantom", "customDownloader": lambda source: "made"}
    with pytest.raises(ValueError, match="uris"):
        register(**made)
    register(
        category="LungCAD",
        sampleName="Phantom",
        uris=[],
        fileNames=[],
        customDownloader=lambda source: "made",
    )
    assert SampleData.press_button("Phantom") == "made"


def test_the_application_says_when_it_ends():
    code = """
        from Testing.host import start
        start().connect("aboutToQuit()", lambda: print("ends"))
    """
    done = subprocess.run(
        [sys.executable, "-c", inspect.cleandoc(code)],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=60,
    )
    assert (done.stdout, done.returncode) == ("ends\n", 0), done.stderr
