"""Something reviewed joins a dataset on the disk: where to, under which pseudonym."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ctk
import qt
import slicer

from LungCAD.errors import InputError
from LungCAD.panels import review_settings as settings


class ExportForm:
    """A form and a button.

    title : of the form. write : called with folder, pseudonym of the patient (empty: to be made from the
    case) and whether to overwrite; returns what to say, or None where it goes on and will call `end`. It may
    raise InputError. missing : why there is nothing to export yet.
    """

    def __init__(self, title: str, write: Callable[[Path, str, bool], str | None], missing: str) -> None:
        self._write, self._missing, self._count, self._of = write, missing, 0, ""
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = title
        self.widget.collapsed = True
        self.form = qt.QFormLayout(self.widget)
        self.folder = ctk.ctkPathLineEdit()
        self.folder.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folder.currentPath = settings.remembered(settings.DATASET)
        self.folder.toolTip = "A new folder, or a dataset of the same labels that the case joins"
        self.form.addRow("Dataset", self.folder)
        self.patient = qt.QLineEdit()
        self.patient.placeholderText = "made from the case"
        self.patient.toolTip = (
            "A pseudonym, the same for all scans of one patient: letters, digits, - and _. Never a name"
        )
        self.form.addRow("Patient", self.patient)
        self.overwrite = qt.QCheckBox("Replace the case where the dataset has it")
        self.form.addRow(self.overwrite)
        self.button = qt.QPushButton("Export")
        self.button.clicked.connect(self._on_export)
        self.form.addRow(self.button)
        self.message = qt.QLabel()
        self.message.wordWrap = True
        self.form.addRow(self.message)

    def take(self, case: str) -> None:
        """This case is to be exported: after another one, the patient may be another too."""
        if case != self._of:
            self._of, self.patient.text, self.message.text = case, "", ""

    def offer(self, count: int, obstacle: str = "") -> None:
        """Let so many slices be exported; tell why not, where there are none or there is an obstacle."""
        self._count = count
        self.button.enabled = count > 0 and not obstacle
        self.button.text = f"Export ({count})" if count else "Export"
        self.button.toolTip = obstacle or ("Write them" if count else self._missing)

    def end(self, said: str) -> None:
        """Say what became of it."""
        self.message.text = said
        self.offer(self._count)

    def _on_export(self, *_: object) -> None:
        self.button.enabled = False
        self.message.text = "Writing. A large scan takes a while"
        slicer.app.processEvents()
        try:
            said = self._export()
        except InputError as error:
            said = str(error)
        if said is not None:
            self.end(said)

    def _export(self) -> str | None:
        folder = self.folder.currentPath.strip()
        if not folder:
            raise InputError("Dataset", "is not chosen", "Choose a folder")
        settings.remember(settings.DATASET, folder)
        return self._write(Path(folder), self.patient.text.strip(), self.overwrite.checked)


def pseudonym(patient: str, case: str) -> str:
    """Return what the user calls the patient, else a pseudonym made from that of the case."""
    from LungCAD.review import patient_pseudonym, secret_key

    return patient or patient_pseudonym(case, secret_key(settings.key_file()))
