"""The review of whole slices: see them one after the other, correct what is said of them, export it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ctk
import qt

from LungCAD.errors import InputError
from LungCAD.panels import review_keys as keys
from LungCAD.panels.export_form import ExportForm, pseudonym
from LungCAD.panels.review_head import ReviewHead
from LungCAD.panels.review_keys import ReviewKeys
from LungCAD.panels.slice_table import SliceTable
from LungCAD.panels.tick_ledger import record, require_current, restored_folder
from LungCAD.panels.views import require_on_display, show_over
from LungCAD.steps import finish

if TYPE_CHECKING:
    import slicer

    from LungCAD.report.findings import Findings
    from LungCAD.review.slice_review import SliceReview

WORTH_READING = 12
"""Slices that the button goes through."""


@dataclass(frozen=True)
class Subject:
    """What is reviewed.

    ct : the scan. node : of the scene, what was found; findings : the same as data. case : pseudonym of the
    scan. model : name of what found it.
    """

    ct: slicer.vtkMRMLScalarVolumeNode
    node: slicer.vtkMRMLTextNode
    findings: Findings
    case: str
    model: str


class SliceReviewPanel:
    """Table of the slices, a button to confirm one, and the export of what was judged.

    Ticking a box says of that slice what all its boxes then show; it goes to the reader's ledger at once.
    """

    def __init__(self) -> None:
        self.review: SliceReview | None = None
        self._subject: Subject | None = None
        self._keys = ReviewKeys(
            {
                keys.ACCEPT: self.confirm,
                keys.REJECT: self.take_back,
                keys.NEXT: self.next_worth_reading,
                keys.PREVIOUS: lambda: self.table.step(-1),
            }
        )
        self._build()
        self.close()

    def show(self, subject: Subject) -> None:
        """Review what was found; what the reader said of the scan earlier is shown."""
        self._show(subject)
        if self.head.reader:
            self.head.attempt(self._open)
        self._refresh()

    def close(self) -> None:
        """Forget the scan; what was said is on the disk."""
        self._show(None)
        self._refresh()

    def enter(self) -> None:
        """The module is shown."""
        self.head.enter()
        self._keys.install()

    def exit(self) -> None:
        """The module is left: its keys belong to others."""
        self._keys.remove()

    def next_worth_reading(self) -> None:
        """Go to the next of the slices that are worth reading, after the last one again to the first."""
        if self._subject is None:
            return
        findings = self._subject.findings
        worth = [findings.slices[index].number for index in findings.worth_reading(WORTH_READING)]
        if worth:
            here = worth.index(self.table.present) if self.table.present in worth else -1
            self.table.go_to(worth[(here + 1) % len(worth)])

    def confirm(self) -> None:
        """Say that the present slice shows what is ticked, and go to the next one.

        Where it is not on display, show it instead.
        """
        number = self.table.present
        if number is not None and self._judge(number, self.table.ticks(number)):
            self.table.step(1)

    def take_back(self) -> None:
        """Say nothing of the present slice any more."""
        number = self.table.present
        if number is not None and self.review is not None and self._is_on_display(number):
            self._record(lambda review: review.take_back(number))

    def _is_on_display(self, number: int) -> bool:
        from LungCAD.mrml.detection import is_slice_seen, show_slice

        def look() -> None:
            ct = self._subject.ct
            require_on_display(ct, number, is_slice_seen(ct, number), lambda: show_slice(ct, number))

        return self.head.attempt(look)

    def _judge(self, number: int, shown: set[str]) -> bool:
        if not self._is_on_display(number):
            self._refresh()  # a box that was ticked shows again what is recorded
            return False
        return self._record(lambda review: review.judge(number, shown))

    def _record(self, say: Callable[[SliceReview], None]) -> bool:
        done = record(self.head, self._subject.node, self._opened, say)
        self._refresh()
        return done

    def _opened(self) -> SliceReview:
        if self.review is None:
            self._open()
        else:
            require_current(self.review, self._open)
        return self.review

    def _open(self) -> None:
        from LungCAD.review.slice_review import SliceReview, restore_slices

        subject, reader = self._subject, self.head.reader
        folder = restored_folder(subject.node, subject.case, reader, restore_slices)
        codes = [disease.code for disease in subject.findings.diseases]
        self.review = SliceReview(folder, subject.case, reader, codes, subject.model)

    def _show(self, subject: Subject | None) -> None:
        self._subject, self.review = subject, None
        if subject is not None:
            self.export.take(subject.case)
        self.head.say("")
        self.widget.visible = subject is not None
        self.table.show(subject.findings if subject else None)

    def _refresh(self) -> None:
        judgements = self.review.judgements if self.review else {}
        self.table.mark(judgements)
        total = len(self.table.numbers)
        self.progress.text = f"{len(judgements)} of {total} slices read"
        self.export.offer(len(judgements))

    def _on_renamed(self) -> None:
        """Every reader has a review of their own; nobody goes on in that of the one before."""
        if self._subject is not None:
            self.review = None
            if self.head.has_reader():
                self.head.attempt(self._open)
            self._refresh()

    def _on_chosen(self, number: int) -> None:
        from LungCAD.mrml.detection import show_slice

        try:
            show_slice(self._subject.ct, number)
        except InputError as error:
            self.head.say(str(error))

    def _on_clicked(self, number: int) -> None:
        from LungCAD.mrml.slice_views import shows_any

        if not shows_any([self._subject.ct]):
            show_over(self._subject.ct, None)
        self._on_chosen(number)

    def _write(self, folder: Path, patient: str, overwrite: bool) -> str:
        from LungCAD.mrml.scan_order import image_as_loaded_in_steps
        from LungCAD.review.slice_export import export_slices, patient_of

        image = finish(image_as_loaded_in_steps(self._subject.ct))
        case = self._subject.case
        name = pseudonym(patient or patient_of(case, folder, self.review.diseases), case)
        table = export_slices(self.review, image, folder, name, overwrite)
        return f"Written to {table}: {case} of {name}, slices: {len(self.review.judgements)}"

    def _build(self) -> None:
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Slices"
        layout = qt.QVBoxLayout(self.widget)
        self.head = ReviewHead(self._on_renamed, lambda: None)
        self.head.resume_button.visible = False
        layout.addWidget(self.head.widget)
        self.table = SliceTable(self._on_chosen, self._on_clicked, self._judge)
        layout.addWidget(self.table.widget)
        row = qt.QHBoxLayout()
        for text, key, act, help_text in (
            ("Worth reading", keys.NEXT, self.next_worth_reading, "Go to the next slice worth reading"),
            ("Confirm", keys.ACCEPT, self.confirm, "The slice shows what is ticked; go to the next one"),
            ("Take back", keys.REJECT, self.take_back, "Say nothing of this slice"),
        ):
            button = qt.QPushButton(f"{text} ({key})")
            button.toolTip = f"{help_text}. Key {key}"
            button.clicked.connect(lambda *_, act=act: act())
            row.addWidget(button)
        layout.addLayout(row)
        self.progress = qt.QLabel()
        layout.addWidget(self.progress)
        self.export = ExportForm(
            "Export judged slices", self._write, "Confirm or correct at least one slice first"
        )
        layout.addWidget(self.export.widget)
