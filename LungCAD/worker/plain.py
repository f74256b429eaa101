"""Dataclasses as plain data that `json` can write, and back: how measurements cross to another process."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Made = TypeVar("Made")


def to_plain(value: object) -> Any:  # noqa: ANN401 - whatever json can write
    """Return dictionaries, lists, texts and numbers that hold the same as a dataclass."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {name: to_plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value  # NumPy's numbers


def from_plain(kind: type[Made], value: Any) -> Made:  # noqa: ANN401 - whatever json can read
    """Return the dataclass (or tuple, dictionary, optional value of some) that `to_plain` took apart."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else from_plain(next(each for each in arguments if each), value)
    if origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[-1] is ... else arguments
        return tuple(from_plain(each, item) for each, item in zip(kinds, value, strict=True))
    if origin is dict:
        return {name: from_plain(arguments[1], each) for name, each in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: from_plain(hints[name], each) for name, each in value.items()})
    return value
