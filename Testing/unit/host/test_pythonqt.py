"""PySide6 must refuse what PythonQt refuses, and take what PythonQt takes."""

import pytest
import qt

from Testing.host import incidents
from Testing.host.pythonqt.dialogs import ModalBoxOpened, answering


def test_properties_are_attributes(slicer_app):
    button = qt.QPushButton("Apply")
    button.enabled = False
    button.toolTip = "why"
    assert not button.isEnabled()
    assert (button.text, button.enabled, button.toolTip) == ("Apply", False, "why")
    assert button.className() == "QPushButton"
    button.objectName = "applyButton"
    assert button.name == "applyButton"


def test_unknown_attributes_are_refused(slicer_app):
    with pytest.raises(AttributeError, match="enabledd"):
        qt.QPushButton().enabledd = True
    with pytest.raises(AttributeError):
        qt.QLabel().setText = print
    subclass = type("Mine", (qt.QPushButton,), {})()
    subclass.note = "Python classes may have attributes"
    assert subclass.note


def test_read_only_properties_stay(slicer_app):
    with pytest.raises(AttributeError, match="read-only"):
        qt.QLineEdit().hasSelectedText = True


def test_static_calls_still_work(slicer_app):
    called = []
    qt.QTimer.singleShot(0, lambda: called.append(1))
    for _ in range(5):
        slicer_app.processEvents()
    assert called == [1]


def test_both_ways_to_connect(slicer_app):
    button, heard = qt.QPushButton(), []
    slot = heard.append
    assert button.connect("clicked(bool)", slot)
    button.clicked.connect(lambda: heard.append("new style"))
    button.click()
    assert heard == [False, "new style"]
    assert button.disconnect("clicked(bool)", slot)
    button.click()
    assert heard == [False, "new style", "new style"]


@pytest.mark.parametrize("signal", ["clickd()", "clicked(int)", "pressed(bool)"])
def test_signals_that_do_not_exist_are_refused(slicer_app, signal):
    with pytest.raises(ValueError, match="no signal"):
        qt.QPushButton().connect(signal, print)


def test_enumerators_are_numbers(slicer_app):
    assert qt.Qt.Horizontal == 1
    assert qt.QFrame.StyledPanel | qt.QFrame.Raised


def test_exceptions_in_slots_are_kept(slicer_app, capsys):
    button = qt.QPushButton()
    button.clicked.connect(lambda: 1 / 0)
    button.click()
    (incident,) = incidents.take()
    assert "ZeroDivisionError" in incident


def test_modal_boxes_fail(slicer_app):
    import slicer

    with pytest.raises(ModalBoxOpened, match="Really"):
        slicer.util.confirmYesNoDisplay("Really?")
    with pytest.raises(ModalBoxOpened):
        qt.QMessageBox.warning(None, "title", "text")
    assert len(incidents.take()) == 2


def test_modal_boxes_can_be_answered(slicer_app):
    import slicer

    with answering(qt.QMessageBox.Yes, "/folder"):
        assert slicer.util.confirmYesNoDisplay("Really?")
        assert qt.QFileDialog.getExistingDirectory() == "/folder"
    with pytest.raises(AssertionError, match="no modal box"), answering("never"):
        pass
