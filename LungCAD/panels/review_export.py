"""Accepted slices join a dataset on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import qt

from LungCAD.panels import review_settings as settings
from LungCAD.panels.export_form import ExportForm, pseudonym

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase

LICENCE_ROW = 2
"""After folder and patient."""


class ReviewExport(ExportForm):
    """Where to, under which pseudonym and licence, and what became of it.

    `flush` is called before the export: what is painted counts.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        super().__init__("Export accepted slices", self._write_case, "Accept at least one slice first")
        self._flush = flush
        self._case: ReviewedCase | None = None
        self.licence = qt.QLineEdit(settings.remembered(settings.LICENCE))
        self.licence.placeholderText = "such as CC BY 4.0, or internal use"
        self.licence.toolTip = "Under which the image may be used"
        self.form.insertRow(LICENCE_ROW, "Licence", self.licence)

    def show(self, case: ReviewedCase | None) -> None:
        """Export this case; tell why not, where it cannot be."""
        if case is not self._case:
            self.message.text = ""
        self._case = case
        self.offer(len(case.review.state.accepted) if case else 0)

    def _write_case(self, folder: Path, patient: str, overwrite: bool) -> str:
        from LungCAD.mrml.volumes import image_from_volume
        from LungCAD.review import export_case

        self._flush()
        case, labels = self._case, self._case.labels
        written = export_case(
            case.review,
            image_from_volume(labels.volume),
            labels.schema,
            folder,
            patient=pseudonym(patient, case.review.case),
            licence=self.licence.text,
            overwrite=overwrite,
        )
        settings.remember(settings.LICENCE, self.licence.text)
        self.offer(len(case.review.state.accepted))
        return f"Written to {folder}: {written.id} of {written.patient}, slices: {len(written.accepted)}"
