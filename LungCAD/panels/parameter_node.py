"""The declared parameters of a method as members of a Slicer parameter node."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar

from slicer.parameterNodeWrapper import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange

from LungCAD.panels.declared import Declared, Method

NodeClass = TypeVar("NodeClass", bound=type)


def with_parameters(method: Method) -> Callable[[NodeClass], NodeClass]:
    """Add a typed member per parameter to a class that is about to become a parameter node.

    Example
    -------
    >>> @parameterNodeWrapper
    ... @with_parameters(load_method("label_propagation"))
    ... class MyParameterNode:
    ...     ct: slicer.vtkMRMLScalarVolumeNode | None
    """

    def extend(cls: NodeClass) -> NodeClass:
        members = {parameter.name: member_type(parameter) for parameter in method.parameters}
        cls.__annotations__ = {**cls.__annotations__, **members}
        for parameter in method.parameters:
            setattr(cls, parameter.name, parameter.default)
        return cls

    return extend


def nested_values(node: Any, method: Method) -> dict[str, Any]:  # noqa: ANN401 - a parameter node of any class
    """Return what the parameter node holds as the nested dictionary that a job takes."""
    return method.nested({parameter.name: getattr(node, parameter.name) for parameter in method.parameters})


def member_type(parameter: Declared) -> Any:  # noqa: ANN401 - a typing construct
    """Return the annotated type whose validators and widgets keep to the declaration."""
    annotations = list(_annotations(parameter))
    kind = type(parameter.default)
    return Annotated[(kind, *annotations)] if annotations else kind


def _annotations(parameter: Declared) -> Iterator[object]:
    declaration, default = parameter.declaration, parameter.default
    if declaration.choices:
        yield Choice(list(declaration.choices))
        return
    if isinstance(default, bool | str):
        return
    decimals = 0
    if isinstance(default, float):
        decimals = 2 if default else 4
        step = 10.0 ** math.floor(math.log10(default)) if default else 10.0**-decimals
        yield Decimals(decimals)
        yield SingleStep(step)
    low = declaration.minimum if declaration.above is None else declaration.above + 10.0**-decimals
    if low is not None and declaration.maximum is not None:
        yield WithinRange(low, declaration.maximum)
    elif low is not None:
        yield Minimum(low)
    elif declaration.maximum is not None:
        yield Maximum(declaration.maximum)
