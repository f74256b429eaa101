"""Numbers that follow a reader's corrections."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import qt

from LungCAD.labels import schema_reference
from LungCAD.panels.job import shared_runner
from LungCAD.panels.summary import shares_line
from LungCAD.worker import JobResult

if TYPE_CHECKING:
    from LungCAD.panels.module_panel import ModulePanel

PAST = "You have corrected labels since: table, plot and shares above are of before."


class Remeasure:
    """Says that labels were corrected since they were measured, and a button that measures them again.

    The panel has a `review`, and its parameter node the members of `ResultNodes`, `lungs`, `summary` and
    `measured`: the digest of the labels that were measured last, empty for those of the result itself.
    """

    def __init__(self, panel: ModulePanel, layout: qt.QVBoxLayout) -> None:
        self._panel = panel
        self.note, self.button = qt.QLabel(PAST), qt.QPushButton("Measure again")
        self.note.wordWrap = True
        self.button.toolTip = "Measure the labels as you have corrected them"
        self.button.clicked.connect(self._start)
        layout.addWidget(self.note)
        layout.addWidget(self.button)
        panel.review.observers.append(self.refresh)
        self.refresh()

    @property
    def wanted(self) -> bool:
        """Whether the labels under review are others than were measured."""
        case, node = self._panel.review.case, self._panel.node
        if case is None or node is None or case.labels.node is not node.labels:
            return False
        if node.measured:
            return case.review.state.masks.digest != node.measured
        return case.review.is_corrected

    def refresh(self) -> None:
        """Show note and button where they are wanted."""
        self.note.visible = self.button.visible = self.wanted
        self.button.enabled = not shared_runner().is_busy

    def _start(self, *_args: object) -> None:
        from LungCAD.mrml.measuring import assessed, measuring_inputs

        self._panel.review.take_edits()
        case, node = self._panel.review.case, self._panel.node
        if case is None:  # its nodes have left the scene
            return
        schema = case.labels.schema
        parameters = {
            "schema": schema_reference(schema),
            "classes": assessed(node.measurements, schema),
        }
        masks = case.review.state.masks

        def show(result: JobResult) -> Generator[float, None, None]:
            from LungCAD.mrml.measuring import measured_in_steps

            if node.labels is not case.labels.node:  # another scan was chosen meanwhile: its numbers stay
                return
            nodes = self._panel.logic.resultNodes(node)
            shown = yield from measured_in_steps(result, masks.labels, case, nodes)
            line = shares_line(result.data["measurements"]["shares"], corrected=True)
            others = node.summary.split("\n")[1:]
            said = {"summary": "\n".join([line, *others]), "measured": masks.digest}
            said["labels_schema"] = node.labels_schema
            self._panel.logic.keepOf(case.labels.volume, node, shown, **said)
            self.refresh()

        nodes = [case.labels.volume, case.labels.node]
        self._panel.run("measure", measuring_inputs(case, node.lungs), parameters, nodes, show)
