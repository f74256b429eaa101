"""Texts that a panel cuts off are found."""

from types import SimpleNamespace

import pytest
import qt
import slicer

from Testing import host
from Testing.host import pictures

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


@pytest.mark.parametrize("call", [1, 2])
def test_a_text_that_a_timer_writes_last_is_laid_out_first(monkeypatch, call):
    process, calls, late = slicer.app.processEvents, [], label("short", wraps=True)

    def process_and_write():
        process()
        calls.append(1)
        if len(calls) == call:
            late.text = 8 * LONG

    monkeypatch.setattr(
        pictures, "slicer", SimpleNamespace(app=SimpleNamespace(processEvents=process_and_write))
    )
    panel = panel_of(panel_of(late))
    assert host.cut_off_texts(panel, 400) == []
    panel.close()
