"""Six regions x a pre-existing condition and three signs: what the method says, and boxes to tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import TYPE_CHECKING

import qt

from LungCAD.labels.sheet import REGIONS, TICKS

if TYPE_CHECKING:
    from LungCAD.report.signs import SignReading

ROW_HEIGHT = 26
HEADINGS = ("Region", "Other\ndisease", "Cavity", "Fungus\nball", "Pleural\nthick.")
HEADING_POINTS = 7
"""Names of signs are long, and the panel is narrow."""

TINT = (51, 136, 204)
STRONGEST_TINT = 110
"""Of 255: how strongly the cell of a sign that is surely there is tinted."""

WITHHELD, JUDGED_MARK = "–", "✓"


class SignTable:
    """One row per region; click on a cell to go there.

    chosen : called with region and sign (one of `TICKS`, or "") of the cell that the user went to.
    ticked : called with a region and the codes that are ticked, when the user changed a box.
    """

    def __init__(self, chosen: Callable[[str, str], None], ticked: Callable[[str, set[str]], None]) -> None:
        self._chosen, self._ticked = chosen, ticked
        self._readings: dict[tuple[str, str], SignReading] = {}
        self._threshold = 0.5
        self.widget = qt.QTableWidget(len(REGIONS), len(HEADINGS))
        self.widget.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.widget.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.widget.setHorizontalHeaderLabels(HEADINGS)
        header = self.widget.horizontalHeader()
        font = self.widget.font
        font.setPointSize(HEADING_POINTS)
        header.setFont(font)
        header.setHighlightSections(False)
        header.setSectionResizeMode(qt.QHeaderView.Stretch)
        header.setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        self.widget.verticalHeader().hide()
        self.widget.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.widget.setFixedHeight(ROW_HEIGHT * len(REGIONS) + 44)
        self.widget.toolTip = "Click to go there; tick what the region shows. Numbers are probabilities"
        self.widget.connect("cellClicked(int,int)", self._on_clicked)
        self.widget.connect("itemChanged(QTableWidgetItem*)", self._on_changed)

    @property
    def present(self) -> str | None:
        """The region whose row is the current one."""
        row = self.widget.currentRow()
        return REGIONS[row] if 0 <= row < len(REGIONS) else None

    def show(self, readings: Iterable[SignReading], threshold: float) -> None:
        """Show what was found, as the method has it."""
        self._readings = {(reading.region, reading.sign): reading for reading in readings}
        self._threshold = threshold
        blocked = self.widget.blockSignals(True)
        for row, region in enumerate(REGIONS):
            self.widget.setItem(row, 0, _plain_item(region.replace("_", " ").capitalize()))
            for column, code in enumerate(TICKS, 1):
                self.widget.setItem(row, column, self._item(region, code))
        self.widget.setCurrentCell(0, 0)  # what a key says of a region must not be lost
        self.widget.blockSignals(blocked)

    def mark(self, judgements: Mapping[str, Set[str]]) -> None:
        """Show what the reader says of regions, and the method's word on the others."""
        blocked = self.widget.blockSignals(True)
        for row, region in enumerate(REGIONS):
            judged = judgements.get(region)
            name = region.replace("_", " ").capitalize()
            self.widget.item(row, 0).setText(name if judged is None else f"{name} {JUDGED_MARK}")
            for column, code in enumerate(TICKS, 1):
                shown = self.is_present(region, code) if judged is None else code in judged
                self.widget.item(row, column).setCheckState(qt.Qt.Checked if shown else qt.Qt.Unchecked)
        self.widget.blockSignals(blocked)

    def is_present(self, region: str, code: str) -> bool:
        """Tell whether the method calls a sign present; not where it says nothing."""
        return self.is_judged(region, code) and self._readings[region, code].probability >= self._threshold

    def is_judged(self, region: str, code: str) -> bool:
        """Tell whether the method says anything of a sign."""
        reading = self._readings.get((region, code))
        return reading is not None and reading.probability is not None

    def ticks(self, region: str) -> set[str]:
        """Return the codes that are ticked for a region."""
        row = REGIONS.index(region)
        return {
            code
            for column, code in enumerate(TICKS, 1)
            if self.widget.item(row, column).checkState() == qt.Qt.Checked
        }

    def step(self) -> None:
        """Go to the next row."""
        row = self.widget.currentRow() + 1
        if row < len(REGIONS):
            self.widget.setCurrentCell(row, 0)
            self._on_clicked(row, 0)

    def _item(self, region: str, code: str) -> qt.QTableWidgetItem:
        item = qt.QTableWidgetItem()
        item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable | qt.Qt.ItemIsUserCheckable)
        item.setCheckState(qt.Qt.Unchecked)
        reading = self._readings.get((region, code))
        if reading is None:
            return item
        if reading.probability is None:
            item.setText(WITHHELD)
            item.setToolTip(f"Withheld: {reading.withheld}")
            return item
        item.setText(f"{reading.probability:.2f}")
        item.setBackground(qt.QBrush(qt.QColor(*TINT, round(STRONGEST_TINT * reading.probability))))
        directions = ", ".join(f"{axis} {value:.2f}" for axis, value in reading.by_direction.items())
        item.setToolTip(directions)
        return item

    def _on_clicked(self, row: int, column: int) -> None:
        self.widget.setCurrentCell(row, column)  # Qt 6 leaves the row where a box was clicked on
        self._chosen(REGIONS[row], TICKS[column - 1] if column else "")

    def _on_changed(self, item: qt.QTableWidgetItem) -> None:
        if item.column():
            region = REGIONS[item.row()]
            self._ticked(region, self.ticks(region))


def _plain_item(text: str) -> qt.QTableWidgetItem:
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    return item
