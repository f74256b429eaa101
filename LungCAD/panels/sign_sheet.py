"""The sheet of one scan: what the method says, what the reader ticks, how far both agree, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import ctk
import qt

from LungCAD.labels.sheet import REGIONS, TICKS
from LungCAD.panels import review_keys as keys
from LungCAD.panels.export_form import ExportForm, pseudonym
from LungCAD.panels.review_head import ReviewHead
from LungCAD.panels.review_keys import ReviewKeys
from LungCAD.panels.sign_table import SignTable
from LungCAD.panels.tick_ledger import record, require_current, restored_folder
from LungCAD.steps import finish

if TYPE_CHECKING:
    import slicer

    from LungCAD.mrml.result_nodes import SignNodes
    from LungCAD.review.sign_sheet import SignSheet


class SignSheetPanel:
    """Table of the regions, a button to confirm one, agreement with the method, and the export.

    Ticking a box says of that region what all its boxes then show; it goes to the reader's ledger at once.

    chosen : called with region and sign of the cell that the user went to. require_on_display : raises
        InputError where the scan is not seen; keys and ticks that judge a region ask it first.
    """

    def __init__(self, chosen: Callable[[str, str], None], require_on_display: Callable[[], None]) -> None:
        self._require_on_display = require_on_display
        self.sheet: SignSheet | None = None
        self._ct: slicer.vtkMRMLScalarVolumeNode | None = None
        self._findings: slicer.vtkMRMLTextNode | None = None
        self._case, self._model = "", ""
        self._keys = ReviewKeys({keys.ACCEPT: self.confirm, keys.REJECT: self.take_back})
        self._build(chosen)
        self.close()

    def show(self, ct: slicer.vtkMRMLScalarVolumeNode, nodes: SignNodes, case: str) -> None:
        """Read what was found in a CT; case : its pseudonym. What was ticked earlier is shown."""
        from LungCAD.mrml.signs import model_of, readings_of, threshold_of

        self._ct, self._findings = ct, nodes.findings
        self._case, self._model = case, model_of(nodes)
        self.export.take(case)
        self.sheet = None
        self.widget.visible = True
        self.table.show(readings_of(nodes), threshold_of(nodes))
        self._on_renamed()

    def close(self) -> None:
        """Forget the scan; what was ticked is on the disk."""
        self.sheet = self._ct = self._findings = None
        self.widget.visible = False
        self.table.show((), 0.5)
        self._refresh()

    def enter(self) -> None:
        """The module is shown."""
        self.head.enter()
        self._keys.install()

    def exit(self) -> None:
        """The module is left: its keys belong to others."""
        self._keys.remove()

    def confirm(self) -> None:
        """Say that the present region shows what is ticked, and go to the next one.

        Where the scan is not on display, show it instead.
        """
        region = self.table.present
        if self._ct is not None and region and self._judge(region, self.table.ticks(region)):
            self.table.step()

    def take_back(self) -> None:
        """Say nothing of the present region any more."""
        region = self.table.present
        if region and self.sheet is not None and self.head.attempt(self._require_on_display):
            self._record(lambda sheet: sheet.take_back(region))

    def _judge(self, region: str, shown: set[str]) -> bool:
        if not self.head.attempt(self._require_on_display):
            self._refresh()  # a box that was ticked shows again what is recorded
            return False
        return self._record(lambda sheet: sheet.judge(region, shown))

    def _record(self, say: Callable[[SignSheet], None]) -> bool:
        done = record(self.head, self._findings, self._opened, say)
        self._refresh()
        return done

    def _opened(self) -> SignSheet:
        if self.sheet is None:
            self._open()
        else:
            require_current(self.sheet, self._open)
        return self.sheet

    def _open(self) -> None:
        from LungCAD.review.sign_sheet import SignSheet, restore_sheet

        reader = self.head.reader
        folder = restored_folder(self._findings, self._case, reader, restore_sheet)
        self.sheet = SignSheet(folder, self._case, reader, self._model)

    def _refresh(self) -> None:
        judgements = self.sheet.judgements if self.sheet else {}
        self.table.mark(judgements)
        self.progress.text = f"{len(judgements)} of {len(REGIONS)} regions read. {self._agreement()}".strip()
        self.export.offer(len(judgements))

    def _agreement(self) -> str:
        if self.sheet is None:
            return ""
        said = {
            (region, sign): self.table.is_present(region, sign)
            for region in REGIONS
            for sign in TICKS
            if self.table.is_judged(region, sign)
        }
        found = self.sheet.agreement(said)
        if not found.compared:
            return ""
        kappa = "" if found.kappa is None else f", kappa {found.kappa:.2f}"
        return f"You and the method agree on {found.agreed} of {found.compared} signs{kappa}."

    def _on_renamed(self) -> None:
        """Every reader has a sheet of their own; nobody goes on in that of the one before."""
        if self._ct is not None:
            self.sheet = None
            if self.head.has_reader():
                self.head.attempt(self._open)
        self._refresh()

    def _write(self, folder: Path, patient: str, overwrite: bool) -> str:
        from LungCAD.mrml.scan_order import image_as_loaded_in_steps
        from LungCAD.review.sheet_export import export_sheet, patient_of

        image = finish(image_as_loaded_in_steps(self._ct))
        name = pseudonym(patient or patient_of(self._case, folder), self._case)
        table = export_sheet(self.sheet, image, folder, name, overwrite)
        return f"Written to {table}: {self._case} of {name}, regions: {len(self.sheet.judgements)}"

    def _build(self, chosen: Callable[[str, str], None]) -> None:
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Signs"
        layout = qt.QVBoxLayout(self.widget)
        self.head = ReviewHead(self._on_renamed, lambda: None)
        self.head.resume_button.visible = False
        layout.addWidget(self.head.widget)
        self.table = SignTable(chosen, self._judge)
        layout.addWidget(self.table.widget)
        row = qt.QHBoxLayout()
        for text, key, act, help_text in (
            ("Confirm", keys.ACCEPT, self.confirm, "The region shows what is ticked; go to the next one"),
            ("Take back", keys.REJECT, self.take_back, "Say nothing of this region"),
        ):
            button = qt.QPushButton(f"{text} ({key})")
            button.toolTip = f"{help_text}. Key {key}"
            button.clicked.connect(lambda *_, act=act: act())
            row.addWidget(button)
        layout.addLayout(row)
        self.progress = qt.QLabel()
        self.progress.wordWrap = True
        layout.addWidget(self.progress)
        self.export = ExportForm(
            "Export the sheet", self._write, "Confirm or correct at least one region first"
        )
        layout.addWidget(self.export.widget)
