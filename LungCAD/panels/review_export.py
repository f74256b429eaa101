"""Accepted slices join a dataset on the disk; the worker writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import qt

from LungCAD.errors import InputError, LungCADError
from LungCAD.labels import schema_data
from LungCAD.panels import review_settings as settings
from LungCAD.panels.export_form import ExportForm, pseudonym
from LungCAD.panels.job import JobListener, shared_runner
from LungCAD.worker import JobResult

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase

LICENCE_ROW = 2
"""After folder and patient."""

BUSY = "A computation is under way"


class ReviewExport(ExportForm, JobListener):
    """Where to, under which pseudonym and licence, and what became of it.

    `flush` is called before the export: what is painted counts. It tells whether that could be recorded.
    """

    def __init__(self, flush: Callable[[], bool]) -> None:
        super().__init__("Export accepted slices", self._write_case, "Accept at least one slice first")
        self._flush = flush
        self._case: ReviewedCase | None = None
        self._obstacle = ""
        self.licence = qt.QLineEdit(settings.remembered(settings.LICENCE))
        self.licence.placeholderText = "such as CC BY 4.0, or internal use"
        self.licence.toolTip = "Under which the image may be used"
        self.form.insertRow(LICENCE_ROW, "Licence", self.licence)

    def show(self, case: ReviewedCase | None, obstacle: str = "") -> None:
        """Export this case, unless there is an obstacle; tell why not, where it cannot be."""
        if case is not None:
            self.take(case.review.case)
        if case is not self._case:
            self.message.text = ""
        self._case, self._obstacle = case, obstacle
        accepted = len(case.review.state.accepted) if case else 0
        self.offer(accepted, obstacle or (BUSY if shared_runner().is_busy else ""))

    def end(self, said: str) -> None:
        """Say what became of it, and let it be done again unless there is an obstacle by now."""
        super().end(said)
        self.offer(self._count, self._obstacle)

    def progress(self, fraction: float, message: str) -> None:
        """Say how far it is."""
        self.message.text = f"{message}: {100 * fraction:.0f} %"

    def finished(self, result: JobResult) -> None:
        """Say what was written."""
        case, patient, slices = (result.data[name] for name in ("case", "patient", "slices"))
        self.end(f"Written to {self._folder}: {case} of {patient}, slices: {slices}")

    def failed(self, error: LungCADError) -> None:
        """Say why not."""
        self.end(str(error))

    def cancelled(self) -> None:
        """Say so: the worker was ended."""
        self.end("Cancelled")

    def _write_case(self, folder: Path, patient: str, overwrite: bool) -> None:
        from LungCAD.mrml.volumes import placed_voxels
        from LungCAD.review.dataset import patient_of

        is_recorded = self._flush()
        if not is_recorded:
            raise InputError("The last strokes", "could not be recorded", "Mend what the review says above")
        if self._case is None:
            raise InputError("The labels", "have left the scene", "Resume the review, then export")
        review, labels = self._case.review, self._case.labels
        parameters = {
            "review": str(review.folder.absolute()),
            "reviewer": review.reviewer,
            "schema": schema_data(labels.schema),
            "dataset": str(folder.absolute()),
            "patient": pseudonym(patient or patient_of(review.case, folder), review.case),
            "licence": self.licence.text,
            "overwrite": overwrite,
        }
        self._folder = folder
        settings.remember(settings.LICENCE, self.licence.text)
        shared_runner().start("export", {"ct": placed_voxels(labels.volume)}, parameters, self)
