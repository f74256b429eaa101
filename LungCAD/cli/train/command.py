"""`lungcad train SUBJECT`."""

from __future__ import annotations

import argparse
import importlib

from LungCAD.cli.options import add_debug
from LungCAD.files import refuse_results

SUBJECTS = {
    "patches": "a patch network, cross-validated by patient, for lungcad propagate --network",
    "xray": "a network that finds the lungs on radiographs, cross-validated by patient",
    "ild": "a network that segments interstitial lung disease, cross-validated by patient",
    "detection": "a network that tells which diseases an axial slice shows, cross-validated by patient",
    "detection-tables": "detection networks of every kind that the paper compares, on phantoms",
    "cpa": "networks that tell signs of aspergillosis on projections of a CT",
    "cpa-calibration": "what 0.5 means to networks for aspergillosis, fitted to scans new to them",
    "ild-ablation": "all rows of LungNet's tables on phantoms, beside the paper's numbers",
    "mean": "one network from several that went on from the same one: the mean of their weights",
    "texture": "the network that describes texture for few drawn regions, on phantoms",
    "crf": "the dense CRF's parameters, on phantoms that a simulated reader drew on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare one sub-command per subject, with the options of its own file."""
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    for name, summary in SUBJECTS.items():
        subject = subjects.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module = importlib.import_module(f"LungCAD.cli.train.{name.replace('-', '_')}")
        module.add_arguments(subject)
        add_debug(subject)
        subject.set_defaults(subject=module.run)


def run(options: argparse.Namespace) -> int:
    """Run the chosen training."""
    if options.output is not None:
        refuse_results(options.output)
    return options.subject(options)
