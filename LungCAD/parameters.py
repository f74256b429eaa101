"""Parameters of a method, declared once: range, unit, choices and help live with the field itself.

Command-line options, saved run descriptions, panels and reports all derive from the declaration::

    @dataclass(frozen=True)
    class SmoothingParameters(Parameters):
        sigma: float = parameter(2.0, "Width of the kernel", unit="mm", minimum=0.1)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Any, ClassVar, TypeVar

from LungCAD.errors import InputError


@dataclass(frozen=True)
class Declaration:
    """What is known of one parameter beside its default.

    `minimum` and `maximum` are allowed values, `above` is not. `source` names the paper and equation.
    A `hidden` parameter is set by the method that uses it, not by a user.
    """

    help: str
    unit: str = ""
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    source: str = ""
    hidden: bool = False

    def problem_with(self, value: object) -> str | None:
        """Return what is wrong with `value` (a clause for an error message), or None."""
        if self.choices and value not in self.choices:
            return f"is {value!r}, not one of {', '.join(map(str, self.choices))}"
        if isinstance(value, float) and not math.isfinite(value):
            return f"is {value}, not a finite number"
        if self.minimum is not None and isinstance(value, int | float) and value < self.minimum:
            return f"is {value:g}, less than {self.minimum:g}"
        if self.above is not None and isinstance(value, int | float) and value <= self.above:
            return f"is {value:g}, not more than {self.above:g}"
        if self.maximum is not None and isinstance(value, int | float) and value > self.maximum:
            return f"is {value:g}, more than {self.maximum:g}"
        return None


def parameter(default: Any, help: str, **declaration: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a dataclass field; keyword arguments as in `Declaration`."""
    return dataclasses.field(default=default, metadata={"declaration": Declaration(help, **declaration)})


def declaration_of(field: Field[Any]) -> Declaration | None:
    """Return what `parameter` declared of a dataclass field, or None for a plain field."""
    return field.metadata.get("declaration")


class Parameters:
    """Base of the frozen dataclasses that declare a method's parameters; checks values when made.

    `presets` are named sets of values, such as those of a paper.

    Raises
    ------
    InputError
        A value is outside its declared range or choices, or not of the default's type.
    """

    presets: ClassVar[Mapping[str, Parameters]] = {}

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            declaration = declaration_of(field)
            if declaration is None:
                continue
            value = getattr(self, field.name)
            problem = _wrong_type(value, field.default) or declaration.problem_with(value)
            if problem:
                unit = f" {declaration.unit}" if declaration.unit else ""
                raise InputError(field.name, problem, f"The default is {field.default}{unit}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain data that `json` can write, nested parameters as nested dictionaries."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]


Declared = TypeVar("Declared", bound=Parameters)


def parameters_from_dict(declared: type[Declared], values: Mapping[str, Any]) -> Declared:
    """Return the parameters that `Parameters.as_dict` wrote, also after they went through JSON.

    What is missing keeps its default, in nested parameters as well.

    Raises
    ------
    InputError
        A name is not declared, or a value is not allowed.
    """
    return _replaced(declared(), values, "parameters")


def _replaced(default: Declared, values: object, name: str) -> Declared:
    """Return `default` with some values changed; `name` is what a user knows the whole by."""
    if not isinstance(values, Mapping):
        raise InputError(name, f"is {values!r}, not names with their values")
    declared = [field.name for field in dataclasses.fields(default)]  # type: ignore[arg-type]
    strange = ", ".join(str(each) for each in values if each not in declared)
    if strange:
        raise InputError(strange, "is no parameter of this method", f"There are {', '.join(declared)}")
    changed = {each: _as_declared(value, getattr(default, each), each) for each, value in values.items()}
    return dataclasses.replace(default, **changed)


def _as_declared(value: object, default: object, name: str) -> object:
    """Return plain data as what `default` is: nested parameters, or a tuple where JSON has a list."""
    if isinstance(default, Parameters):
        return _replaced(default, value, name)
    return _tuple(value) if isinstance(default, tuple) else value


def _tuple(value: object) -> object:
    return tuple(map(_tuple, value)) if isinstance(value, list | tuple) else value


def _wrong_type(value: object, default: object) -> str | None:
    """Compare with the type of the default; an integer passes for a float, a truth value only for itself."""
    expected = (float, int) if isinstance(default, float) else type(default)
    if default is None or (
        isinstance(value, expected) and isinstance(value, bool) == isinstance(default, bool)
    ):
        return None
    kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return f"is {value!r}, not {kind.get(type(default), type(default).__name__)}"
