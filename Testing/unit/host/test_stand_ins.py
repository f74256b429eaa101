"""The stand-ins behave as Slicer's widgets do."""

import ctk
import pytest
import qt
import shiboken6
import slicer

from Testing.host import incidents

FORM = """<?xml version="1.0"?><ui version="4.0"><class>Form</class>
<widget class="qMRMLWidget" name="Form"><layout class="QFormLayout" name="formLayout">
<item row="0" column="1"><widget class="qMRMLNodeComboBox" name="ctSelector">
 <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
 <property name="noneEnabled"><bool>true</bool></property>
 <property name="SlicerParameterName" stdset="0"><string>ct</string></property></widget></item>
<item row="1" column="1"><widget class="ctkPathLineEdit" name="path">
 <property name="filters"><set>ctkPathLineEdit::Dirs|ctkPathLineEdit::Writable</set></property>
</widget></item>
<item row="2" column="1"><widget class="ctkSliderWidget" name="slider">
 <property name="maximum"><double>5.0</double></property></widget></item></layout></widget>
<customwidgets>
<customwidget><class>qMRMLWidget</class><extends>QWidget</extends><header>a.h</header></customwidget>
<customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends><header>a.h</header></customwidget>
<customwidget><class>ctkPathLineEdit</class><extends>QWidget</extends><header>a.h</header></customwidget>
<customwidget><class>ctkSliderWidget</class><extends>QWidget</extends><header>a.h</header></customwidget>
</customwidgets>
<connections><connection><sender>Form</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>ctSelector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


def volume(name="CT"):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)


def selector(**properties):
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    for name, value in properties.items():
        setattr(box, name, value)
    box.setMRMLScene(slicer.mrmlScene)
    return box


def test_forms_load_and_hand_the_scene_on(slicer_app, tmp_path):
    path = tmp_path / "Form.ui"
    path.write_text(FORM)
    form = slicer.util.loadUI(str(path))
    ui = slicer.util.childWidgetVariables(form)
    assert ui.ctSelector.property("SlicerParameterName") == "ct"
    assert ui.ctSelector.nodeTypes == ("vtkMRMLScalarVolumeNode",) or list(ui.ctSelector.nodeTypes)
    assert ui.path.filters == ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
    assert ui.slider.maximum == 5.0
    assert ui.ctSelector.mrmlScene() is None
    form.setMRMLScene(slicer.mrmlScene)
    assert ui.ctSelector.mrmlScene() is slicer.mrmlScene


def test_forms_with_unknown_widgets_are_refused(slicer_app, tmp_path):
    path = tmp_path / "Form.ui"
    path.write_text(FORM.replace("ctkSliderWidget", "ctkInventedWidget"))
    with pytest.raises(RuntimeError, match="ctkInventedWidget"):
        slicer.util.loadUI(str(path))


def test_selector_follows_the_scene(slicer_app):
    box, heard = selector(noneEnabled=True), []
    box.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    ct = volume()
    assert box.currentNode() is None
    box.setCurrentNode(ct)
    assert (box.currentNode(), box.currentNodeID) == (ct, ct.GetID())
    slicer.mrmlScene.RemoveNode(ct)
    assert box.currentNode() is None
    assert heard == [ct, None]


def test_selector_without_none_takes_the_first(slicer_app):
    ct = volume()
    box = selector(noneEnabled=False)
    assert box.currentNode() is ct


def test_selector_is_empty_after_the_scene_was_closed(slicer_app):
    box = selector(noneEnabled=True)
    box.setCurrentNode(volume())
    slicer.mrmlScene.Clear(0)
    assert (box.currentNode(), box.nodeCount()) == (None, 0)


def test_deleted_widgets_hear_nothing_more(slicer_app):
    box, table = selector(noneEnabled=True), slicer.qMRMLSegmentsTableView()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    table.setSegmentationNode(node)
    shiboken6.delete(box)
    shiboken6.delete(table)
    volume()
    node.GetSegmentation().AddEmptySegment("a")
    slicer.mrmlScene.Clear(0)
    assert incidents.take() == []


def test_selector_keeps_to_its_types(slicer_app):
    box = selector(noneEnabled=True)
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert box.nodeCount() == 1
    box.showChildNodeTypes = False
    assert box.nodeCount() == 0
    box.setCurrentNode(label_map)
    assert box.currentNode() is None
    box.addAttribute("vtkMRMLScalarVolumeNode", "DICOM.Modality", "CT")
    ct = volume()
    assert box.nodeCount() == 0
    ct.SetAttribute("DICOM.Modality", "CT")
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert box.nodeFromIndex(0) is ct


def test_selector_makes_nodes(slicer_app):
    box = selector(noneEnabled=True, baseName="Result")
    node = box.addNode()
    assert box.currentNode() is node
    assert node.GetName() == "Result"


def test_node_ids_are_used_again(slicer_app):
    first = volume().GetID()
    slicer.mrmlScene.Clear(0)
    assert volume().GetID() == first


@pytest.mark.parametrize("kind", [ctk.ctkSliderWidget, ctk.ctkDoubleSpinBox])
def test_numbers_keep_to_their_range(slicer_app, kind):
    widget, heard = kind(), []
    widget.minimum, widget.maximum, widget.decimals = -1, 3, 1
    widget.connect("valueChanged(double)", heard.append)
    widget.value = 2.5
    widget.value = 7
    assert (widget.value, heard) == (3.0, [2.5, 3.0])
    with pytest.raises(AttributeError):
        widget.setMinimum(0)


def test_range_widget(slicer_app):
    widget, heard = ctk.ctkRangeWidget(), []
    widget.setRange(-1000, 400)
    widget.connect("valuesChanged(double,double)", lambda *values: heard.append(values))
    widget.setValues(-900, -200)
    assert (widget.minimumValue, widget.maximumValue) == (-900, -200)
    widget.minimumValue = -100
    assert (widget.minimumValue, widget.maximumValue) == (-100, -100)
    assert heard[-1] == (-100, -100)


@pytest.mark.parametrize("kind", [ctk.ctkCollapsibleButton, ctk.ctkCollapsibleGroupBox])
def test_collapsed_contents_are_hidden_and_come_back(slicer_app, kind):
    box = kind()
    layout = qt.QFormLayout(box)
    label = qt.QLabel("inside")
    layout.addRow(label)
    box.show()
    open_height = box.sizeHint().height()
    box.collapsed = True
    assert not label.isVisible()
    assert box.maximumHeight < open_height
    box.collapsed = False
    assert label.isVisible()


def test_a_collapsed_box_keeps_what_is_hidden_hidden(slicer_app):
    box = ctk.ctkCollapsibleButton()
    layout = qt.QVBoxLayout(box)
    shown, hidden = qt.QLabel("shown"), qt.QLabel("hidden")
    layout.addWidget(shown)
    layout.addWidget(hidden)
    hidden.hide()
    box.show()
    box.collapsed = True
    box.collapsed = False
    assert shown.isVisible()
    assert not hidden.isVisible()
