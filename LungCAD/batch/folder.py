"""One method over a folder of cases, into a folder per case; goes on where it was broken off."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from LungCAD.batch.cases import Case, case_folders, read_case
from LungCAD.batch.input_state import input_state, is_current, is_of_series, note_input
from LungCAD.batch.run import MANIFEST, Outcome, State, run_cases
from LungCAD.errors import InputError
from LungCAD.files import make_folder, remove_unfinished, sole_use
from LungCAD.parameters import Parameters
from LungCAD.progress import Progress, part, silent
from LungCAD.report.record import made_with

Perform = Callable[[Case, Path, Progress], None]
"""Called as ``perform(case, target, progress)``; makes the folder `target` whole or not at all."""


def run_folder(
    source: Path,
    output: Path,
    parameters: Parameters,
    weights: Mapping[str, Path],
    perform: Perform,
    *,
    drawn: bool = False,
    choices: str = "",
    overwrite: bool = False,
    series: str | None = None,
    progress: Progress = silent,
    report: Callable[[Outcome], None] = lambda outcome: None,
    tabulate: Callable[[Sequence[Outcome]], None] = lambda outcomes: None,
) -> list[Outcome]:
    """Perform on every case of `source` (`LungCAD.batch.cases`), and return what became of each.

    `output` gets a folder per case and `MANIFEST`. Cases that were done before from the same files with the
    same parameters and weights are kept: the same by what is in them, whatever their time of change.

    Parameters
    ----------
    weights : files of the networks that have a say, by their role in the records of the cases.
    drawn : whether the method needs drawn regions. choices : what else decides the results of all cases.
    overwrite : replace results of other parameters, weights, choices or input, or of another series. series :
    that `perform` reads of DICOM folders with several, as `read_ct` takes it. report : told every outcome.
    tabulate : told all of them, as the manifest has them, whenever that is written.

    Raises
    ------
    InputError
        `source` holds no folders or is `output`, `output` cannot be written, or another run writes to it.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    folders = case_folders(source, output)
    method = json.loads(json.dumps(made_with(parameters, weights)))
    make_folder(output)
    place = {folder: number for number, folder in enumerate(folders)}

    def work(folder: Path) -> State:
        case, target = read_case(folder, drawn), output / folder.name
        if is_current(target, case, method, choices) and is_of_series(target, case, series):
            return State.KEPT
        if target.exists() and not overwrite:
            problem = "holds results of other parameters, other weights, other input or another series"
            remedy = "Choose another folder for the results, or remove these (lungcad batch has --overwrite)"
            raise InputError(target, problem, remedy)
        state = input_state(case, choices)  # before it is read: what changes meanwhile counts as changed
        perform(
            case, target, part(progress, place[folder] / len(folders), (place[folder] + 1) / len(folders))
        )
        note_input(target, state)
        return State.DONE

    with sole_use(output):
        remove_unfinished(output)
        return run_cases(folders, work, output / MANIFEST, report, tabulate)
