"""`@parameterNodeWrapper`: typed members that live in a parameter node and are bound to widgets."""

from __future__ import annotations

import typing
from typing import Any

import qt
import slicer
import vtk

from Testing.host.scripted.parameterNodeWrapper import packs, types
from Testing.host.scripted.parameterNodeWrapper.annotations import Default, Validator
from Testing.host.scripted.parameterNodeWrapper.bindings import Binding, bind

PROPERTY = "SlicerParameterName"

_observed: list[Any] = []
"""Held for ever: of a node whose Python object is garbage the collector empties the observers, but the scene
still calls them."""


class Parameter:
    """One typed member of a parameter node."""

    def __init__(self, name: str, annotated: Any, default: Default) -> None:
        self.name = name
        self.annotated = annotated
        self.kind, annotations = types.split(annotated)
        types.check_supported(self.kind)
        self.default = default
        self._checks = types.validators(self.kind) + [c for c in annotations if isinstance(c, Validator)]

    def read(self, node: Any, key: str) -> Any:
        if not types.is_in(node, key):
            self.write(node, key, self.default.make())
        return types.read(node, key, self.kind)

    def write(self, node: Any, key: str, value: Any) -> None:
        for check in self._checks:
            check.validate(value)
        with slicer.util.NodeModify(node):
            types.write(node, key, self.kind, value)


def parameterNodeWrapper(cls: type | None = None) -> Any:
    return _wrap if cls is None else _wrap(cls)


def isParameterNodeWrapper(class_or_object: Any) -> bool:
    return hasattr(class_or_object, "allParameters")


def findChildWidgetForParameter(widget: Any, name: str) -> Any:
    return next((w for w in widget.findChildren(qt.QWidget) if w.property(PROPERTY) == name), None)


def _wrap(cls: type) -> type:
    if isParameterNodeWrapper(cls):
        raise ValueError("Slicer cannot wrap a class that derives from a parameter node wrapper")
    parameters = {
        name: Parameter(name, hint, packs._default(cls, name, hint))
        for name, hint in typing.get_type_hints(cls, include_extras=True).items()
    }
    members = {name: member for name, member in vars(_Wrapper).items() if not name.startswith("__")}
    reserved = sorted(set(parameters) & set(members))
    if reserved:
        raise ValueError(f"Cannot use reserved names {reserved} in a parameterNodeWrapper")
    for name in parameters:
        setattr(cls, name, _member(name))
    for name, member in members.items():
        setattr(cls, name, member)
    cls.__init__ = _Wrapper.__init__
    cls.allParameters = parameters
    cls.dataType = staticmethod(lambda name: _data_type(parameters, name))
    return cls


def _member(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def _data_type(parameters: dict[str, Parameter], dotted: str) -> Any:
    first, _, rest = dotted.partition(".")
    if first not in parameters:
        raise ValueError(f"Cannot find a param with the given name: {first}")
    return packs.data_type(parameters[first].kind, rest) if rest else parameters[first].annotated


class _Wrapper:
    """The methods that every wrapper class gets."""

    allParameters: typing.ClassVar[dict[str, Parameter]] = {}

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        self.parameterNode = parameterNode
        self._prefix = prefix or ""
        self._bound: dict[int, dict[str, Binding]] = {}
        self._next_tag = 0
        self._updating = False
        for name, parameter in self.allParameters.items():
            parameter.read(parameterNode, self._prefix + name)

    def getValue(self, dotted: str) -> Any:
        self.dataType(dotted)
        first, _, rest = dotted.partition(".")
        value = self.allParameters[first].read(self.parameterNode, self._prefix + first)
        return value.getValue(rest) if rest else value

    def setValue(self, dotted: str, value: Any) -> None:
        self.dataType(dotted)
        first, _, rest = dotted.partition(".")
        if rest:
            pack = self.getValue(first)
            pack.setValue(rest, value)
            value = pack
        self.allParameters[first].write(self.parameterNode, self._prefix + first, value)

    def default(self, name: str) -> Default:
        self.dataType(name)
        return Default(self.allParameters[name].default.make())

    def isCached(self, name: str) -> bool:
        return False

    def connectGui(self, gui: Any) -> int:
        """Bind all widgets of a `childWidgetVariables` object, or within a widget, that name a parameter."""
        is_widget = hasattr(gui, "isWidgetType")
        widgets = gui.findChildren(qt.QWidget) if is_widget else list(vars(gui).values())
        named = {widget.property(PROPERTY): widget for widget in widgets if widget.property(PROPERTY)}
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        bindings = {name: bind(widget, self.dataType(name)) for name, widget in mapping.items()}
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        self._bound[tag] = bindings
        for name, binding in bindings.items():
            binding.write(self.getValue(name))
            binding.connect(lambda name=name, binding=binding: self._widget_changed(name, binding))
        _observed.append(self.parameterNode)
        self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda node, event: self._node_changed())
        return tag

    def disconnectGui(self, tag: int) -> None:
        for binding in self._bound.pop(tag, {}).values():
            binding.disconnect()

    def _widget_changed(self, name: str, binding: Binding) -> None:
        if not self._updating:
            self.setValue(name, binding.read())

    def _node_changed(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self.parameterNode):
                for bindings in self._bound.values():
                    for name, binding in bindings.items():
                        binding.write(self.getValue(name))
        finally:
            self._updating = False

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, was_modified: int) -> int:
        return self.parameterNode.EndModify(was_modified)

    def AddObserver(self, event: int, callback: Any, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()
