"""Choice of a label schema: a shipped one, or a JSON file of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from textwrap import shorten

import qt

from LungCAD.errors import InputError
from LungCAD.labels import Schema, available_schemas, load_schema
from LungCAD.panels.problems import as_sentence

NO_TISSUE = ("cxr_lungs", "lungs", "zones")
"""Shipped schemas that label whole lungs rather than what is in them."""

OWN = "From a file…"
LONGEST = 30
"""Characters of a title that a narrow panel has room for; the tool tip has all of it."""


class SchemaChooser:
    """A combo box of schemas, with the colours and names of the chosen one below it.

    `changed` is called with the name or path of a schema that the user chose, `refused` with a sentence where
    a file is no schema; the choice then stays as it was.
    """

    def __init__(
        self,
        box: qt.QComboBox,
        legend: qt.QLabel,
        changed: Callable[[str], None],
        refused: Callable[[str], None],
        names: Iterable[str] | None = None,
    ) -> None:
        self._box, self._legend, self._changed, self._refused = box, legend, changed, refused
        self._names: list[str] = []
        self._current = ""
        legend.wordWrap = True
        for name in names or [name for name in available_schemas() if name not in NO_TISSUE]:
            self._add(name)
        box.addItem(OWN)
        box.connect("activated(int)", self._activated)  # there is one with a text, too

    @property
    def current(self) -> str:
        """Name or path of the chosen schema; empty where none is."""
        return self._current

    def choose(self, name: str) -> None:
        """Show the schema of this name or path as chosen; it may raise InputError. Calls nobody back."""
        schema = load_schema(name)
        if name not in self._names:
            self._add(name)
        self._current = name
        self._show_current()
        self._box.toolTip = schema.title
        self._legend.text = legend(schema)

    def choose_none(self) -> None:
        """Show no schema as chosen: the file of the one that is, is gone."""
        self._current, self._box.toolTip, self._legend.text = "", "", ""
        self._show_current()

    def _add(self, name: str) -> None:
        title, index = load_schema(name).title, len(self._names)
        self._box.insertItem(index, shorten(title, LONGEST, placeholder="…"))
        self._box.setItemData(index, title, qt.Qt.ToolTipRole)
        self._names.append(name)

    def _activated(self, index: int) -> None:
        self._take(self._names[index] if index < len(self._names) else _ask_for_file())

    def _take(self, name: str) -> None:
        try:
            if name:
                self.choose(name)
                self._changed(name)
        except InputError as error:
            self._refused(as_sentence(error))
        self._show_current()

    def _show_current(self) -> None:
        self._box.currentIndex = self._names.index(self._current) if self._current else -1


def legend(schema: Schema) -> str:
    """Return the classes as rich text: a square in the colour of each, and its name."""
    classes = []
    for label in schema.labels:
        color = "#{:02x}{:02x}{:02x}".format(*label.color)
        name = escape(label.name).replace(" ", "&nbsp;")
        classes.append(f'<span style="color:{color}">&#9632;</span>&nbsp;{name}&nbsp;')
    return " ".join(classes)


def _ask_for_file() -> str:
    return qt.QFileDialog.getOpenFileName(None, "Label schema", "", "Label schemas (*.json)")
