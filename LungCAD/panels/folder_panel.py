# ruff: noqa: N802 - Slicer calls the methods of a module's widget by their names in camel case
"""What the panels have in common that work on one case or on a folder of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import slicer

from LungCAD.errors import InputError
from LungCAD.panels.case_folder import CaseFolder, Words
from LungCAD.panels.declared import Method
from LungCAD.panels.job import shared_runner
from LungCAD.panels.module_panel import JOB, NOT_INSTALLED, ModulePanel
from LungCAD.panels.parameter_node import nested_values
from LungCAD.worker import JobResult


@dataclass(frozen=True)
class Case:
    """What a job was started with: the panel may show other choices when it ends."""

    volume: slicer.vtkMRMLScalarVolumeNode
    parameters: Mapping[str, Any]


class FolderPanel(ModulePanel):
    """Base of such panels.

    A subclass names its method, the job on a folder (`FOLDER_JOB`) and what the panel says of it (`WORDS`);
    it calls `addFolder` in `build`, starts the job on one case with `runCase` in `apply`, and shows its
    result in `showCase`. The .ui file has a `folderLayout` and a label for sentences, `folderProblem`.
    """

    METHOD: ClassVar[Method]
    FOLDER_JOB: ClassVar[str]
    WORDS: ClassVar[Words]

    def addFolder(self, ui: Any) -> None:  # noqa: ANN401
        """Fill in the folder."""
        self.folder = CaseFolder(ui.folderLayout, self.WORDS, self.onFolder, shared_runner())
        for path in (self.folder.source, self.folder.output):
            path.connect("currentPathChanged(QString)", self.onFolderChosen)

    def showCase(self, case: Case, result: JobResult) -> Generator[float, None, None]:
        """Show the result of one case in the scene, yielding now and then."""
        raise NotImplementedError

    def cleanup(self) -> None:
        """Called by Slicer when the module is unloaded."""
        self.folder.close()
        super().cleanup()

    def refresh(self) -> None:
        """Say what the folder waits for, then look at the inputs."""
        self.folder.problem = NOT_INSTALLED if self.firstRun.missing else ""
        self.folder.refresh()
        super().refresh()

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the folder, where the error names one."""
        return "folder" if error.subject in self.folder.paths else JOB

    def runCase(
        self,
        name: str,
        inputs: dict[str, Any],
        volume: slicer.vtkMRMLScalarVolumeNode,
        **further: Any,  # noqa: ANN401
    ) -> None:
        """Start a job on one case; without the volume it is pointless.

        further : what the job takes besides the method's parameters.
        """
        case = Case(volume, nested_values(self.node, self.METHOD))
        parameters = {**case.parameters, **further}
        self.run(name, inputs, parameters, [volume], lambda result: self.showCase(case, result))

    def onFolderChosen(self, *_args: object) -> None:
        """Called when another path is chosen: what was said of the former one is past."""
        self._remark = {}
        self._soon.start()

    def onFolder(self, source: str, output: str) -> None:
        """Start the job on all cases of a folder."""
        self.folder.show(None)
        paths = {"source": source, "output": output}
        parameters = {**nested_values(self.node, self.METHOD), **paths}
        if self.folder.series:
            parameters["series"] = self.folder.series
        self.run(self.FOLDER_JOB, {}, parameters, None, self._showFolder)

    def _showFolder(self, result: JobResult) -> Generator[float, None, None]:
        self.folder.show(result)
        yield 1.0
