"""Many cases at once: where they are, where the results go, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import ctk
import qt

from LungCAD.panels.job import JobRunner
from LungCAD.worker import JobResult

SERIES = {"Do not use the case": "", "Take the one with the most slices": "largest"}
"""What can be chosen where a case has several series, beside a UID; as `read_ct` takes it."""

MOST_LISTED = 5
"""Cases that were not used, in the panel; a file in the output folder lists all."""


@dataclass(frozen=True)
class Words:
    """What the panel says.

    cases : title of the first path; what : its tool tip. waiting : while a path is missing. button, effect :
    of the button, and its tool tip. summary : a result of the job as rich text.
    series : whether cases may be folders with several DICOM series.
    """

    cases: str
    what: str
    waiting: str
    button: str
    effect: str
    summary: Callable[[JobResult], str]
    series: bool = False


class CaseFolder:
    """Two paths, where wanted the choice of a series, a button and a sentence.

    start : called with where the cases are and the folder for the results.
    runner : while it is busy, nothing can be started.
    """

    def __init__(
        self, layout: qt.QFormLayout, words: Words, start: Callable[[str, str], None], runner: JobRunner
    ) -> None:
        self._words, self._runner = words, runner
        self.problem = ""
        self.source = self._path_row(layout, words.cases, words.what)
        self.output = self._path_row(layout, "Results", "A new folder; a run that was stopped there goes on")
        self._series = self._series_row(layout) if words.series else None
        self.button = qt.QPushButton(words.button)
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
        """Where the cases are and where the results go."""
        return self.source.currentPath.strip(), self.output.currentPath.strip()

    @property
    def series(self) -> str:
        """Which series of a DICOM folder with several: its UID, "largest", or nothing for none of them."""
        if self._series is None:
            return ""
        text = self._series.currentText.strip()
        return SERIES.get(text, text)

    def refresh(self) -> None:
        """Let it be started where everything is there for it; say what is not."""
        reason = self.problem or ("" if all(self.paths) else self._words.waiting)
        self.button.enabled = not (reason or self._runner.is_busy)
        self.button.toolTip = reason or self._words.effect

    def show(self, result: JobResult | None) -> None:
        """Show what came of the job; nothing where None."""
        self.outcome.text = self._words.summary(result) if result else ""
        self.outcome.visible = result is not None

    def close(self) -> None:
        """The panel goes."""
        self._runner.observers.remove(self.refresh)

    def _series_row(self, layout: qt.QFormLayout) -> qt.QComboBox:
        box = qt.QComboBox()
        for title in SERIES:
            box.addItem(title)
        box.editable = True
        box.toolTip = (
            "Of a DICOM folder with several axial CTs. The outcome lists their UIDs; one of them can be "
            "entered here, and the run started again: what was done is kept"
        )
        layout.addRow("Several series", box)
        return box

    def _path_row(self, layout: qt.QFormLayout, title: str, help_text: str) -> ctk.ctkPathLineEdit:
        path = ctk.ctkPathLineEdit()
        path.filters = ctk.ctkPathLineEdit.Dirs
        path.toolTip = help_text
        path.connect("currentPathChanged(QString)", lambda *_: self.refresh())
        layout.addRow(title, path)
        return path


def summary(first: str, failed: Mapping[str, str], last: str, where: str) -> str:
    """Return as rich text: a sentence, what was not used and why, a sentence.

    failed : sentence by case. where : what lists them all.
    """
    problems = list(failed.values())
    lines = [escape(first), *(f"Not used: {escape(problem)}" for problem in problems[:MOST_LISTED])]
    if len(problems) > MOST_LISTED:
        lines.append(f"Not used: {len(problems) - MOST_LISTED} more; {where} lists them.")
    return "<br>".join([*lines, escape(last)])
