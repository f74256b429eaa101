"""How the labels under review are drawn: opacity, outline, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ctk
import qt

from LungCAD.panels import review_keys as keys

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase

OPACITY = 0.4


class ReviewDisplay:
    """Opacity, outline only, and a look at the labels before the last propagation."""

    def __init__(self) -> None:
        self._case: ReviewedCase | None = None
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.opacity = ctk.ctkSliderWidget()
        self.opacity.minimum, self.opacity.maximum = 0.0, 1.0
        self.opacity.singleStep = 0.05
        self.opacity.decimals = 2
        self.opacity.value = OPACITY
        self.opacity.toolTip = "How strongly the labels cover the scan"
        self.opacity.connect("valueChanged(double)", self._apply)
        form.addRow("Opacity", self.opacity)
        row = qt.QHBoxLayout()
        self.outline = qt.QCheckBox(f"Outline only ({keys.OUTLINE})")
        self.outline.toolTip = f"Draw the borders of the labels alone. Key {keys.OUTLINE}"
        self.outline.toggled.connect(self._apply)
        row.addWidget(self.outline)
        self.before = qt.QPushButton(f"Show before ({keys.BEFORE})")
        self.before.checkable = True
        self.before.toolTip = f"Show the labels before the last propagation or edit. Key {keys.BEFORE}"
        self.before.toggled.connect(self._show_before)
        row.addWidget(self.before)
        form.addRow(row)

    def show(self, case: ReviewedCase | None) -> None:
        """Draw the labels of a case; leave those of the case before as they were found."""
        if case is not self._case:
            self._uncheck_before()
            self._case = case
            self._apply()

    def _apply(self, *_: object) -> None:
        if self._case is not None and self._case.is_present:
            from LungCAD.mrml.slice_views import show_filled

            show_filled(self._case.labels.node, 0.0 if self.outline.checked else self.opacity.value)

    def _uncheck_before(self) -> None:
        """Uncheck the button alone: who leaves a case has closed it, and with it the look at before."""
        blocked = self.before.blockSignals(True)
        self.before.checked = False
        self.before.blockSignals(blocked)

    def _show_before(self, shown: bool) -> None:
        if self._case is not None and self._case.is_present:
            self._case.show_before(shown)
