"""Finds texts of a panel that a user cannot read in full."""

from __future__ import annotations

from typing import Any

import qt

from Testing.host.pictures import picture


def cut_off_texts(widget: Any, width: int = 400) -> list[str]:
    """Return the visible texts of a panel that do not fit when its column is so many pixels wide."""
    shown = widget if isinstance(widget, qt.QWidget) else widget.parent
    picture(shown, width)
    texts = (_cut_off(child) for child in shown.findChildren(qt.QWidget) if child.isVisibleTo(shown))
    return [text for text in texts if text]


def _cut_off(widget: qt.QWidget) -> str | None:
    if isinstance(widget, qt.QLabel):
        return widget.text if widget.text and _label_is_cut(widget) else None
    if isinstance(widget, qt.QComboBox):
        return None if _advance(widget, widget.currentText) <= _edit_width(widget) else widget.currentText
    if isinstance(widget, qt.QLineEdit):
        free = widget.width - 2 * widget.style().pixelMetric(qt.QStyle.PM_DefaultFrameWidth)
        return None if _advance(widget, widget.placeholderText) <= free else widget.placeholderText
    if isinstance(widget, qt.QAbstractButton) and widget.text and widget.layout() is None:
        return None if widget.sizeHint().width() <= widget.width else widget.text
    return None


def _label_is_cut(label: qt.QLabel) -> bool:
    if label.wordWrap:
        return label.heightForWidth(label.width) > label.height
    return label.sizeHint().width() > label.width


def _advance(widget: qt.QWidget, text: str) -> int:
    return widget.fontMetrics().horizontalAdvance(text)


def _edit_width(box: qt.QComboBox) -> int:
    option = qt.QStyleOptionComboBox()
    box.initStyleOption(option)
    style = qt.QStyle
    return box.style().subControlRect(style.CC_ComboBox, option, style.SC_ComboBoxEditField, box).width()
