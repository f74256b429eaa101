"""One method over a folder of scans in which nothing has to be drawn, and a table with a row per scan."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from LungCAD.batch.cases import Case
from LungCAD.batch.folder import run_folder
from LungCAD.batch.run import MANIFEST, Outcome, State
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, write_text
from LungCAD.images import Scan, read_ct
from LungCAD.parameters import Parameters
from LungCAD.progress import Progress, silent

SCANS = "scans.csv"

PICTURES = ("heatmap_*.nii.gz", "projections/*.png")
"""Only of what was found, and where wanted: those of an earlier run must not lie beside another report."""


class ScanTable:
    """`SCANS` in a folder of results: a row per scan, written anew whenever one is done.

    Columns: scan, state, those that `row` gives of a scan's folder, error. What a scan lacks is empty. No
    table where `row` is None.
    """

    def __init__(self, output: Path, row: Callable[[Path], Mapping[str, object]] | None) -> None:
        self._output, self._row = output, row
        self._rows: dict[str, Mapping[str, object]] = {}
        self._problem: InputError | None = None

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write what these say; a scan's folder is read once."""
        if self._row is None:
            return
        for outcome in outcomes:
            if outcome.state in (State.DONE, State.KEPT) and outcome.case not in self._rows:
                self._rows[outcome.case] = self._read(self._output / outcome.case)
        columns = list(dict.fromkeys(name for cells in self._rows.values() for name in cells))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["scan", "state", *columns, "error"])
        for outcome in outcomes:
            cells = self._rows.get(outcome.case, {})
            said = [cells.get(name, "") for name in columns]
            writer.writerow([outcome.case, outcome.state.value, *said, outcome.error])
        write_text(self._output / SCANS, text.getvalue(), overwrite=True)

    def require_whole(self) -> None:
        """Raise InputError where the folder of a scan that was done lacks one of its files."""
        if self._problem is not None:
            raise self._problem

    def _read(self, folder: Path) -> Mapping[str, object]:
        try:
            return self._row(folder)
        except FileNotFoundError as error:  # said in the end: the other scans are still to be done
            problem = f"has lost {Path(error.filename).name}"
            self._problem = InputError(folder, problem, "Remove the folder: the next run makes it anew")
            return {}


@dataclass(frozen=True)
class ScansRun:
    """What came of a folder of scans. failed : those not used, and why. table : a row per scan."""

    scans: int
    failed: dict[str, str]
    table: Path


def run_scans(
    source: Path,
    output: Path,
    parameters: Parameters,
    weights: Mapping[str, Path],
    examine: Callable[[Case, Path, Progress], None],
    row: Callable[[Path], Mapping[str, object]] | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    series: str | None = None,
) -> ScansRun:
    """Examine the scan of every sub-folder of `source`; otherwise as `run_folder`.

    Parameters
    ----------
    examine : called as ``examine(case, folder, progress)``; reads the case and writes to the empty folder.
    row : as `ScanTable` takes it; where None, the manifest is the table.
    """

    def perform(case: Case, target: Path, progress: Progress) -> None:
        with atomic_folder(target, overwrite=True, stale=PICTURES) as unfinished:
            examine(case, unfinished, progress)

    table = ScanTable(output, row)
    outcomes = run_folder(
        source,
        output,
        parameters,
        weights,
        perform,
        overwrite=overwrite,
        series=series,
        progress=progress,
        tabulate=table.write,
    )
    table.require_whole()
    failed = {outcome.case: outcome.error for outcome in outcomes if outcome.error}
    return ScansRun(len(outcomes), failed, output / (SCANS if row else MANIFEST))


def read_scan(case: Case, series: str | None) -> Scan:
    """Return the CT of a case; series : as `read_ct` takes it, of those that are DICOM folders."""
    return read_ct(case.ct, series if case.ct.is_dir() else None)
