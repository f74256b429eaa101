"""The slices of a scan: one row each, a box to tick per disease."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from LungCAD.report.findings import Findings, SliceReading

HEIGHT, ROW_HEIGHT = 260, 22
HEADING_POINTS = 7
"""Names of diseases are long, and the panel is narrow."""

STRONGEST_TINT = 110
"""Of 255: how strongly the cell of a disease that is surely there has its colour."""

READ_MARK = "✓"

NOTHING = "–"


class SliceTable:
    """Rows in the order of the slices' numbers; click on one, or move with the arrow keys, to see it.

    Slices that the method abstained from are grey, and may be ticked as well: it may have missed their lung.

    chosen : called with the number of the slice that the user went to.
    clicked : called with that of the slice whose row was clicked on, after `ticked` where a box was.
    ticked : called with a slice's number and the codes that are ticked, when the user changed a box.
    """

    def __init__(
        self,
        chosen: Callable[[int], None],
        clicked: Callable[[int], None],
        ticked: Callable[[int, set[str]], None],
    ) -> None:
        self._chosen, self._clicked, self._ticked = chosen, clicked, ticked
        self._findings: Findings | None = None
        self._readings: list[SliceReading] = []
        self.widget = qt.QTableWidget()
        self.widget.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.widget.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        font = self.widget.font
        font.setPointSize(HEADING_POINTS)
        self.widget.horizontalHeader().setFont(font)
        self.widget.horizontalHeader().setHighlightSections(False)
        self.widget.verticalHeader().hide()
        self.widget.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.widget.setFixedHeight(HEIGHT)
        self.widget.toolTip = "Tick what the slice shows; numbers are probabilities with the neighbours'"
        self.widget.connect("currentCellChanged(int,int,int,int)", self._on_current)
        self.widget.connect("cellClicked(int,int)", self._on_clicked)
        self.widget.connect("itemChanged(QTableWidgetItem*)", self._on_changed)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the slices, in the order of the rows."""
        return [reading.number for reading in self._readings]

    @property
    def present(self) -> int | None:
        """The number of the slice whose row is the current one."""
        row = self.widget.currentRow()
        return self.numbers[row] if 0 <= row < len(self._readings) else None

    def show(self, findings: Findings | None) -> None:
        """Show what was found, as the method has it."""
        self._findings = findings
        self._readings = sorted(findings.slices, key=lambda reading: reading.number) if findings else []
        blocked = self.widget.blockSignals(True)
        diseases = findings.diseases if findings else ()
        self.widget.setRowCount(0)
        self.widget.setColumnCount(1 + len(diseases))
        self.widget.setHorizontalHeaderLabels(
            ["Slice", *(disease.name.replace(" ", "\n") for disease in diseases)]
        )
        self.widget.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        self.widget.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        self.widget.setRowCount(len(self._readings))
        for row in range(len(self._readings)):
            for column in range(1 + len(diseases)):
                self.widget.setItem(row, column, self._item(row, column))
        self.widget.blockSignals(blocked)

    def mark(self, judgements: Mapping[int, Set[str]]) -> None:
        """Show what the reader says of slices, and the method's word on the others."""
        blocked = self.widget.blockSignals(True)
        for row, reading in enumerate(self._readings):
            judged = judgements.get(reading.number)
            shown = self._proposed(reading) if judged is None else judged
            mark = "" if judged is None else f" {READ_MARK}"
            self.widget.item(row, 0).setText(f"{reading.number}{mark}")
            for column, disease in enumerate(self._findings.diseases, 1):
                self.widget.item(row, column).setCheckState(_state(disease.code in shown))
        self.widget.blockSignals(blocked)

    def go_to(self, number: int) -> None:
        """Make a slice's row the current one, which shows it."""
        if number in self.numbers:
            row = self.numbers.index(number)
            self.widget.setCurrentCell(row, 0)
            self.widget.scrollToItem(self.widget.item(row, 0), qt.QAbstractItemView.PositionAtCenter)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) row."""
        row = self.widget.currentRow() + direction
        if 0 <= row < len(self._readings):
            self.widget.setCurrentCell(row, 0)

    def ticks(self, number: int) -> set[str]:
        """Return the codes that are ticked for a slice."""
        row = self.numbers.index(number)
        return {
            disease.code
            for column, disease in enumerate(self._findings.diseases, 1)
            if self.widget.item(row, column).checkState() == qt.Qt.Checked
        }

    def _proposed(self, reading: SliceReading) -> set[str]:
        pairs = zip(self._findings.diseases, reading.smoothed, strict=not reading.abstained)
        return {disease.code for disease, value in pairs if value >= disease.threshold}

    def _item(self, row: int, column: int) -> qt.QTableWidgetItem:
        reading, item = self._readings[row], qt.QTableWidgetItem()
        item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
        if reading.abstained:
            item.setForeground(self.widget.palette.brush(qt.QPalette.Disabled, qt.QPalette.Text))
        if column == 0:
            item.setToolTip(f"S {reading.z_mm:.1f} mm, {reading.lung_cm2:.0f} cm² of aerated lung")
            item.setText(str(reading.number))
            return item
        item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable | qt.Qt.ItemIsUserCheckable)
        if reading.abstained:
            item.setText(NOTHING)
            item.setToolTip("The method says nothing of this slice: it shows too little lung")
            item.setCheckState(_state(False))
            return item
        disease, value = self._findings.diseases[column - 1], reading.smoothed[column - 1]
        item.setText(f"{value:.2f}")
        item.setBackground(qt.QBrush(qt.QColor(*disease.color, round(STRONGEST_TINT * value))))
        item.setCheckState(_state(value >= disease.threshold))
        return item

    def _on_current(self, row: int, _column: int, old_row: int, _old_column: int) -> None:
        if row != old_row and 0 <= row < len(self._readings):
            self._chosen(self._readings[row].number)

    def _on_clicked(self, row: int, column: int) -> None:
        """Go back to a slice whose row is the current one already, from wherever the views are."""
        self.widget.setCurrentCell(row, column)  # Qt 6 leaves the row where a box was clicked on
        self._clicked(self._readings[row].number)

    def _on_changed(self, item: qt.QTableWidgetItem) -> None:
        if item.column():
            number = self._readings[item.row()].number
            self._ticked(number, self.ticks(number))


def _state(checked: bool) -> qt.Qt.CheckState:
    return qt.Qt.Checked if checked else qt.Qt.Unchecked
