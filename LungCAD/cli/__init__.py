"""The lungcad command, one file per sub-command."""

from LungCAD.cli.main import main

__all__ = ["main"]
