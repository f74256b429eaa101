# ruff: noqa: N802 - Slicer calls the methods of a module's logic by their names in camel case
"""What the logics of the modules have in common that label scans: every scan keeps a result of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import slicer

from LungCAD.mrml.result_nodes import LabelNodes
from LungCAD.mrml.scan_labels import bind_labels, labels_of, put_aside, show_alone
from LungCAD.panels.module_logic import ModuleLogic

SAID = "LungCAD.Said."
"""With the name of a text of the parameter node, the attribute of labels that keeps it: the parameter node
shows that of another scan's result, or of a scene that was added to this one."""

TEXTS = ("summary", "measured", "labels_schema")
"""What parameter nodes say of a result, as far as they have such a member."""


class LabelsLogic(ModuleLogic):
    """Base of such logics; `RESULT` is a kind of `LabelNodes`.

    SCAN : the member of the parameter node that names the chosen scan.
    """

    SCAN: ClassVar[str] = "ct"

    def isChosen(self, node: Any, scan: slicer.vtkMRMLVolumeNode) -> bool:  # noqa: ANN401
        """Tell whether the parameter node names this scan."""
        return getattr(node, self.SCAN) is scan

    def resultOf(self, node: Any, scan: slicer.vtkMRMLVolumeNode | None) -> LabelNodes:  # noqa: ANN401
        """Return the nodes of a scan's last result, also where that of another scan is shown.

        Those that the parameter node shows, where no scan is chosen.
        """
        nodes = self.resultNodes(node)
        return nodes if scan is None else labels_of(nodes, scan)

    def keepOf(
        self,
        scan: slicer.vtkMRMLVolumeNode,
        node: Any,  # noqa: ANN401
        result: LabelNodes,
        **texts: str,
    ) -> None:
        """Remember the nodes of a scan's result and what is said of it.

        Where another scan is chosen, the parameter node goes on showing that one's result.

        texts : of `TEXTS`; those that are not given are empty.
        """
        bind_labels(result, scan)
        _say(result.labels, {name: texts.get(name, "") for name in TEXTS})
        if self.isChosen(node, scan) or self.resultNodes(node).labels is result.labels:
            self._change(node, result, texts)

    def turnTo(self, node: Any, scan: slicer.vtkMRMLVolumeNode | None) -> bool:  # noqa: ANN401
        """Let the parameter node show the result of this scan; tell whether it showed another one.

        The labels of that one are hidden where this scan has some.
        """
        nodes = self.resultOf(node, scan)
        if nodes == self.resultNodes(node):
            return False
        self._change(node, nodes, {} if nodes.labels is None else _said_of(nodes.labels))
        return True

    def keepResumed(
        self,
        scan: slicer.vtkMRMLVolumeNode,
        node: Any,  # noqa: ANN401
        labels: slicer.vtkMRMLSegmentationNode,
        schema: str,
    ) -> None:
        """Take the labels of a resumed review for a scan's result, with what was said of them.

        The numbers beside other labels are not theirs.

        schema : by which `load_schema` finds that of the labels.
        """
        self.keepOf(scan, node, self.RESULT(labels), **{**_said_of(labels), "labels_schema": schema})

    def _change(self, node: Any, result: LabelNodes, texts: dict[str, str]) -> None:  # noqa: ANN401
        names = [name for name in TEXTS if hasattr(node, name)]
        before = self.resultNodes(node)
        if before.labels is not None and before.labels is not result.labels:
            put_aside(before)
            _say(before.labels, {name: getattr(node, name) for name in names})
        if result.labels is not None:
            show_alone(result.labels)
        with slicer.util.NodeModify(node):
            self.keep(node, result, texts.get("summary", ""))
            for name in names:
                setattr(node, name, texts.get(name, ""))


def _said_of(labels: slicer.vtkMRMLSegmentationNode) -> dict[str, str]:
    return {name: labels.GetAttribute(SAID + name) or "" for name in TEXTS}


def _say(labels: slicer.vtkMRMLSegmentationNode, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        labels.SetAttribute(SAID + name, text)
