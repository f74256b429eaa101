"""Command-line options from declared parameters, and the options that many commands share."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TypeVar

from LungCAD.parameters import Declaration, Parameters, declaration_of

Declared = TypeVar("Declared", bound=Parameters)


def add_parameters(parser: argparse.ArgumentParser, declared: type[Parameters], prefix: str = "") -> None:
    """Add one option per parameter of `declared`; nested parameter sets get their field's name as prefix."""
    group = parser.add_argument_group(f"{prefix or 'method'} parameters".replace("-", " "))
    for field in dataclasses.fields(declared):  # type: ignore[arg-type]
        if isinstance(field.default, Parameters):
            add_parameters(parser, type(field.default), prefix=field.name)
            continue
        declaration = declaration_of(field)
        if declaration is None:
            continue
        flag = "--" + "-".join(filter(None, [prefix, field.name])).replace("_", "-")
        text = _help(declaration, field.default)
        destination = _destination(field.name, prefix)
        if isinstance(field.default, bool):
            group.add_argument(
                flag,
                dest=destination,
                action=argparse.BooleanOptionalAction,
                default=field.default,
                help=text,
            )
        else:
            group.add_argument(
                flag,
                dest=destination,
                type=type(field.default),
                default=field.default,
                choices=declaration.choices or None,
                metavar=None if declaration.choices else (declaration.unit or field.name).split()[0].upper(),
                help=text,
            )


def parameters_from(options: argparse.Namespace, declared: type[Declared], prefix: str = "") -> Declared:
    """Build the parameter object from parsed options; raises InputError as the parameters' own check does."""
    values = {}
    for field in dataclasses.fields(declared):  # type: ignore[arg-type]
        if isinstance(field.default, Parameters):
            values[field.name] = parameters_from(options, type(field.default), prefix=field.name)
        elif declaration_of(field) is not None:
            values[field.name] = getattr(options, _destination(field.name, prefix))
    return declared(**values)


def add_ct(parser: argparse.ArgumentParser) -> None:
    """Add the CT to read and the choice of its series."""
    parser.add_argument("ct", metavar="CT", type=Path, help="NIfTI, NRRD, MHA, DICOM file or folder")
    parser.add_argument(
        "--series", metavar="UID", help="series of a DICOM folder; 'largest' takes the largest axial CT"
    )


def add_output(parser: argparse.ArgumentParser, what: str = "output folder") -> None:
    """Add -o, --overwrite and --quiet."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=what)
    parser.add_argument("--overwrite", action="store_true", help="replace results that exist already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no closing words")


def _help(declaration: Declaration, default: object) -> str:
    unit = f" {declaration.unit}" if declaration.unit else ""
    source = f"; {declaration.source}" if declaration.source else ""
    return f"{declaration.help} (default: {default}{unit}{source})".replace("%", "%%")


def _destination(name: str, prefix: str) -> str:
    return f"{prefix}__{name}" if prefix else name
