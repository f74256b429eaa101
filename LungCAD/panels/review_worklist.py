"""The list of slices to review: in which order, which are done, how much is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from LungCAD.review import Review

ORDERINGS = {
    "uncertainty": "Least certain first",
    "disagreement": "Most disagreement first",
    "position": "From first to last slice",
}
"""Names of the orderings for people; the first that a review has scores for is the default."""

COLUMNS = ("Slice", "Doubt", "Decision", "Comments")
HEIGHT, ROW_HEIGHT = 170, 22


class Worklist:
    """A choice of the ordering, a table of slices and the progress.

    `chosen` is called with the number of the slice that the reader clicked on.
    """

    def __init__(self, chosen: Callable[[int], None]) -> None:
        self._chosen = chosen
        self._review: Review | None = None
        self._orderings: list[str] = []
        self._chosen_ordering = ""
        self.order: list[int] = []
        self._build()

    def show(self, review: Review | None, present: int | None) -> None:
        """Show the slices of a review, `present` marked; nothing where there is none."""
        self._review = review
        self._show_orderings()
        self._show_order()
        self._show_progress()
        self.mark(present)

    def mark(self, present: int | None) -> None:
        """Mark the present slice."""
        if present in self.order:
            self.table.selectRow(self.order.index(present))
        else:
            self.table.clearSelection()

    def neighbour(self, present: int | None, step: int) -> int | None:
        """Return the slice that stands `step` rows from the present one, None beyond the ends."""
        if present not in self.order:
            return self.order[0] if self.order else None
        row = self.order.index(present) + step
        return self.order[row] if 0 <= row < len(self.order) else None

    def _show_orderings(self) -> None:
        """Offer those that the review has scores for; the one that the reader chose stays chosen."""
        scores = self._review.facts.scores if self._review else {}
        available = [name for name in ORDERINGS if name in scores or name == "position"]
        if available == self._orderings:
            return
        self._orderings = available
        blocked = self.ordering_box.blockSignals(True)
        self.ordering_box.clear()
        for name in available:
            self.ordering_box.addItem(ORDERINGS[name])
        if self._chosen_ordering in available:
            self.ordering_box.currentIndex = available.index(self._chosen_ordering)
        self.ordering_box.blockSignals(blocked)

    def _show_order(self) -> None:
        rows = []
        self.order = []
        if self._review is not None:
            from LungCAD.review import worklist

            review, ordering = self._review, self._orderings[self.ordering_box.currentIndex]
            scores = review.facts.scores
            self.order = worklist(review.state, ordering, scores)
            doubt = scores.get(ordering) or scores.get("uncertainty") or ()
            remarked = {entry.slice for entry in review.state.comments}
            rows = [self._row(number, doubt, number in remarked) for number in self.order]
        for widget in (self._order_row, self.table):
            widget.visible = len(rows) != 1  # the one slice of a radiograph needs no list
        self.table.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = self.table.item(row, column)
                if item is None:
                    item = qt.QTableWidgetItem()
                    self.table.setItem(row, column, item)
                item.setText(text)

    def _row(self, number: int, doubt: tuple[float, ...], remarked: bool) -> tuple[str, ...]:
        decision, judged = self._review.state.decision(number), number in self._review.state.judgements
        words = decision.value.capitalize() if decision else ("Changed since" if judged else "")
        return (
            str(number + 1),
            f"{doubt[number]:.2f} ml" if doubt else "",
            words,
            "yes" if remarked else "",
        )

    def _show_progress(self) -> None:
        self.progress_bar.visible = self._review is not None
        if self._review is None:
            return
        from LungCAD.review import tally

        done = tally(self._review.state, self._review.facts.voxel_ml)
        self.progress_bar.maximum = max(done.total, 1)
        self.progress_bar.value = done.done
        self.progress_bar.format = str(done)

    def _on_clicked(self, row: int, _column: int) -> None:
        self._chosen(self.order[row])

    def _on_ordering(self, index: int) -> None:
        self._chosen_ordering = self._orderings[index]
        selected = self.table.currentRow()
        present = self.order[selected] if 0 <= selected < len(self.order) else None
        self._show_order()
        self.mark(present)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.progress_bar = qt.QProgressBar()
        self.progress_bar.textVisible = True
        layout.addWidget(self.progress_bar)
        self._order_row = qt.QWidget()
        row = qt.QHBoxLayout(self._order_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(qt.QLabel("Order"))
        self.ordering_box = qt.QComboBox()
        self.ordering_box.toolTip = "Doubt is the volume that may be labelled wrongly"
        self.ordering_box.connect("currentIndexChanged(int)", self._on_ordering)
        row.addWidget(self.ordering_box, 1)
        layout.addWidget(self._order_row)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        self.table.setFocusPolicy(qt.Qt.NoFocus)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        self.table.setFixedHeight(HEIGHT)
        self.table.connect("cellClicked(int,int)", self._on_clicked)
        layout.addWidget(self.table)
