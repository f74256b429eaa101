"""Accepted slices join a dataset on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import ctk
import qt
import slicer

from LungCAD.errors import InputError
from LungCAD.panels import review_settings as settings

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import ReviewedCase


class ReviewExport:
    """Where to, under which pseudonym and licence, and what became of it.

    `flush` is called before the export: what is painted counts.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._case: ReviewedCase | None = None
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Export accepted slices"
        self.widget.collapsed = True
        form = qt.QFormLayout(self.widget)
        self.folder = ctk.ctkPathLineEdit()
        self.folder.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folder.currentPath = settings.remembered(settings.DATASET)
        self.folder.toolTip = "A new folder, or a dataset of the same schema that the case joins"
        form.addRow("Dataset", self.folder)
        self.patient = qt.QLineEdit()
        self.patient.placeholderText = "made from the case"
        self.patient.toolTip = (
            "A pseudonym, the same for all scans of one patient: letters, digits, - and _. Never a name"
        )
        form.addRow("Patient", self.patient)
        self.licence = qt.QLineEdit(settings.remembered(settings.LICENCE))
        self.licence.placeholderText = "such as CC BY 4.0, or internal use"
        self.licence.toolTip = "Under which the image may be used"
        form.addRow("Licence", self.licence)
        self.overwrite = qt.QCheckBox("Replace the case where the dataset has it")
        form.addRow(self.overwrite)
        self.button = qt.QPushButton("Export")
        self.button.clicked.connect(self._on_export)
        form.addRow(self.button)
        self.message = qt.QLabel()
        self.message.wordWrap = True
        form.addRow(self.message)

    def show(self, case: ReviewedCase | None) -> None:
        """Export this case; tell why not, where it cannot be."""
        if case is not self._case:
            self.message.text = ""
        self._case = case
        accepted = len(case.review.state.accepted) if case else 0
        self.button.enabled = accepted > 0
        self.button.text = f"Export ({accepted})" if accepted else "Export"
        self.button.toolTip = "Write the accepted slices" if accepted else "Accept at least one slice first"

    def _on_export(self, *_: object) -> None:
        self.button.enabled = False
        self.message.text = "Writing. A large scan takes a while"
        slicer.app.processEvents()
        try:
            self._flush()
            self.message.text = self._export()
        except InputError as error:
            self.message.text = str(error)
        finally:
            self.show(self._case)

    def _export(self) -> str:
        from LungCAD.mrml.volumes import image_from_volume
        from LungCAD.review import export_case, patient_pseudonym, secret_key

        folder = self.folder.currentPath.strip()
        if not folder:
            raise InputError("Dataset", "is not chosen", "Choose a folder")
        case, labels = self._case, self._case.labels
        patient = self.patient.text.strip()
        if not patient:
            patient = patient_pseudonym(case.review.case, secret_key(settings.key_file()))
        written = export_case(
            case.review,
            image_from_volume(labels.volume),
            labels.schema,
            Path(folder),
            patient=patient,
            licence=self.licence.text,
            overwrite=self.overwrite.checked,
        )
        settings.remember(settings.DATASET, folder)
        settings.remember(settings.LICENCE, self.licence.text)
        return f"Written to {folder}: {written.id} of {written.patient}, slices: {len(written.accepted)}"
