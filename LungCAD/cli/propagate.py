"""`lungcad propagate`: label the whole lung from a CT and a few drawn regions."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import SimpleITK as sitk

from LungCAD.cli.agreement import compare, require_comparable
from LungCAD.cli.case_output import write_case
from LungCAD.cli.console import progress_bar
from LungCAD.cli.network_input import add_network, network_input, weights_used
from LungCAD.cli.options import add_ct, add_output, add_parameters, parameters_from, private_roles
from LungCAD.files import atomic_folder, refuse_inputs, refuse_results
from LungCAD.images import Scan, read_ct, read_labels, read_txt_rois
from LungCAD.labels import Schema, load_schema
from LungCAD.progress import part
from LungCAD.report.record import repeatable_command
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks import label_propagation
from LungCAD.tasks.label_propagation import LabelPropagationInputs, LabelPropagationParameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    add_ct(parser)
    parser.add_argument(
        "--rois",
        metavar="ROIS",
        type=Path,
        required=True,
        help="drawn regions: a label map, a .seg.nrrd, or text contours of the Geneva database (.txt)",
    )
    parser.add_argument(
        "--lungs", type=Path, help="lung mask (1 right, 2 left); segmented where none is given"
    )
    parser.add_argument(
        "--truth", type=Path, help="a complete segmentation to compare with: adds accuracy to the report"
    )
    add_method(parser)
    add_output(parser)


def add_method(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for any number of cases."""
    add_network(parser)
    add_parameters(parser, LabelPropagationParameters)


def run(options: argparse.Namespace) -> int:
    """Read, propagate and write; the output folder appears when everything in it is complete."""
    words = perform(options)
    if not options.quiet:
        print("\n".join(words))
        print(f"Report: {options.output / 'report.html'}")
    return 0


def perform(options: argparse.Namespace) -> list[str]:
    """Do what `run` does, but return the closing words, line by line."""
    parameters = parameters_from(options, LabelPropagationParameters())
    schema = load_schema(parameters.schema)
    refuse_results(options.output, but_of="propagate")
    refuse_inputs(options.output, (options.rois, options.lungs, options.truth, options.network))
    stopwatch = Stopwatch()
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        progress(0.0, "Reading")
        scan = read_ct(options.ct, options.series)
        rois = _read_rois(options, schema, scan)
        lungs = read_labels(options.lungs, load_schema("lungs"), scan.image) if options.lungs else None
        network = network_input(options, parameters, schema, scan.image, lungs, part(progress, 0.05, 0.3))
        inputs = LabelPropagationInputs(
            ct=scan.image,
            rois=rois,
            lungs=network.lungs,
            network_probabilities=network.probabilities,
            facts=scan.facts,
        )
        truth = read_labels(options.truth, schema, scan.image) if options.truth else None
        if truth is not None:
            require_comparable(truth, rois)
        stopwatch.lap("reading")
        start = 0.3 if options.network else 0.05
        result = label_propagation.run(inputs, parameters, part(progress, start, 0.9))
        result = dataclasses.replace(result, warnings=(*network.cautions, *result.warnings))
        stopwatch.lap("propagating")
        progress(0.9, "Writing")
        agreement = compare(truth, inputs.rois, result, schema) if truth else None
        write_case(
            folder,
            scan,
            inputs,
            result,
            parameters,
            schema,
            _command(options),
            weights_used(options.network, parameters),
            stopwatch,
            agreement,
        )
        progress(1.0, "Done")
    words = [f"Warning: {warning}" for warning in (*scan.warnings, *result.warnings)]
    words.append(f"{result.expansion_factor:.0f} voxels labelled for each drawn one.")
    if agreement:
        words.append(f"Balanced accuracy of what was not drawn: {agreement.balanced_accuracy:.3f}")
    return words


def _read_rois(options: argparse.Namespace, schema: Schema, scan: Scan) -> sitk.Image:
    path = options.rois
    if path.suffix.lower() == ".txt" or path.is_dir():
        return read_txt_rois(path, scan.image, schema, options.ct, scan.facts.series_uid)
    return read_labels(path, schema, scan.image)


def _command(options: argparse.Namespace) -> str:
    names = ("ct", "rois", "lungs", "network", "truth", "output")
    roles = {str(getattr(options, name)): name.upper() for name in names}
    return repeatable_command(["lungcad", *options.words], roles | private_roles(options))
