"""Groups of parameters: `@parameterPack`."""

from __future__ import annotations

import typing
from typing import Any

from Testing.host.scripted.parameterNodeWrapper.annotations import Default, Validator


def parameterPack(cls: type | None = None) -> Any:
    """Turn annotated members into validated ones, with a constructor that takes them in order or by name."""
    return _make if cls is None else _make(cls)


def isParameterPack(kind: Any) -> bool:
    return "_pack_members" in vars(kind) if isinstance(kind, type) else hasattr(type(kind), "_pack_members")


def members(kind: type) -> dict[str, Any]:
    return kind._pack_members


def _make(cls: type) -> type:
    from Testing.host.scripted.parameterNodeWrapper import types

    hints = typing.get_type_hints(cls, include_extras=True)
    defaults = {name: _default(cls, name, hint) for name, hint in hints.items()}
    for name, hint in hints.items():
        types.check_supported(types.split(hint)[0])
        setattr(cls, name, _member(name, hint))

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807
        given = dict(zip(hints, values, strict=False)) | named
        unknown = set(given) - set(hints)
        if unknown or len(values) > len(hints):
            raise ValueError(f"{cls.__name__} has no members {sorted(unknown)}")
        for name in hints:
            setattr(self, name, given[name] if name in given else defaults[name].make())

    cls._pack_members = hints
    cls.__init__ = __init__
    cls.__eq__ = lambda self, other: type(self) is type(other) and vars(self) == vars(other)
    cls.__hash__ = None
    cls.__repr__ = lambda self: f"{cls.__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in hints)})"
    cls.getValue = _get_value
    cls.setValue = _set_value
    cls.dataType = staticmethod(lambda name: data_type(cls, name))
    return cls


def data_type(kind: type, dotted: str) -> Any:
    first, _, rest = dotted.partition(".")
    if first not in members(kind):
        raise ValueError(f"{kind.__name__} has no member {first}")
    found = members(kind)[first]
    if not rest:
        return found
    return data_type(typing.get_args(found)[0] if typing.get_args(found) else found, rest)


def _get_value(self: Any, dotted: str) -> Any:
    first, _, rest = dotted.partition(".")
    data_type(type(self), first)
    value = getattr(self, first)
    return value.getValue(rest) if rest else value


def _set_value(self: Any, dotted: str, value: Any) -> None:
    first, _, rest = dotted.partition(".")
    data_type(type(self), first)
    if rest:
        inner = getattr(self, first)
        inner.setValue(rest, value)
        value = inner
    setattr(self, first, value)


def _member(name: str, hint: Any) -> property:
    from Testing.host.scripted.parameterNodeWrapper import types

    kind, annotations = types.split(hint)
    checks = types.validators(kind) + [check for check in annotations if isinstance(check, Validator)]

    def assign(self: Any, value: Any) -> None:
        for check in checks:
            check.validate(value)
        self.__dict__["_" + name] = value

    return property(lambda self: self.__dict__["_" + name], assign)


def _default(cls: type, name: str, hint: Any) -> Default:
    from Testing.host.scripted.parameterNodeWrapper import types

    if name in vars(cls):
        given = vars(cls)[name]
        return given if isinstance(given, Default) else Default(given)
    kind, annotations = types.split(hint)
    declared = next((item for item in annotations if isinstance(item, Default)), None)
    return declared or Default(generator=lambda: types.default(kind))
