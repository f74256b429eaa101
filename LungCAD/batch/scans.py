"""One method over a folder of scans in which nothing has to be drawn, and a table with a row per scan."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from LungCAD.batch.cases import Case
from LungCAD.batch.folder import MANIFEST, run_folder
from LungCAD.batch.run import Outcome, State
from LungCAD.errors import Cancelled, InputError
from LungCAD.files import atomic_folder, write_text
from LungCAD.images import Scan, read_ct
from LungCAD.parameters import Parameters
from LungCAD.progress import Progress, silent

SCANS = "scans.csv"

PICTURES = ("heatmap_*.nii.gz", "projections/*.png")
"""Only of what was found, and where wanted: those of an earlier run must not lie beside another report."""


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
    row : as `tabulating` takes it; where None, the manifest is the table.
    """

    def perform(case: Case, target: Path, progress: Progress) -> None:
        with atomic_folder(target, overwrite=True, stale=PICTURES) as unfinished:
            examine(case, unfinished, progress)

    with tabulating(output, row):
        outcomes = run_folder(
            source,
            output,
            parameters,
            weights,
            perform,
            overwrite=overwrite,
            series=series,
            progress=progress,
        )
    failed = {outcome.case: outcome.error for outcome in outcomes if outcome.error}
    return ScansRun(len(outcomes), failed, output / (SCANS if row else MANIFEST))


def read_scan(case: Case, series: str | None) -> Scan:
    """Return the CT of a case; series : as `read_ct` takes it, of those that are DICOM folders."""
    return read_ct(case.ct, series if case.ct.is_dir() else None)


def _row(row: Callable[[Path], Mapping[str, object]], folder: Path) -> Mapping[str, object]:
    try:
        return row(folder)
    except FileNotFoundError as error:
        problem = f"has lost {Path(error.filename).name}"
        raise InputError(folder, problem, "Remove the folder: the same command makes it anew") from error


@contextmanager
def tabulating(output: Path, row: Callable[[Path], Mapping[str, object]] | None) -> Iterator[None]:
    """Write `SCANS` after a run, also one that was stopped: a row per scan of the manifest in `output`.

    Columns: scan, state, those that `row` gives of a scan's folder, error. What a scan lacks is empty. No
    table where `row` is None.

    Raises
    ------
    InputError
        A scan's folder lacks one of its files.
    """
    try:
        yield
    except (KeyboardInterrupt, Cancelled):
        if row and (output / MANIFEST).is_file():
            _tabulate(output, row)
        raise
    if row:
        _tabulate(output, row)


def _tabulate(output: Path, row: Callable[[Path], Mapping[str, object]]) -> None:
    with (output / MANIFEST).open(newline="", encoding="utf-8") as file:
        outcomes = [
            Outcome(line["case"], State(line["state"]), float(line["seconds"]), line["error"])
            for line in csv.DictReader(file)
        ]
    ready = [outcome for outcome in outcomes if outcome.state in (State.DONE, State.KEPT)]
    rows = {outcome.case: _row(row, output / outcome.case) for outcome in ready}
    columns = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scan", "state", *columns, "error"])
    for outcome in outcomes:
        cells = rows.get(outcome.case, {})
        said = [cells.get(name, "") for name in columns]
        writer.writerow([outcome.case, outcome.state.value, *said, outcome.error])
    write_text(output / SCANS, text.getvalue(), overwrite=True)
