"""`lungcad batch`: one method over a folder of cases, going on where an earlier run was broken off."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from LungCAD.batch import cases, cpa, detection
from LungCAD.batch.cases import Case
from LungCAD.batch.folder import run_folder
from LungCAD.batch.run import Outcome, State
from LungCAD.batch.scans import ScanTable
from LungCAD.cli import cpa as cpa_command
from LungCAD.cli import detect, ild, propagate
from LungCAD.cli.network_input import WEIGHTS, require_network, weights_used
from LungCAD.cli.options import add_debug, parameters_from
from LungCAD.devices import choose_device
from LungCAD.labels import available_schemas, load_schema, schema_data
from LungCAD.parameters import Parameters
from LungCAD.progress import Progress
from LungCAD.tasks.cpa import CpaParameters, find_networks, network_files
from LungCAD.tasks.ild_detection import IldDetectionParameters
from LungCAD.tasks.ild_segmentation import IldSegmentationParameters
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.weights.checksum import sha256_of_file
from LungCAD.weights.shipped import weights_by_role


@dataclass(frozen=True)
class Method:
    """What can be done with every case.

    command : its sub-command, with `add_method`, `add_arguments` and `run`. summary : for the help.
    defaults : its parameters. weights : files of the networks that have a say, by their role in the cases'
    records; raises InputError for what is the fault of the command, not of every case. images : of a case,
    besides the CT, that it has options of the same name for. drawn : whether it needs drawn regions. row : of
    the table of all scans, as `ScanTable` takes it.
    """

    command: ModuleType
    summary: str
    defaults: Parameters
    weights: Callable[[argparse.Namespace, Any], Mapping[str, Path]]
    images: tuple[str, ...] = ()
    drawn: bool = False
    row: Callable[[Path], Mapping[str, object]] | None = None


def _weights_of_propagation(
    options: argparse.Namespace, parameters: LabelPropagationParameters
) -> dict[str, Path]:
    load_schema(parameters.schema)  # or every case would fail for want of it
    require_network(options.network, parameters)
    return weights_used(options.network, parameters)


METHODS = {
    "propagate": Method(
        propagate,
        "spread drawn regions over the lungs",
        LabelPropagationParameters(),
        _weights_of_propagation,
        images=("rois", "lungs", "truth"),
        drawn=True,
    ),
    "ild": Method(
        ild,
        "label patterns of interstitial lung disease",
        IldSegmentationParameters(),
        lambda _, chosen: weights_by_role(chosen.weights),
        images=("lungs",),
    ),
    "detect": Method(
        detect,
        "tell which slices show interstitial lung disease; scans.csv has a row per scan",
        IldDetectionParameters(),
        lambda _, chosen: weights_by_role(chosen.weights),
        row=detection.scan_row,
    ),
    "cpa": Method(
        cpa_command,
        "find signs of chronic pulmonary aspergillosis; scans.csv has a row per scan",
        CpaParameters(),
        lambda _, chosen: network_files(find_networks(chosen.weights)),
        row=cpa.scan_row,
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare a sub-command per method: options of the batch, and the method's that hold for all cases."""
    parser.set_defaults(resumable=True)
    methods = parser.add_subparsers(dest="method", metavar="METHOD", required=True)
    for name, method in METHODS.items():
        of_method = methods.add_parser(name, help=method.summary)
        _add_own(of_method)
        method.command.add_method(of_method)
        of_method.epilog = (
            f"{cases.__doc__}\nExit codes: 0 all done, 1 a case failed, 2 the input of a case is bad."
        )
        of_method.formatter_class = argparse.RawDescriptionHelpFormatter


def run(options: argparse.Namespace) -> int:
    """Write one folder per case and manifest.csv with a row per case."""
    method = METHODS[options.method]
    parameters = parameters_from(options, method.defaults)
    choose_device(parameters.device)
    weights = method.weights(options, parameters)
    choices = _choices(options, parameters)
    method_words = _without_own(options.words[1:])

    def perform(case: Case, target: Path, _: Progress) -> None:
        _perform(options.method, case, target, options.series, method_words)

    def report(outcome: Outcome) -> None:
        if not options.quiet:
            after = f" in {outcome.seconds:.0f} s" if outcome.state is State.DONE else ""
            print(f"{outcome.case}: {outcome.error or outcome.state.value}{after}", flush=True)

    table = ScanTable(options.output, method.row)
    outcomes = run_folder(
        options.input,
        options.output,
        parameters,
        weights,
        perform,
        drawn=method.drawn,
        choices=choices,
        overwrite=options.overwrite,
        series=options.series,
        report=report,
        tabulate=table.write,
    )
    table.require_whole()
    states = {outcome.state for outcome in outcomes}
    return 1 if State.FAILED in states else 2 if State.REFUSED in states else 0


def _choices(options: argparse.Namespace, parameters: Parameters) -> str:
    """Return what decides the results of every case besides the method's parameters and weights.

    Of files named there, records have no more than the name; raises InputError where one cannot be read.
    """
    chosen = {name: v for name, v in vars(options).items() if name.startswith("network__") and v is not None}
    network, schema = getattr(options, "network", None), getattr(parameters, "schema", None)
    if network is not None and network.suffix != WEIGHTS:
        chosen["probabilities"] = sha256_of_file(network)
    if schema is not None and schema not in available_schemas():
        chosen["schema"] = schema_data(load_schema(schema))
    return json.dumps(chosen, sort_keys=True) if chosen else ""


def _add_own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", type=Path, required=True, metavar="DIR", help="one folder per case")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="for the results")
    parser.add_argument("--series", metavar="UID", help="of DICOM folders with several; 'largest' takes that")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace results of other parameters, other weights, other input or another series",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing; manifest.csv tells it all")
    add_debug(parser)


def _without_own(words: list[str]) -> list[str]:
    """Return the words that are the method's own."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("method")
    _add_own(own)
    return own.parse_known_args(words)[1]


def _perform(name: str, case: Case, target: Path, series: str | None, method_words: list[str]) -> None:
    method = METHODS[name]
    paths = {image: getattr(case, image) for image in method.images}
    # From the root on, for the name of a folder may begin as an option does.
    words = [str(case.ct.absolute())]
    for option, path in paths.items():
        words += [f"--{option}", str(path.absolute())] if path else []
    words += ["--series", series] if series and case.ct.is_dir() else []
    words += ["-o", str(target.absolute()), "--overwrite", "--quiet", *method_words]
    command = method.command
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = parser.parse_args(words)
    options.words = [name, *words]
    command.run(options)
