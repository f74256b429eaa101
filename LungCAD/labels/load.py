"""Schemas are JSON: the shipped ones by name, a user's own by path or as text."""

from __future__ import annotations

import dataclasses
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from LungCAD.errors import InputError
from LungCAD.labels.schema import Code, Label, Schema, Terminology

CODE = re.compile(r"[a-z][a-z0-9_]*")
LARGEST_VALUE = 254
"""Label maps are uint8, and 255 is what shipped schemas use as the value to ignore."""


def available_schemas() -> list[str]:
    """Return the names of the shipped schemas."""
    folder = files("LungCAD.labels") / "schemas"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".json"))


def load_schema(name_or_path: str | Path) -> Schema:
    """Return the shipped schema of this name, or the one in this JSON file, or in this text of it.

    Raises
    ------
    InputError
        No such schema or file, or the file is no valid schema; the error names the entry at fault.
    """
    if str(name_or_path) in available_schemas():
        text = (files("LungCAD.labels") / "schemas" / f"{name_or_path}.json").read_text(encoding="utf-8")
    elif str(name_or_path).startswith("{"):
        text, name_or_path = str(name_or_path), "schema"
    else:
        text = _read(Path(name_or_path))
    try:
        return parse_schema(json.loads(text), name_or_path)
    except json.JSONDecodeError as error:
        raise InputError(name_or_path, f"is no valid JSON (line {error.lineno}: {error.msg})") from error


def parse_schema(data: object, source: object) -> Schema:
    """Return the schema that JSON data describe; the error names `source`.

    Raises
    ------
    InputError
        The data are no valid schema; the error names the entry at fault.
    """
    try:
        return _schema(data)
    except _Invalid as error:
        remedy = "Take a shipped schema, such as LungCAD/labels/schemas/gao5.json, as the pattern"
        raise InputError(source, f"is no valid label schema: {error}", remedy) from error


def schema_reference(schema: Schema) -> str:
    """Return what `load_schema` finds this schema by anywhere: a shipped one's name, or the JSON text."""
    if schema.name in available_schemas() and load_schema(schema.name) == schema:
        return schema.name
    return json.dumps(schema_data(schema))


def schema_data(schema: Schema) -> dict[str, object]:
    """Return the schema as JSON data that `parse_schema` reads."""
    return _without_none(dataclasses.asdict(schema))


def _without_none(data: object) -> Any:  # noqa: ANN401 - JSON data
    if isinstance(data, dict):
        return {key: _without_none(value) for key, value in data.items() if value is not None}
    return [_without_none(item) for item in data] if isinstance(data, list | tuple) else data


class _Invalid(Exception):
    """What is wrong with a schema, and where."""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(path, "is no label schema (not a text file)") from error
    except OSError as error:
        shipped = ", ".join(available_schemas())
        raise InputError(
            path,
            f"is neither a shipped label schema nor a readable file ({error.strerror})",
            f"Give the path of a JSON file or one of {shipped}",
        ) from error


def _schema(data: object) -> Schema:
    entry = _fields(data, "the schema", {"name", "title", "labels"}, {"source", "ignore_value"})
    if not isinstance(entry["labels"], list) or not entry["labels"]:
        raise _Invalid('"labels" must be a list of at least one label')
    labels = [_label(item, position) for position, item in enumerate(entry["labels"], 1)]
    _refuse_repeats("value", [label.value for label in labels])
    _refuse_repeats("code", [label.code for label in labels])
    _refuse_repeats("name or code", [word for label in labels for word in label.words])
    _refuse_repeats("terminology", [label.terminology.identity for label in labels if label.terminology])
    ignore = entry.get("ignore_value")
    if ignore is not None:
        _whole(ignore, "ignore_value", 1, 255)
        if ignore in {label.value for label in labels}:
            raise _Invalid(f"ignore_value {ignore} is also the value of a label")
    ascending = tuple(sorted(labels, key=lambda label: label.value))
    return Schema(_text(entry["name"], "name"), _text(entry["title"], "title"), ascending, ignore)


def _label(data: object, position: int) -> Label:
    where = f"label {position}"
    entry = _fields(data, where, {"value", "code", "name", "color"}, {"terminology"})
    value = _whole(entry["value"], f"value of {where}", 1, LARGEST_VALUE)
    code = _text(entry["code"], f"code of {where}")
    if not CODE.fullmatch(code):
        raise _Invalid(f'code "{code}" of {where} must be lower-case letters, digits and underscores')
    color = entry["color"]
    if not isinstance(color, list) or len(color) != 3:
        raise _Invalid(f"color of {where} must be three numbers, red, green and blue")
    red, green, blue = (_whole(channel, f"color of {where}", 0, 255) for channel in color)
    terminology = entry.get("terminology")
    return Label(
        value,
        code,
        _text(entry["name"], f"name of {where}"),
        (red, green, blue),
        None if terminology is None else _terminology(terminology, where),
    )


def _terminology(data: object, where: str) -> Terminology:
    entry = _fields(data, f"terminology of {where}", {"category", "type"}, {"modifier"})
    codes = {key: _code(item, f"{key} of {where}") for key, item in entry.items()}
    return Terminology(codes["category"], codes["type"], codes.get("modifier"))


def _code(data: object, where: str) -> Code:
    entry = _fields(data, where, {"scheme", "value", "meaning"}, set())
    code = Code(*(_text(entry[key], f"{key} in {where}") for key in ("scheme", "value", "meaning")))
    if any(mark in text for text in (code.scheme, code.value, code.meaning) for mark in "^~|"):
        raise _Invalid(f"{where} must not contain ^, ~ or |, which separate codes in files")
    return code


def _fields(data: object, where: str, required: set[str], optional: set[str]) -> dict[str, object]:
    if not isinstance(data, dict):
        raise _Invalid(f"{where} must be an object in braces")
    if missing := sorted(required - data.keys()):
        raise _Invalid(f"{where} lacks {', '.join(missing)}")
    if unknown := sorted(data.keys() - required - optional):
        raise _Invalid(f"{where} has unknown {', '.join(unknown)}")
    return data


def _whole(data: object, where: str, low: int, high: int) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or not low <= data <= high:
        raise _Invalid(f"{where} must be a whole number from {low} to {high}")
    return data


def _text(data: object, where: str) -> str:
    if not isinstance(data, str) or not data.strip():
        raise _Invalid(f"{where} must be a text that is not empty")
    return data


def _refuse_repeats(what: str, items: list[object]) -> None:
    repeated = sorted({str(item) for item in items if items.count(item) > 1})
    if repeated:
        raise _Invalid(f"{what} {', '.join(repeated)} stands for more than one label")
