"""How a value of a type is kept in a parameter node.

What Slicer cannot keep is refused here too: dataclasses, Literal, arrays, unions of nodes without None.
"""

from __future__ import annotations

import json
import types
import typing
from enum import Enum
from pathlib import PurePath
from typing import Any, Union, get_args, get_origin

import slicer

from Testing.host.scripted.parameterNodeWrapper import packs
from Testing.host.scripted.parameterNodeWrapper.annotations import IsInstance, NotNone, Validator


def split(annotated: Any) -> tuple[Any, tuple]:
    """Split `Annotated[T, a, b]` into T and (a, b)."""
    if get_origin(annotated) is typing.Annotated:
        kind, *annotations = get_args(annotated)
        return kind, tuple(annotations)
    return annotated, ()


def node_types(kind: Any) -> tuple[str, ...]:
    """Return the class names of a node type, or of a union of node types and None; () for other types."""
    members = [member for member in _members(kind) if member is not types.NoneType]
    return tuple(member.__name__ for member in members) if all(map(_is_node, members)) else ()


def check_supported(kind: Any) -> None:
    if _is_node(kind) or kind in (int, float, str, bool) or packs.isParameterPack(kind):
        return
    if isinstance(kind, type) and issubclass(kind, (Enum, PurePath)) and get_origin(kind) is None:
        return
    if get_origin(kind) in (list, dict, tuple):
        for argument in get_args(kind):
            check_supported(split(argument)[0])
        return
    if _is_union(kind) and types.NoneType in get_args(kind):
        for member in set(get_args(kind)) - {types.NoneType}:
            check_supported(split(member)[0])
        return
    raise TypeError(f"a parameter node cannot keep {kind}")


def validators(kind: Any) -> list[Validator]:
    """Return what holds for every value of the type, before its own validators."""
    if node_types(kind):
        classes = tuple(member for member in _members(kind) if member is not types.NoneType)
        return [IsInstance(classes)]
    if _is_union(kind):
        classes = [split(member)[0] for member in get_args(kind) if member is not types.NoneType]
        numbers = [int] if float in classes else []
        return [IsInstance(tuple(get_origin(member) or member for member in classes + numbers))]
    plain = get_origin(kind) or kind
    return [NotNone(), IsInstance((int, float) if plain is float else plain)]


def default(kind: Any) -> Any:
    if node_types(kind) or _is_union(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return (get_origin(kind) or kind)()


def is_in(node: Any, name: str) -> bool:
    return bool(node.HasParameter(name))


def write(node: Any, name: str, kind: Any, value: Any) -> None:
    if node_types(kind):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)
    else:
        node.SetParameter(name, value if kind is str else json.dumps(_plain(value, kind)))


def read(node: Any, name: str, kind: Any) -> Any:
    if node_types(kind):
        return node.GetNodeReference(name)
    text = node.GetParameter(name)
    return text if kind is str else _typed(json.loads(text), kind)


def _plain(value: Any, kind: Any) -> Any:
    """The value as JSON knows it; an enumerator by its name."""
    if value is None:
        return None
    if packs.isParameterPack(kind):
        return {name: _plain(getattr(value, name), split(of)[0]) for name, of in packs.members(kind).items()}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (list, tuple)):
        kinds = get_args(kind) if get_origin(kind) is tuple else get_args(kind) * len(value)
        return [_plain(item, split(of)[0]) for item, of in zip(value, kinds, strict=True)]
    if isinstance(value, dict):
        key_kind, value_kind = get_args(kind)
        return [[_plain(key, key_kind), _plain(item, value_kind)] for key, item in value.items()]
    return kind(value) if kind in (int, float) else value


def _typed(value: Any, kind: Any) -> Any:
    if _is_union(kind):
        member = next(member for member in get_args(kind) if member is not types.NoneType)
        return None if value is None else _typed(value, split(member)[0])
    if packs.isParameterPack(kind):
        return kind(**{name: _typed(value[name], split(of)[0]) for name, of in packs.members(kind).items()})
    if get_origin(kind) is list:
        return [_typed(item, split(get_args(kind)[0])[0]) for item in value]
    if get_origin(kind) is tuple:
        return tuple(_typed(item, split(of)[0]) for item, of in zip(value, get_args(kind), strict=True))
    if get_origin(kind) is dict:
        key_kind, value_kind = get_args(kind)
        return {_typed(key, key_kind): _typed(item, value_kind) for key, item in value}
    if issubclass(kind, Enum):
        return kind[value]
    return kind(value)


def _is_node(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _members(kind: Any) -> tuple:
    return get_args(kind) if _is_union(kind) else (kind,)
