"""The review of a result, slice by slice; every module shows it below its own panel.

A module makes one, hands it every result, and tells it when it is shown and left::

    self.review = ReviewPanel(repropagate=self.onRepropagate)
    layout.addWidget(self.review.widget)
    self.review.take_result(Subject(volume, labels, schema, provenance))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import ctk
import qt

from LungCAD.errors import InputError
from LungCAD.panels import review_keys as keys
from LungCAD.panels import review_settings as settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.problems import Problems
from LungCAD.panels.review_decision import SliceDecision
from LungCAD.panels.review_display import ReviewDisplay
from LungCAD.panels.review_editor import ReviewEditor
from LungCAD.panels.review_export import ReviewExport
from LungCAD.panels.review_keys import ReviewKeys
from LungCAD.panels.review_second_reader import SecondReader
from LungCAD.panels.review_worklist import Worklist
from LungCAD.steps import Steps, finish

if TYPE_CHECKING:
    import SimpleITK as sitk
    import slicer

    from LungCAD.labels import Schema
    from LungCAD.mrml.reviewed_case import ReviewedCase, Subject

NO_READER = "Enter your name or initials: they are written beside every decision"


class ReviewPanel:
    """Worklist, decisions, editing, display, agreement and export of one result.

    repropagate : called with the constraints (int16: -1 free, 0 erased, else the label to keep) when the
        reader wants the corrections spread; the module hands the new result to `take_result`. Without it
        there is no such button.
    """

    def __init__(self, repropagate: Callable[[sitk.Image], None] | None = None) -> None:
        self._repropagate = repropagate
        self.case: ReviewedCase | None = None
        self.present: int | None = None
        self._subject: Subject | None = None
        self._resting = False
        self._offered: slicer.vtkMRMLSegmentationNode | None = None
        self._keys = ReviewKeys(
            {
                keys.ACCEPT: lambda: self.decide("accept"),
                keys.NEEDS_EDIT: lambda: self.decide("needs edit"),
                keys.REJECT: lambda: self.decide("reject"),
                keys.NEXT: lambda: self.step(1),
                keys.PREVIOUS: lambda: self.step(-1),
                keys.BEFORE: lambda: self.display.before.toggle(),
                keys.OUTLINE: lambda: self.display.outline.toggle(),
            }
        )
        self._build()
        self.refresh()

    def take_result(self, subject: Subject) -> None:
        """Review a result: the first, or the next one of the review that is open."""
        finish(self.result_in_steps(subject))

    def result_in_steps(self, subject: Subject) -> Steps[None]:
        """Do as `take_result`, yielding now and then, so that the panel keeps answering."""
        from LungCAD.mrml.reviewed_case import review_in_steps

        self._subject = subject
        if not self._has_reader():
            return
        try:
            case = yield from review_in_steps(subject, settings.reviews_folder(), self.reader)
        except InputError as error:
            self._say(str(error))
        else:
            self._show_case(case)

    @contextmanager
    def awaiting_result(self) -> Iterator[None]:
        """Rest while a module writes a new result to the labels under review, which is no edit.

        If no new result comes of it, the labels are shown again as the reader left them.
        """
        before = self.case
        self._resting = True
        self.contents.enabled = False
        try:
            yield
        finally:
            self._resting = False
            self.editor.rest()
            if before is not None and self.case is before and self._is_open():
                before.restore()
            self.refresh()

    def resume(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        schema: Schema,
        labels: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> slicer.vtkMRMLSegmentationNode | None:
        """Open the review of a scan where its reader left it, and return the node of its labels.

        The scene's own copy is used where the folder of reviews lacks it. None, and a sentence in the panel,
        where there is no such review.
        """
        from LungCAD.mrml.reviewed_case import resume_review

        if not self._has_reader():
            return None
        opened = self._attempt(
            lambda: resume_review(volume, schema, settings.reviews_folder(), self.reader, labels)
        )
        if opened is None:
            return None
        self._show_case(opened)
        return opened.labels.node

    def offer(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode,
        schema: Schema,
        labels: slicer.vtkMRMLSegmentationNode,
    ) -> None:
        """Resume the review of these labels that a loaded scene carries; may be called often."""
        from LungCAD.mrml.review_texts import has_review

        if self.case is None and labels is not self._offered and has_review(labels):
            self._offered = labels
            self.resume(volume, schema, labels)

    def close(self) -> None:
        """Forget the case, as when the scene closes; all of it is on the disk."""
        if self.case is not None and self.case.is_present:
            self.case.close()
        self.case, self.present, self._subject = None, None, None
        self.display.show(None)
        self.editor.show(None, None)
        self.refresh()

    def enter(self) -> None:
        """The module is shown."""
        if self.refresh not in shared_runner().observers:
            shared_runner().observers.append(self.refresh)
        self._keys.install()
        self.editor.enter()
        self.refresh()

    def exit(self) -> None:
        """The module is left: its keys belong to others."""
        if self.refresh in shared_runner().observers:
            shared_runner().observers.remove(self.refresh)
        self._keys.remove()
        self.editor.exit()

    @property
    def reader(self) -> str:
        """The name of the reader, as written in the panel."""
        return self.reader_edit.text.strip()

    def jump(self, number: int) -> None:
        """Show a slice in all views and make it the present one."""
        self.present = number
        if self._is_open():
            self.case.jump(number)
        self.worklist.mark(number)
        self.decision.show(self.case.review if self.case else None, number)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) slice of the list."""
        number = self.worklist.neighbour(self.present, direction)
        if number is not None:
            self.jump(number)

    def decide(self, decision: str) -> None:
        """Record a decision on the present slice and go to the next open one."""
        if self.present is None or self._resting or not self._is_open():
            return
        self._attempt(lambda: self.case.decide(self.present, decision))
        if not self._problem:
            from LungCAD.review import next_open

            self.worklist.show(self.case.review, self.present)
            following = next_open(self.case.review.state, self.worklist.order, self.present)
            self.jump(self.present if following is None else following)
        self.refresh()

    def comment(self, text: str) -> None:
        """Record a remark on the present slice."""
        if self.present is not None and self._is_open():
            self._attempt(lambda: self.case.comment(self.present, text))
            self.refresh()

    def take_edits(self) -> None:
        """Record what was painted until now."""
        self.editor.rest()
        if self._resting or not self._is_open():
            return
        try:
            edit = self.case.take_edits()
        except InputError as error:
            self._say(str(error))
            return
        if edit.drawn:
            self._say(f"{edit.drawn} voxels lie in regions that you drew and keep that label")
        elif edit.changed:
            self._say("")
        if edit.changed or edit.drawn:
            self.refresh()

    def refresh(self) -> None:
        """Show the present state."""
        review = self.case.review if self.case else None
        busy = shared_runner().is_busy
        self.contents.enabled = self.case is not None and not self._resting
        self.worklist.show(review, self.present)
        self.decision.show(review, self.present)
        self.export.show(self.case)
        self.second_reader.show(self.case)
        self.editor.set_locked(busy)
        self.repropagate_button.visible = self._repropagate is not None
        corrected = self.case is not None and self.case.review.is_corrected
        self.repropagate_button.enabled = corrected and not busy
        self.repropagate_button.toolTip = (
            "Spread the corrections over the scan; accepted slices stay as they are"
            if corrected
            else "Correct a slice first"
        )

    def _show_case(self, case: ReviewedCase) -> None:
        if self.case is not None and self.case.is_present:
            self.case.close()
        self.case = case
        self.display.show(case)
        self.editor.show(case.labels.node, case.labels.volume)
        self.worklist.show(case.review, None)
        if self.present not in self.worklist.order:
            self.present = None
        self.refresh()
        if self.present is None and self.worklist.order:
            self.jump(self.worklist.order[0])

    def _is_open(self) -> bool:
        """Tell whether there is a case; forget one whose nodes have left the scene."""
        if self.case is not None and not self.case.is_present:
            self.close()
        return self.case is not None

    def _has_reader(self) -> bool:
        self._say("" if self.reader else NO_READER)
        return bool(self.reader)

    def _attempt(self, act: Callable[[], object]) -> object:
        """Do something that may fail; say why in the panel and return None then."""
        self._say("")
        try:
            return act()
        except InputError as error:
            self._say(str(error))
            return None

    def _say(self, sentence: str) -> None:
        self._problem = sentence
        self._problems.show({"review": sentence} if sentence else {})

    def _on_reader(self) -> None:
        settings.remember(settings.READER, self.reader)
        if not self.reader or self._subject is None:
            return
        if self.case is None or self.case.review.reviewer != self.reader:
            self.take_edits()
            self.take_result(self._subject)

    def _on_repropagate(self, *_: object) -> None:
        if not self._is_open():
            return
        constraints = self._attempt(self.case.constraints)
        self.editor.rest()
        if constraints is not None:
            self._attempt(lambda: self._repropagate(constraints))
        self.refresh()

    def _build(self) -> None:
        self.worklist = Worklist(self.jump)
        self.decision = SliceDecision(self.decide, self.comment, self.step)
        self.display = ReviewDisplay()
        self.editor = ReviewEditor(self.take_edits)
        self.second_reader = SecondReader()
        self.export = ReviewExport(self.take_edits)
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Review"
        layout = qt.QVBoxLayout(self.widget)
        row = qt.QHBoxLayout()
        row.addWidget(qt.QLabel("Reader"))
        self.reader_edit = qt.QLineEdit(settings.remembered(settings.READER))
        self.reader_edit.placeholderText = "Your name or initials"
        self.reader_edit.toolTip = NO_READER
        self.reader_edit.editingFinished.connect(self._on_reader)
        row.addWidget(self.reader_edit, 1)
        layout.addLayout(row)
        problem = qt.QLabel()
        layout.addWidget(problem)
        self._problems = Problems({"review": problem})
        self._problem = ""
        self.contents = qt.QWidget()
        column = qt.QVBoxLayout(self.contents)
        column.setContentsMargins(0, 0, 0, 0)
        self.repropagate_button = qt.QPushButton("Re-propagate corrections")
        self.repropagate_button.clicked.connect(self._on_repropagate)
        for widget in (
            self.worklist.widget,
            self.decision.widget,
            self.display.widget,
            self.editor.widget,
            self.repropagate_button,
            self.second_reader.widget,
            self.export.widget,
        ):
            column.addWidget(widget)
        layout.addWidget(self.contents)
