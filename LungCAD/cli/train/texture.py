"""`lungcad train texture`: from phantoms to the network that describes texture, with its model card."""

from __future__ import annotations

import argparse

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, add_workers, parameters_from
from LungCAD.files import atomic_folder
from LungCAD.report.record import repeatable_command
from LungCAD.train.extra import require_training_packages
from LungCAD.train.texture.parameters import TextureTrainingParameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    add_workers(parser)
    add_parameters(parser, TextureTrainingParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Train and write; the output folder appears when everything in it is complete."""
    require_training_packages()
    from LungCAD.train.texture.outcome import write_outcome
    from LungCAD.train.texture.training import train_texture

    parameters = parameters_from(options, TextureTrainingParameters())
    command = repeatable_command(["lungcad", *options.words], {str(options.output): "OUTPUT"})
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        training = train_texture(parameters, progress, options.workers)
        write_outcome(folder, training, parameters, command)
    if not options.quiet:
        print(f"Balanced accuracy on phantoms not seen: {training.accuracy:.3f} ± {training.spread:.3f}")
        print(f"Network: {options.output / 'texture.safetensors'}")
    return 0
