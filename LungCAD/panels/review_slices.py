"""The slices of a review: the list, the present one, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

from LungCAD.panels.review_decision import SliceDecision
from LungCAD.panels.review_worklist import Worklist
from LungCAD.panels.views import require_on_display

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase


class ReviewSlices:
    """Shows one slice after the other and records what the reader says of it.

    attempt : does something with the open case and tells whether that went well; it says why not.
    changed : called when the review has changed.
    """

    def __init__(
        self, attempt: Callable[[Callable[[ReviewedCase], object]], bool], changed: Callable[[], None]
    ) -> None:
        self._attempt, self._changed = attempt, changed
        self._case: ReviewedCase | None = None
        self.present: int | None = None
        self.worklist = Worklist(self.jump)
        self.decision = SliceDecision(self.decide, self.comment, self.step)
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.worklist.widget)
        layout.addWidget(self.decision.widget)

    def show(self, case: ReviewedCase | None) -> None:
        """Show the slices of a case; where none is present yet, the first of the list.

        A comment that is being typed stays when a new result of the scan comes. It goes with the present
        slice, and where another scan comes: there it would say something of another slice.
        """
        if case is not None and self._case is not None and case.review.case != self._case.review.case:
            self.decision.comment_edit.clear()
        self._case = case
        review = case.review if case else None
        self.worklist.show(review, self.present)
        if self.present not in self.worklist.order:
            self.present = None
            self.decision.comment_edit.clear()
        self.decision.show(review, self.present)
        if self.present is None and self.worklist.order:
            self.jump(self.worklist.order[0])

    def jump(self, number: int) -> None:
        """Show a slice in all views and make it the present one.

        A comment that is still in its field is on the slice that is left, which stays where that cannot be
        recorded.
        """
        if number != self.present and not self.decision.take_comment():
            self.worklist.mark(self.present)
        elif self._attempt(lambda case: case.jump(number)):
            self.present = number
            self.worklist.mark(number)
            self.decision.show(self._case.review, number)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) slice of the list."""
        number = self.worklist.neighbour(self.present, direction)
        if number is not None:
            self.jump(number)

    def decide(self, decision: str) -> None:
        """Record a decision on the present slice, and the comment in its field; go to the next open one.

        Where the reader has scrolled away from it, or looks at another scan, show it again instead: it is not
        what they judged.
        """
        from LungCAD.review import next_open

        number = self.present
        if number is None or not self._attempt(lambda case: _decide(case, number, decision)):
            return
        self.decision.take_comment()
        self._changed()
        following = next_open(self._case.review.state, self.worklist.order, number)
        if following is not None:
            self.jump(following)

    def comment(self, text: str) -> bool:
        """Record a remark on the present slice; tell whether that went well."""
        number = self.present
        if number is None or not self._attempt(lambda case: case.comment(number, text)):
            return False
        self._changed()
        return True


def _decide(case: ReviewedCase, number: int, decision: str) -> None:
    is_seen, volume = case.is_seen(number), case.labels.volume
    require_on_display(volume, number + 1, is_seen, lambda: case.jump(number))
    case.decide(number, decision)
