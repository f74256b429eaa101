"""The present slice: accept, reject or mark it, say something about it, go to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

from LungCAD.panels import review_keys as keys

if TYPE_CHECKING:
    from LungCAD.review import Review

DECISIONS = {
    "accept": ("Accept", keys.ACCEPT, "The labels of this slice are right: they join the dataset"),
    "needs edit": ("Needs edit", keys.NEEDS_EDIT, "Come back to this slice later"),
    "reject": ("Reject", keys.REJECT, "The labels of this slice are of no use"),
}


class SliceDecision:
    """Buttons and a comment field for one slice.

    decide : called with a decision. comment : with a text, tells whether it was recorded. step : with +1 or
        -1.
    """

    def __init__(
        self, decide: Callable[[str], None], comment: Callable[[str], bool], step: Callable[[int], None]
    ) -> None:
        self._comment = comment
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.title = qt.QLabel()
        layout.addWidget(self.title)
        row = qt.QHBoxLayout()
        self.buttons: dict[str, qt.QPushButton] = {}
        for decision, (text, key, help_text) in DECISIONS.items():
            button = qt.QPushButton(f"{text} ({key})")
            button.toolTip = f"{help_text}. Key {key}"
            button.clicked.connect(lambda *_, decision=decision: decide(decision))
            row.addWidget(button)
            self.buttons[decision] = button
        layout.addLayout(row)
        row = qt.QHBoxLayout()
        for text, key, direction in (("Previous", keys.PREVIOUS, -1), ("Next", keys.NEXT, 1)):
            button = qt.QPushButton(f"{text} ({key})")
            button.toolTip = f"{text} slice of the list. Key {key}"
            button.clicked.connect(lambda *_, direction=direction: step(direction))
            row.addWidget(button)
        layout.addLayout(row)
        self.comment_edit = qt.QLineEdit()
        self.comment_edit.placeholderText = "Comment on this slice; Enter adds it"
        self.comment_edit.toolTip = "Comments stay in the review. Never write who the patient is"
        self.comment_edit.returnPressed.connect(lambda *_: self.take_comment())
        layout.addWidget(self.comment_edit)
        self.comments = qt.QLabel()
        self.comments.wordWrap = True
        self.comments.textFormat = qt.Qt.PlainText
        layout.addWidget(self.comments)

    def show(self, review: Review | None, present: int | None) -> None:
        """Show what was said of the present slice."""
        self.widget.enabled = present is not None
        said = []
        if review is None or present is None:
            self.title.text = "<b>No slice</b>"
        else:
            decision = review.state.decision(present)
            words = f": {DECISIONS[decision.value][0].lower()}" if decision else ""
            count = len(review.state.masks.slice_voxels)
            self.title.text = f"<b>Slice {present + 1} of {count}{words}</b>"
            said = [each for each in review.state.comments if each.slice == present]
        self.comments.text = "\n".join(f"{each.reviewer}: {each.text}" for each in said)
        self.comments.visible = bool(said)

    def take_comment(self) -> bool:
        """Record what stands in the comment field; False, and it stays there, where that did not go well."""
        text = self.comment_edit.text.strip()
        if text and not self._comment(text):
            return False
        self.comment_edit.clear()
        return True
