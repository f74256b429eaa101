"""One method over many cases: a case that cannot be done never stops the others."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from LungCAD.errors import Cancelled, InputError
from LungCAD.files import write_text

MANIFEST = "manifest.csv"

COLUMNS = ("case", "state", "seconds", "error")
"""Of the manifest."""


class State(str, Enum):
    """What became of a case."""

    WAITING = "waiting"
    DONE = "done"
    KEPT = "kept"
    """Was done before, from the same input with the same parameters."""
    REFUSED = "refused"
    """Its input cannot be used."""
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """A row of the manifest: the case, what became of it, in how many seconds, and why."""

    case: str
    state: State = State.WAITING
    seconds: float = 0.0
    error: str = ""


def run_cases(
    folders: Iterable[Path],
    work: Callable[[Path], State],
    manifest: Path,
    report: Callable[[Outcome], None] = lambda outcome: None,
    tabulate: Callable[[Sequence[Outcome]], None] = lambda outcomes: None,
) -> list[Outcome]:
    """Call `work` on every case's folder and return what became of each.

    `manifest`, a CSV with one row per case, is complete from the start and brought up to date after each
    case; `tabulate` is told all outcomes as often. `work` returns `State.DONE` or `State.KEPT`; `report` is
    told every outcome.

    Raises
    ------
    Cancelled
        From `work`; as any interruption, it leaves the manifest as it stands.
    InputError
        The manifest cannot be written.
    """
    folders = list(folders)
    outcomes = [Outcome(folder.name) for folder in folders]
    _write(manifest, outcomes)
    tabulate(outcomes)
    for index, folder in enumerate(folders):
        started = time.monotonic()
        state, error = _attempt(work, folder)
        outcomes[index] = Outcome(folder.name, state, time.monotonic() - started, error)
        _write(manifest, outcomes)
        tabulate(outcomes)
        report(outcomes[index])
    return outcomes


def _attempt(work: Callable[[Path], State], folder: Path) -> tuple[State, str]:
    try:
        return work(folder), ""
    except InputError as error:
        return State.REFUSED, _one_line(str(error))
    except Cancelled:
        raise
    except MemoryError:
        return State.FAILED, "Not enough memory."
    except Exception as error:  # noqa: BLE001 - whatever it is, the other cases are still to be done
        return State.FAILED, _one_line(f"{type(error).__name__}: {error}")


def _write(manifest: Path, outcomes: list[Outcome]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in outcomes:
        writer.writerow([outcome.case, outcome.state.value, f"{outcome.seconds:.1f}", outcome.error])
    write_text(manifest, text.getvalue(), overwrite=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())
