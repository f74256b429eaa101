"""Benchmarks behind `lungcad bench`, one file per subject."""

from LungCAD.cli.bench.command import add_arguments, run

__all__ = ["add_arguments", "run"]
