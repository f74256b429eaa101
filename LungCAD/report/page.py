"""Pages made from the templates: HTML text that loads nothing from anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined

from LungCAD.parameters import Parameters, declaration_of
from LungCAD.report.numbers import format_number
from LungCAD.report.record import FILES, file_name


def render_page(template: str, **content: object) -> str:
    """Return the template of this name with what it asks for; texts are escaped."""
    environment = Environment(
        loader=PackageLoader("LungCAD.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["number"] = format_number
    return environment.get_template(template).render(**content)


def parameter_rows(parameters: Parameters) -> list[tuple[str, str, str]]:
    """Return (name, value with unit, help) of every parameter, nested ones with their path.

    Of files there are only names.
    """
    return list(_rows(parameters, ""))


def _rows(parameters: Parameters, prefix: str) -> Iterator[tuple[str, str, str]]:
    for field in dataclasses.fields(parameters):  # type: ignore[arg-type]
        value, declaration = getattr(parameters, field.name), declaration_of(field)
        if isinstance(value, Parameters):
            yield from _rows(value, f"{prefix}{field.name}.")
            continue
        if field.name in FILES:
            value = file_name(value)
        unit = f" {declaration.unit}" if declaration and declaration.unit else ""
        yield f"{prefix}{field.name}", f"{value}{unit}", declaration.help if declaration else ""
