"""`lungcad train`: training behind one command, one file per subject."""

from LungCAD.cli.train.command import add_arguments, run

__all__ = ["add_arguments", "run"]
