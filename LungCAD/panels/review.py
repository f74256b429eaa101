"""The review of a result, slice by slice; every module shows it below its own panel.

A module makes one, hands it every result, and tells it when it is shown and left::

    self.review = ReviewPanel("label propagation", repropagate=self.onRepropagate)
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
from LungCAD.mrml.scan_labels import show_alone
from LungCAD.panels import review_keys as keys
from LungCAD.panels import review_settings as settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.review_display import ReviewDisplay
from LungCAD.panels.review_editor import ReviewEditor
from LungCAD.panels.review_export import ReviewExport
from LungCAD.panels.review_head import ReviewHead
from LungCAD.panels.review_keys import ReviewKeys
from LungCAD.panels.review_repropagation import Repropagation
from LungCAD.panels.review_second_reader import SecondReader
from LungCAD.panels.review_slices import ReviewSlices
from LungCAD.panels.views import show_over
from LungCAD.steps import Steps, finish

if TYPE_CHECKING:
    import slicer
    from numpy.typing import NDArray

    from LungCAD.labels import Schema
    from LungCAD.mrml.reviewed_case import ReviewedCase, Subject
    from LungCAD.worker.image_files import PlacedVoxels


class ReviewPanel:
    """Worklist, decisions, editing, display, agreement and export of one result.

    model : name of the method whose results are reviewed, with which `Subject.model` begins.
    repropagate : called with the constraints (int16: -1 free, 0 erased, else the label to keep), in steps,
        when the reader wants the corrections spread; the module hands the new result to `take_result`.
        Without it there is no such button.
    resumed : called with the node of the labels and their schema when the reader has resumed a review.
    observers : called whenever what is under review, or its labels, may have changed.
    """

    def __init__(
        self,
        model: str,
        repropagate: Callable[[Steps[PlacedVoxels]], None] | None = None,
        resumed: Callable[[slicer.vtkMRMLSegmentationNode, Schema], None] | None = None,
    ) -> None:
        self._model, self._repropagate, self._resumed = model, repropagate, resumed
        self.observers: list[Callable[[], None]] = []
        self.case: ReviewedCase | None = None
        self._subject: Subject | None = None
        self._scan: tuple[slicer.vtkMRMLScalarVolumeNode, Schema] | None = None
        self._offered: (
            tuple[slicer.vtkMRMLScalarVolumeNode, Schema, slicer.vtkMRMLSegmentationNode] | None
        ) = None
        self._resting = self._is_unread = False
        self._left: NDArray | None = None
        self._keys = ReviewKeys(
            {
                keys.ACCEPT: lambda: self.slices.decide("accept"),
                keys.NEEDS_EDIT: lambda: self.slices.decide("needs edit"),
                keys.REJECT: lambda: self.slices.decide("reject"),
                keys.NEXT: lambda: self.slices.step(1),
                keys.PREVIOUS: lambda: self.slices.step(-1),
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

        is_new, self._subject = subject is not self._subject, subject
        if is_new:
            self._left = None
        if not self.head.has_reader():
            self._is_unread |= is_new
            return
        painted, self._is_unread = self._is_unread and not is_new, False
        try:
            root, reader = settings.reviews_folder(), self.head.reader
            case = yield from review_in_steps(subject, root, reader, painted, self._left)
        except InputError as error:
            kept = self._move_out(subject) if is_new else ""
            self._is_unread = painted or (is_new and self.case is None)
            self.head.say(f"{error}\n{kept}" if kept else str(error))
        else:
            self._show_case(case)

    def _move_out(self, refused: Subject) -> str:
        """Leave the review whose segments show a result that it refused; return where its labels are.

        Segments, table and text of the module are then of one result, and nothing that was reviewed is lost.
        """
        case = self.case
        if case is None or not case.is_present or case.labels.node is not refused.labels:
            return ""
        case.move_out()
        self._leave()
        return f"The labels that you reviewed are now in {case.labels.node.GetName()}"

    @contextmanager
    def awaiting_result(self, labels: slicer.vtkMRMLSegmentationNode | None) -> Iterator[None]:
        """Rest while a module writes a new result to labels, those under review or others: that is no edit.

        What was painted until now is recorded first, and copied where nobody reviews these labels, or the
        disk does not take it. If no new result comes of it, those under review are shown again as the reader
        left them. One that the review refuses stays, and those under review move to a node of their own.
        Segments that are no labels are set aside first, and that is said.
        """
        moved = [self._set_others_aside()]
        is_recorded, before = self.take_edits(), self.case
        reviewed = before.labels.node if before is not None else None
        if not is_recorded:
            moved.append(self._keep_unrecorded(reviewed))
        if reviewed is not labels:
            moved.append(self._keep_unrecorded(labels))
        self._resting = True
        self.contents.enabled = False
        try:
            yield
        finally:
            self._resting = False
            self.editor.rest()
            if before is not None and self.case is before and before.labels.node is labels:
                said = self.head.sentence
                self._attempt(lambda case: case.restore())
                self.head.say(said or self.head.sentence)
            said = "\n".join(text for text in (*moved, self.head.sentence) if text)
            self.refresh()  # going to a slice of a new result says that nothing is wrong
            if said:
                self.head.say(said)

    def _set_others_aside(self) -> str:
        """Do so in the labels under review; return a sentence where there were any."""
        if self.case is None or not self.case.is_present:
            return ""
        names = ", ".join(self.case.labels.set_others_aside())
        return (
            f"{names}: no label of the schema, now in another segmentation beside the labels" if names else ""
        )

    def _keep_unrecorded(self, labels: slicer.vtkMRMLSegmentationNode | None) -> str:
        """Copy what no review keeps of these labels; return a sentence where there was something."""
        from LungCAD.mrml.unrecorded import keep_painted

        name = keep_painted(labels)
        return f"What you painted, and no review keeps, is now in {name}" if name else ""

    def offer(
        self,
        volume: slicer.vtkMRMLScalarVolumeNode | None,
        schema: Schema,
        labels: slicer.vtkMRMLSegmentationNode | None = None,
    ) -> None:
        """Let the reader resume a review of this scan; may be called often.

        A review that the scene carries beside `labels` is resumed at once, where it is of this scan and
        reader and none of this scan is open. That of another scan is left then, as its labels are hidden.
        """
        self._scan = None if volume is None else (volume, schema)
        offered = None if volume is None or labels is None else (volume, schema, labels)
        is_open = self.case is not None and self.case.labels.volume is volume
        if not is_open and not self._resting and offered not in (None, self._offered):
            self._offered = offered
            self.take_edits()
            before = self.case
            self._resume_offered()
            if before is not None and self.case is before:  # its labels are not those on display
                self._subject = None
                self._leave()
            elif before is not None:
                show_over(volume, None, fit=True)
        self.refresh()

    def _resume_offered(self) -> None:
        from LungCAD.mrml.nodes import is_present
        from LungCAD.mrml.review_texts import has_review

        volume, schema, labels = self._offered or (None, None, None)
        if self._scan == (volume, schema) and is_present(labels) and has_review(labels):
            self.resume(volume, schema, labels)

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

        if not self.head.has_reader():
            return None
        root, reader = settings.reviews_folder(), self.head.reader
        try:
            case = resume_review(volume, schema, root, reader, labels, self._model)
        except InputError as error:
            self.head.say(str(error))
            return None
        self._show_case(case)
        return case.labels.node

    def close(self) -> None:
        """Forget the case, as when the scene closes or the panel goes; what was painted is recorded first."""
        if self.case is not None and self.case.is_present:
            self.take_edits()
        self._subject = self._offered = self._left = None
        self._leave()

    def _leave(self) -> None:
        if self.case is not None:
            self.case.close()
        self.case = None
        self.display.show(None)
        self.editor.show(None, None)
        self.refresh()

    def enter(self) -> None:
        """The module is shown."""
        self.head.enter()
        if self.refresh not in shared_runner().observers:
            shared_runner().observers.append(self.refresh)
        self._keys.install()
        self.editor.enter()
        if self._is_open() and not self.display.before.checked:  # another module may show labels of its own
            show_alone(self.case.labels.node)
        self.refresh()

    def exit(self) -> None:
        """The module is left: its keys belong to others."""
        if self.refresh in shared_runner().observers:
            shared_runner().observers.remove(self.refresh)
        self._keys.remove()
        self.editor.exit()

    def take_edits(self) -> bool:
        """Record what was painted until now; tell whether that went well, the head says why not."""
        self.editor.rest()
        if not self._is_open():
            return True
        try:
            edit = self.case.take_edits()
        except InputError as error:
            self.head.say(str(error))
            self._show_way_back()
            return False
        if edit.drawn:
            self.head.say(f"{edit.drawn} voxels lie in regions that you drew and keep that label")
        elif edit.changed:
            self.head.say("")
        if edit.changed or edit.drawn:
            self.refresh()
        return True

    def refresh(self) -> None:
        """Show the present state."""
        review = self.case.review if self.case else None
        busy = shared_runner().is_busy
        self.contents.enabled = self.case is not None and not self._resting
        self.slices.show(self.case)
        self.head.name_scan(self.case.labels.volume.GetName() if self._is_elsewhere() else "")
        self.export.show(self.case, self.head.elsewhere)
        self.second_reader.show(self.case)
        self.editor.set_locked(busy)
        self.repropagation.show(review, busy)
        self._show_way_back()
        for told in self.observers:
            told()

    def _show_case(self, case: ReviewedCase) -> None:
        if self.case is not None:
            self.case.close()
        show_alone(case.labels.node)
        if self._subject is not None and self._subject.labels is not case.labels.node:
            self._subject = None
        self._is_unread, self._left = False, None
        self.case, self._offered = case, (case.labels.volume, case.labels.schema, case.labels.node)
        self.display.show(case)
        self.editor.show(case.labels.node, case.labels.volume)
        self.refresh()

    def _is_open(self) -> bool:
        """Tell whether there is a case to work on; forget one whose nodes have left the scene."""
        if self.case is not None and not self.case.is_present:
            self.close()
        return self.case is not None and not self._resting

    def _is_elsewhere(self) -> bool:
        """Tell whether the open review is of another scan than the one that is chosen."""
        if self.case is None or self._scan is None:
            return False
        return self.case.labels.volume is not self._scan[0]

    def _attempt(self, act: Callable[[ReviewedCase], object]) -> bool:
        """Do something with the open case and tell whether that went well; the head says why not."""
        done = self._is_open() and self.head.attempt(lambda: act(self.case))
        self._show_way_back()
        return done

    def _show_way_back(self) -> None:
        """Offer to open a review where none of the chosen scan is open, or another program wrote to it."""
        is_outdated = self.case is not None and not self.case.review.is_current
        can_resume = self._scan is not None and (self.case is None or self._is_elsewhere())
        self.head.resume_button.visible = is_outdated or can_resume

    def _on_renamed(self) -> None:
        """Every reader has a review of their own of the same result; nobody goes on in that of another."""
        open_reader = self.case.review.reviewer if self.case else ""
        if self.head.reader != open_reader:
            self._open_again()

    def _open_again(self) -> None:
        """Leave the review, and open that of the present reader as the disk has it.

        What is painted without a reader, or what the disk did not take, goes to the review that is opened
        next; but nobody gets strokes of another reader: those are copied.
        """
        self.take_edits()
        left, kept = self.case, ""
        self._leave()
        if left is not None and self.head.reader in ("", left.review.reviewer):
            self._is_unread, self._left = True, left.labels.voxels(left.review.state.masks.labels)
        elif left is not None:
            kept = self._keep_unrecorded(left.labels.node)
        if self._subject is not None:
            self.take_result(self._subject)
        elif self.head.has_reader():
            self._resume_offered()
        if kept:
            self.head.say(kept)

    def _on_resume(self) -> None:
        is_elsewhere = self._is_elsewhere()
        if self.case is not None and not is_elsewhere:
            self._open_again()
            return
        from LungCAD.mrml.review_texts import labels_under_review

        self.take_edits()
        volume, schema = self._scan
        labels = self.resume(volume, schema, labels_under_review(volume, self.head.reader, self._model))
        if labels is None:
            return
        if is_elsewhere:
            show_over(volume, None, fit=True)
        if self._resumed is not None:
            self._resumed(labels, schema)

    def _on_repropagate(self) -> None:
        self.editor.rest()
        self._attempt(lambda case: self._repropagate(case.constraints_in_steps()))
        self.refresh()

    def _build(self) -> None:
        self.head = ReviewHead(self._on_renamed, self._on_resume)
        self.slices = ReviewSlices(self._attempt, self.refresh)
        self.display = ReviewDisplay()
        self.editor = ReviewEditor(self.take_edits, self._model)
        self.repropagation = Repropagation(self._on_repropagate if self._repropagate else None)
        self.second_reader = SecondReader()
        self.export = ReviewExport(self.take_edits)
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Review"
        layout = qt.QVBoxLayout(self.widget)
        self.contents = qt.QWidget()
        column = qt.QVBoxLayout(self.contents)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (
            self.slices,
            self.display,
            self.editor,
            self.repropagation,
            self.second_reader,
            self.export,
        ):
            column.addWidget(part.widget)
        layout.addWidget(self.head.widget)
        layout.addWidget(self.contents)
