"""How far another reader's review of the same scan agrees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ctk
import qt

from LungCAD.errors import InputError

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase
    from LungCAD.review import Agreement

COLUMNS = ("Class", "Dice", "Kappa")
ROW_HEIGHT = 22


class SecondReader:
    """Chooses the folder of another review of the scan; Dice and kappa per class, of slices both accepted."""

    def __init__(self) -> None:
        self._case: ReviewedCase | None = None
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Second reader"
        self.widget.collapsed = True
        layout = qt.QVBoxLayout(self.widget)
        self.folder = ctk.ctkPathLineEdit()
        self.folder.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Readable
        self.folder.toolTip = "The folder of the other reader's review of this scan"
        layout.addWidget(self.folder)
        self.button = qt.QPushButton("Compare")
        self.button.toolTip = "Compare the slices that both readers have accepted"
        self.button.clicked.connect(self._on_compare)
        layout.addWidget(self.button)
        self.message = qt.QLabel()
        self.message.wordWrap = True
        layout.addWidget(self.message)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        layout.addWidget(self.table)
        self.show(None)

    def show(self, case: ReviewedCase | None) -> None:
        """Compare with this case from now on."""
        self.button.enabled = case is not None
        if case is not self._case or case is None:
            self._case = case
            self.message.text = ""
            self.table.visible = False

    def _on_compare(self, *_: object) -> None:
        try:
            self._show_agreement(*self._compare())
        except InputError as error:
            self.message.text = str(error)
            self.table.visible = False

    def _compare(self) -> tuple[Agreement, int, str]:
        from LungCAD.review import Review, agreement_of_reviews
        from LungCAD.review.method_folder import find_review, is_review

        chosen = self.folder.currentPath.strip()
        if not chosen:
            raise InputError("Folder", "is not chosen", "Choose the folder of the other review")
        mine, path = self._case.review, Path(chosen)
        of_method = find_review(path, mine.entries[mine.state.propagation - 1].model)
        other = Review.resume(of_method if is_review(of_method) else path, mine.reviewer)
        found, slices = agreement_of_reviews(mine, other)
        return found, slices, other.entries[0].reviewer

    def _show_agreement(self, found: Agreement, slices: int, reader: str) -> None:
        overall = "none" if found.kappa is None else f"{found.kappa:.2f}"
        self.message.text = f"Slices accepted by you and {reader}: {slices}. Kappa of all classes: {overall}"
        schema = self._case.labels.schema
        seen = [each for each in found.classes if each.first or each.second]
        self.table.setRowCount(len(seen))
        for row, each in enumerate(seen):
            numbers = (f"{number:.2f}" if number is not None else "-" for number in (each.dice, each.kappa))
            for column, text in enumerate((schema.by_value(each.value).name, *numbers)):
                self.table.setItem(row, column, qt.QTableWidgetItem(text))
        self.table.setFixedHeight(ROW_HEIGHT * (len(seen) + 2))
        self.table.visible = True
