"""Command-line options from declared parameters, and the options that many commands share."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any, TypeVar

from LungCAD.errors import InputError
from LungCAD.images import LARGEST
from LungCAD.parallel import MOST_PROCESSES, default_processes
from LungCAD.parameters import Declaration, Parameters, declaration_of, parameters_from_dict
from LungCAD.report.record import FILES

Declared = TypeVar("Declared", bound=Parameters)


def add_parameters(parser: argparse.ArgumentParser, declared: type[Parameters], prefix: str = "") -> None:
    """Add one option per parameter of `declared`; nested parameter sets get their field's name as prefix."""
    group = parser.add_argument_group(f"{prefix or 'method'} parameters".replace("_", " "))
    if declared.presets:
        names = ", ".join(declared.presets)
        help = f"start from a named set of values ({names}); the options below change single ones"
        group.add_argument(f"--{prefix}", choices=tuple(declared.presets), help=help)
    for field in dataclasses.fields(declared):  # type: ignore[arg-type]
        declaration = declaration_of(field)
        if isinstance(field.default, Parameters):
            add_parameters(parser, type(field.default), prefix=field.name)
        elif declaration is not None and not declaration.hidden:
            _add_option(group, field, declaration, prefix)


def _add_option(
    group: argparse._ArgumentGroup, field: dataclasses.Field[Any], declaration: Declaration, prefix: str
) -> None:
    flag = "--" + "-".join(filter(None, [prefix, field.name])).replace("_", "-")
    # What is not given stays absent, so that it can come from a preset.
    common = {
        "dest": _destination(field.name, prefix),
        "default": argparse.SUPPRESS,
        "help": _help(declaration, field.default),
    }
    if isinstance(field.default, bool):
        group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
        return
    unit_or_name = (declaration.unit or field.name).split("_")[-1].upper()
    metavar = None if declaration.choices else unit_or_name
    group.add_argument(
        flag, type=type(field.default), choices=declaration.choices or None, metavar=metavar, **common
    )


def parameters_from(options: argparse.Namespace, default: Declared, prefix: str = "") -> Declared:
    """Return `default` with what the parsed options change; may raise InputError."""
    default = default.presets.get(getattr(options, prefix, None) if prefix else None, default)
    values = {}
    for field in dataclasses.fields(default):  # type: ignore[arg-type]
        value = getattr(default, field.name)
        if isinstance(value, Parameters):
            values[field.name] = parameters_from(options, value, prefix=field.name)
        elif hasattr(options, _destination(field.name, prefix)):
            values[field.name] = getattr(options, _destination(field.name, prefix))
    return dataclasses.replace(default, **values)


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add a file with values of the method's parameters, for `configured`."""
    help = "YAML with values of the method parameters by name; options given beside it win"
    parser.add_argument("--config", type=Path, metavar="FILE", help=help)


def configured(options: argparse.Namespace, default: Declared) -> Declared:
    """Return `default` with what the file of `add_config` changes.

    Raises
    ------
    InputError
        The file cannot be read, is no YAML of names and values, or names or values are not allowed.
    """
    if options.config is None:
        return default
    import yaml  # comes with Lightning

    try:
        values = yaml.safe_load(options.config.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(options.config, f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(options.config, "is no text in UTF-8", "Save it as such") from error
    except yaml.YAMLError as error:
        raise InputError(
            options.config, f"is no YAML: {error}", "Write one `name: value` per line"
        ) from error
    if not isinstance(values, dict):
        raise InputError(options.config, "holds no names with values", "Write one `name: value` per line")
    return parameters_from_dict(type(default), {**default.as_dict(), **values})


PAINTINGS = 12


def add_paint(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add CT to paint what the phantom shows into, and how often."""
    parser.add_argument("--paint", type=Path, nargs="+", default=[], metavar="CT", help=purpose)
    parser.add_argument(
        "--paintings",
        type=at_least_one,
        default=PAINTINGS,
        metavar="N",
        help=f"of every CT of --paint (default: {PAINTINGS})",
    )


def require_unseen(phantoms: int | None, first: int, first_unseen: int) -> None:
    """Refuse more phantoms to learn from than come before those that are scored."""
    if phantoms and first + phantoms > first_unseen:
        problem = f"is {phantoms}: the last are kept to be scored as unseen"
        raise InputError("--phantoms", problem, f"Give at most {first_unseen - first}")


def add_ct(parser: argparse.ArgumentParser) -> None:
    """Add the CT to read and the choice of its series."""
    parser.add_argument("ct", metavar="CT", type=Path, help="NIfTI, NRRD, MHA, DICOM file or folder")
    parser.add_argument(
        "--series", metavar="UID", help="series of a DICOM folder; 'largest' takes the largest axial CT"
    )


def private_roles(options: argparse.Namespace) -> dict[str, str]:
    """Return what `repeatable_command` calls a series and the method's files: they may lead to a patient."""
    series = getattr(options, "series", None)
    roles = {} if series in (None, LARGEST) else {series: "SERIES"}
    named = {name: getattr(options, name, "") for name in FILES}
    return roles | {file: name.upper() for name, file in named.items() if Path(file).suffix}


def add_output(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add -o, --overwrite and --quiet."""
    parser.add_argument("-o", "--output", type=Path, required=required, metavar="OUT", help="output folder")
    parser.add_argument("--overwrite", action="store_true", help="replace results that exist already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no closing words")


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Add --debug, which every command has, to a sub-command: it may come after its name as well."""
    help = "show the traceback of a failure"
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=help)


def at_least_one(text: str) -> int:
    """Read the value of an option that counts."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{value} is none: give at least 1")
    return value


def none_or_more(text: str) -> int:
    """Read the value of an option that counts what may be left out."""
    if (value := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative: give 0 or more")
    return value


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add --workers: how many processes make synthetic scans at once."""
    parser.add_argument(
        "--workers",
        type=int,
        default=default_processes(),
        metavar="N",
        help=f"processes that make synthetic scans (default: one per core, {MOST_PROCESSES} at most)",
    )


def _help(declaration: Declaration, default: object) -> str:
    unit = f" {declaration.unit}" if declaration.unit else ""
    # Of an empty default the help says what it means.
    known = f"default: {default}{unit}" if default != "" else ""
    remarks = "; ".join(filter(None, (known, declaration.source)))
    return (f"{declaration.help} ({remarks})" if remarks else declaration.help).replace("%", "%%")


def _destination(name: str, prefix: str) -> str:
    return f"{prefix}__{name}" if prefix else name
