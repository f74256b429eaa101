"""Finds in source code which attributes of which widget classes are used.

Follows what can be told without running: `self.ui.<name>` by the module's .ui file, names and `self.<name>`
that are assigned a constructor, annotated arguments, and the application's own objects (`slicer.app`).
"""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RETURNS = {
    "qSlicerApplication.layoutManager": "qSlicerLayoutManager",
    "qSlicerApplication.coreIOManager": "qSlicerCoreIOManager",
    "qSlicerApplication.moduleManager": "qSlicerModuleManager",
    "qSlicerLayoutManager.sliceWidget": "qMRMLSliceWidget",
    "qSlicerLayoutManager.plotWidget": "qMRMLPlotWidget",
    "qMRMLPlotWidget.plotView": "qMRMLPlotView",
    "qMRMLSliceWidget.sliceView": "qMRMLSliceView",
    "qMRMLSliceWidget.sliceController": "qMRMLSliceControllerWidget",
}


@dataclass(frozen=True)
class Use:
    """`attribute` of an object of the class, at a line of a file."""

    path: Path
    line: int
    class_name: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.class_name}.{self.attribute}"


def widget_classes(form: Path) -> dict[str, str]:
    """Names of a .ui file and their classes."""
    root = ElementTree.parse(form).getroot()
    return {
        element.get("name"): element.get("class", "QAction" if element.tag == "action" else "")
        for element in root.iter()
        if element.tag in ("widget", "layout", "action") and element.get("name")
    }


def find_uses(path: Path, ui: dict[str, str] | None = None) -> Iterator[Use]:
    """Yield every use in a file; `ui` are the classes behind `self.ui.<name>`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = {f"self.ui.{name}": kind for name, kind in (ui or {}).items()}
    known |= {f"ui.{name}": kind for name, kind in (ui or {}).items()}
    known["slicer.app"] = "qSlicerApplication"
    yield from _uses_in(tree, path, known)


def _uses_in(scope: ast.AST, path: Path, outer: dict[str, str]) -> Iterator[Use]:
    """A class tells all its methods what `self.<name>` is; a function keeps its names to itself."""
    known = outer | _assigned(scope)
    for node in _of_this_scope(scope):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _uses_in(node, path, known)
        elif isinstance(node, ast.Attribute):
            kind = _class_of(node.value, known)
            if kind:
                yield Use(path, node.lineno, kind, node.attr)


def _of_this_scope(scope: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _of_this_scope(child)


def _assigned(scope: ast.AST) -> dict[str, str]:
    known: dict[str, str] = {}
    if isinstance(scope, ast.ClassDef):
        for node in ast.walk(scope):
            known |= {name: kind for name, kind in _assignment(node).items() if name.startswith("self.")}
        return known
    if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for argument in [*scope.args.args, *scope.args.kwonlyargs]:
            # An argument without a known class hides the name of the same object outside.
            known[argument.arg] = _constructor(argument.annotation) or ""
    for node in _of_this_scope(scope):
        known |= _assignment(node)
    return known


def _assignment(node: ast.AST) -> dict[str, str]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        kind = _constructor(node.value.func)
        return {ast.unparse(target): kind for target in node.targets} if kind else {}
    if isinstance(node, ast.AnnAssign):
        kind = _constructor(node.annotation)
        return {ast.unparse(node.target): kind} if kind else {}
    return {}


def _constructor(node: ast.AST | None) -> str | None:
    """`qt.QLabel`, `ctk.ctkSliderWidget`, `slicer.qMRMLNodeComboBox`: the class; None for anything else."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return None
    package, name = node.value.id, node.attr
    is_widget = package in ("qt", "ctk") or (package == "slicer" and name.startswith("q"))
    return name if is_widget else None


def _class_of(node: ast.AST, known: dict[str, str]) -> str | None:
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = ast.unparse(node)
        return known.get(name) or _constructor(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return RETURNS.get(f"{_class_of(node.func.value, known)}.{node.func.attr}") or _constructor(node.func)
    return None
