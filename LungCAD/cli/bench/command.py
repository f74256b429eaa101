"""`lungcad bench`: one benchmark by name, or all of them one after the other."""

from __future__ import annotations

import argparse
import importlib

from LungCAD.cli.bench.numbers import require_json
from LungCAD.cli.options import add_debug

SUBJECTS = {
    "crf": "speed and error of the dense CRF against pydensecrf",
    "lungs": "time and memory of the lung field on a full-size CT",
    "few-shot": "tissue learned from a few real patches against histograms with nearest neighbour",
    "patches": "real emphysema patches: what simple methods reach in the folds of lungcad train patches",
    "propagation": "label propagation on phantoms against simple baselines and its own upper bound",
    "ild": "interstitial lung disease on a whole CT: our form of LungNet against the plain module",
    "ild-scores": "interstitial lung disease: accuracy on phantoms, false alarms in normal lung",
    "detection": "disease slice by slice: speed against patches, Fisher vectors, quality on phantoms",
    "cpa": "signs of aspergillosis: told, placed, against simple guesses; projections against SciPy",
    "xray": "lungs on radiographs: films per second and memory against the plain network, film by film",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare one sub-command per benchmark, with the options of its own file."""
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT")
    for name, summary in SUBJECTS.items():
        subject = subjects.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module = _module(name)
        module.add_arguments(subject)
        add_debug(subject)
        subject.set_defaults(benchmark=module.run)


def run(options: argparse.Namespace) -> int:
    """Run the chosen benchmark; without a choice all of them with their defaults."""
    if options.subject:
        require_json(options)
        return options.benchmark(options)
    worst = 0
    for name, summary in SUBJECTS.items():
        print(f"\n== {name}: {summary}\n", flush=True)
        parser = argparse.ArgumentParser()
        module = _module(name)
        module.add_arguments(parser)
        worst = max(worst, module.run(parser.parse_args([])))
    return worst


def _module(name: str) -> object:
    return importlib.import_module(f"LungCAD.cli.bench.{name.replace('-', '_')}")
