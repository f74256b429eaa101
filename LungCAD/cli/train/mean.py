"""`lungcad train mean`: the mean of the weights of networks that went on from the same one."""

from __future__ import annotations

import argparse
from pathlib import Path

from LungCAD.cli.options import add_output
from LungCAD.files import atomic_folder
from LungCAD.report.record import repeatable_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "networks", type=Path, nargs="+", metavar="NETWORK", help="weights file, or shipped name"
    )
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Read, average, write."""
    from LungCAD.train.mean import write_mean
    from LungCAD.weights.shipped import weights_file

    roles = {str(path): "NETWORK" for path in options.networks} | {str(options.output): "OUTPUT"}
    command = repeatable_command(["lungcad", *options.words], roles)
    paths = [weights_file(str(network)) for network in options.networks]
    with atomic_folder(options.output, options.overwrite) as folder:
        write_mean(folder, paths, command)
    if not options.quiet:
        print(f"Network: {options.output / 'network.safetensors'}")
    return 0
