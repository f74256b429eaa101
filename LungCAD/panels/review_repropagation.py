"""The button that spreads a reader's corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import qt

if TYPE_CHECKING:
    from LungCAD.review import Review

READY = "Spread the corrections over the scan; accepted slices stay as they are"
NOTHING = "Correct a slice first"
BUSY = "A computation is under way"


class Repropagation:
    """Calls `start` when clicked; not there where a module has nothing to spread corrections with."""

    def __init__(self, start: Callable[[], None] | None) -> None:
        self.widget = qt.QPushButton("Re-propagate corrections")
        self.widget.visible = start is not None
        self._offered = start is not None
        if start is not None:
            self.widget.clicked.connect(lambda *_: start())

    def show(self, review: Review | None, is_busy: bool) -> None:
        """Offer it where there are corrections and no job is under way; say why not else."""
        corrected = review is not None and review.is_corrected
        self.widget.visible = self._offered
        self.widget.enabled = corrected and not is_busy
        self.widget.toolTip = BUSY if is_busy else READY if corrected else NOTHING
