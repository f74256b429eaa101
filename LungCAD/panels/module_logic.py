# ruff: noqa: N802 - Slicer calls the methods of a module's logic by their names in camel case
"""What the logics of all modules have in common: a typed parameter node that remembers the result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from LungCAD.mrml.result_nodes import Nodes
from LungCAD.progress import Progress


class ModuleLogic(ScriptedLoadableModuleLogic):
    """Base of the modules' logics.

    `PARAMETER_NODE` wraps the scene's node; it has a member for each member of `RESULT`, and
    `summary`.
    """

    PARAMETER_NODE: ClassVar[type]
    RESULT: ClassVar[type[Nodes]]

    def getParameterNode(self) -> Any:  # noqa: ANN401 - of the class above
        """Return the scene's parameters of this module."""
        return self.PARAMETER_NODE(super().getParameterNode())

    def resultNodes(self, node: Any) -> Any:  # noqa: ANN401
        """Return the nodes of the last result that are still in the scene."""
        names = self.RESULT.names()
        return self.RESULT(**{name: getattr(node, name) for name in names}).present()

    def keep(self, node: Any, result: Nodes, summary: str) -> None:  # noqa: ANN401
        """Remember the nodes of a result, so that they are saved with the scene and written anew."""
        with slicer.util.NodeModify(node):
            for name, shown in vars(result).items():
                setattr(node, name, shown)
            node.summary = summary

    def runFolder(
        self,
        job: str,
        source: Path | str,
        output: Path | str,
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> dict[str, Any]:
        """Run a job on a folder of cases in this process; return what it tells."""
        from LungCAD.worker.in_process import run

        paths = {"source": str(source), "output": str(output)}
        return run(job, {}, {**parameters, **paths}, progress).data
