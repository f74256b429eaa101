"""Texts that a panel cuts off are found."""

import pytest
import qt

from Testing import host

LONG = "Chronic pulmonary aspergillosis: three signs, and what is not lung"


def panel_of(*widgets):
    panel = qt.QWidget()
    layout = qt.QVBoxLayout(panel)
    for widget in widgets:
        layout.addWidget(widget)
    return panel


def label(text, wraps=False):
    made = qt.QLabel(text)
    made.wordWrap = wraps
    made.setMinimumWidth(10)
    made.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    return made


def combo(text):
    box = qt.QComboBox()
    box.addItem(text)
    box.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
    return box


def button(text):
    made = qt.QPushButton(text)
    made.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
    return made


@pytest.mark.parametrize("make", [label, combo, button])
def test_long_texts_are_found_and_short_ones_are_not(slicer_app, make):
    panel = panel_of(make(LONG), make("Short"))
    assert host.cut_off_texts(panel, 300) == [LONG]
    assert host.cut_off_texts(panel, 900) == []


def test_labels_that_wrap_are_read_in_full(slicer_app):
    assert host.cut_off_texts(panel_of(label(LONG, wraps=True)), 200) == []


def test_hidden_texts_do_not_count(slicer_app):
    hidden = label(LONG)
    panel = panel_of(hidden, label("Short"))
    hidden.hide()
    assert host.cut_off_texts(panel, 300) == []
