"""Many radiographs at once: where they are, where the results go, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ctk
import qt

from LungCAD.panels.job import JobRunner
from LungCAD.worker import JobResult

WAITING = "Choose the films and a folder for the results"

MOST_LISTED = 5
"""Films that were not used, in the panel; the report lists all."""


class FilmFolder:
    """Two paths, a button and a sentence.

    start : called with the films (a folder, or a CSV with a column `image`) and the folder for the results.
    runner : while it is busy, nothing can be started.
    """

    def __init__(self, layout: qt.QFormLayout, start: Callable[[str, str], None], runner: JobRunner) -> None:
        self._runner = runner
        self.problem = ""
        self.source = self._path_row(
            layout, "Films", "A folder of radiographs; or type the name of a CSV with a column image"
        )
        self.output = self._path_row(layout, "Results", "A new folder; a run that was stopped there goes on")
        self.button = qt.QPushButton("Find the lungs on all of them")
        self.button.clicked.connect(lambda *_: start(*self.paths))
        layout.addRow(self.button)
        self.outcome = qt.QLabel()
        self.outcome.wordWrap = True
        self.outcome.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.outcome.visible = False
        layout.addRow(self.outcome)
        runner.observers.append(self.refresh)
        self.refresh()

    @property
    def paths(self) -> tuple[str, str]:
        """Where the films are and where the results go."""
        return self.source.currentPath.strip(), self.output.currentPath.strip()

    def refresh(self) -> None:
        """Let it be started where everything is there for it; say what is not."""
        reason = self.problem or ("" if all(self.paths) else WAITING)
        self.button.enabled = not (reason or self._runner.is_busy)
        self.button.toolTip = reason or "Masks, a table and a contact sheet, the films to look at first"

    def show(self, result: JobResult | None) -> None:
        """Show what came of the job "xray_folder"; nothing where None."""
        self.outcome.text = summary_of(result) if result else ""
        self.outcome.visible = result is not None

    def close(self) -> None:
        """The panel goes."""
        self._runner.observers.remove(self.refresh)

    def _path_row(self, layout: qt.QFormLayout, title: str, help_text: str) -> ctk.ctkPathLineEdit:
        path = ctk.ctkPathLineEdit()
        path.filters = ctk.ctkPathLineEdit.Dirs
        path.toolTip = help_text
        path.connect("currentPathChanged(QString)", lambda *_: self.refresh())
        layout.addRow(title, path)
        return path


def summary_of(result: JobResult) -> str:
    """Return as rich text how many films were used, which were not, and where the report is."""
    data = result.data
    failed = list(data["failed"].values())
    lines = [
        f"{data['films'] - len(failed)} films, {data['flagged']} of them to look at.",
        *(f"Not used: {escape(problem)}" for problem in failed[:MOST_LISTED]),
    ]
    if len(failed) > MOST_LISTED:
        lines.append(f"Not used: {len(failed) - MOST_LISTED} more; the report lists them.")
    lines.append(f"Report: {escape(data['report'])}")
    return "<br>".join(lines)
