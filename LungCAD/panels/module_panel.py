# ruff: noqa: N802 - Slicer calls the methods of a module's widget by their names in camel case
"""What the panels of all modules have in common: first run, parameter node, checks, one job, its result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from typing import Any

import qt
import slicer
import vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from LungCAD.errors import InputError, LungCADError
from LungCAD.labels import Schema, schema_reference
from LungCAD.panels.first_run import FirstRun
from LungCAD.panels.job import JobBar, JobGuard, shared_runner
from LungCAD.panels.module_logic import ModuleLogic
from LungCAD.panels.parameter_form import ParameterForm
from LungCAD.panels.problems import Problems, as_sentence
from LungCAD.panels.review import ReviewPanel
from LungCAD.worker import JobResult

JOB = "job"
"""The field of what concerns no single one."""

MODULES = ("CRFLabelPropagation", "CPAActivationMaps", "ILDDetection", "ILDSegmentation", "XrayLungSeg")
"""All that share the package and its one worker."""

NOT_INSTALLED = "Python packages are missing; install them at the top of this panel"
CHECK_AFTER_MS = 150
"""Inputs are looked at when nothing has changed for so long: not during a brush stroke."""

_INPUT_EVENTS = (
    vtk.vtkCommand.ModifiedEvent,
    slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
    slicer.vtkSegmentation.SourceRepresentationModified,
    slicer.vtkSegmentation.SegmentAdded,
    slicer.vtkSegmentation.SegmentRemoved,
    slicer.vtkSegmentation.SegmentModified,
)
"""A stroke fires the representation's event, undo the segment's alone."""


class ModulePanel(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Base of the modules' widgets.

    A subclass says how its panel is built (`build`, which makes `logic`, `forms` and `review`), what it still
    waits for (`waitsFor`), what is wrong with which field (`findProblems`), how the job starts (`apply`) and
    how its result is shown (`showResult`). Nothing of that runs while Python packages are missing, except
    `build` and `waitsFor`.
    """

    def __init__(self, parent: Any = None) -> None:  # noqa: ANN401 - an object of the application
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: ModuleLogic
        self.review: ReviewPanel
        self.forms: list[ParameterForm] = []
        self.node: Any = None
        self._bound: Any = None
        self._failure: dict[str, str] = {}
        self._remark: dict[str, str] = {}
        self._needs_scene = self._is_as_begun = True
        self._observed: list[Any] = []

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Make what is not in the .ui file; return the labels for sentences by field, `JOB` among them."""
        raise NotImplementedError

    def waitsFor(self) -> str:
        """Return what the user has to do next before anything can be computed, or nothing."""
        return ""

    def findProblems(self) -> dict[str, str]:
        """Return a sentence for every field with which something is wrong. Called often: a moment's work."""
        return {}

    def inputNodes(self) -> list[Any]:
        """Return the chosen nodes whose changes matter; None among them does not."""
        return []

    def apply(self) -> None:
        """Start the job by `run`; may raise InputError."""
        raise NotImplementedError

    def showResult(self, result: JobResult) -> Generator[float, None, None]:
        """Show it in the scene, yielding now and then, so that the panel keeps answering."""
        raise NotImplementedError

    def fieldOf(self, error: InputError) -> str:
        """Return the field that an error concerns."""
        return JOB

    def setup(self) -> None:
        """Called by Slicer when the panel is first opened."""
        super().setup()
        self._soon = qt.QTimer()
        self._soon.singleShot = True
        self._soon.interval = CHECK_AFTER_MS
        self._soon.timeout.connect(self.refresh)
        self.jobBar = JobBar(shared_runner(), apply=self._onApply)
        self._guard = JobGuard(self._stop)
        self.firstRun = FirstRun(ready=self.refresh, about_to_install=shared_runner().stop)
        self.layout.addWidget(self.firstRun.widget)
        panel = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(panel)
        self.panel, self.ui = panel, slicer.util.childWidgetVariables(panel)
        self._problems = Problems(self.build(self.ui))
        panel.setMRMLScene(slicer.mrmlScene)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.initializeParameterNode()

    def enter(self) -> None:
        """Called by Slicer each time the module is opened."""
        self.firstRun.refresh()
        self.initializeParameterNode()
        self._soon.start()
        self.review.enter()

    def exit(self) -> None:
        """Called by Slicer when the module is left; a job goes on."""
        self.review.exit()

    def cleanup(self) -> None:
        """Called by Slicer when the module is unloaded."""
        self.review.exit()
        self._soon.stop()
        self._guard.rest()
        self.jobBar.close()
        self.review.close()
        self.setParameterNode(None)
        self.removeObservers()

    def onReload(self) -> None:
        """Reload the package and all its modules; Slicer by itself reloads the file of this one alone.

        A panel that stayed would have classes of the former package, such as its errors, beside new ones.
        """
        shared_runner().stop()
        for name in [name for name in sys.modules if name.partition(".")[0] == "LungCAD"]:
            del sys.modules[name]
        for name in MODULES:
            if name != self.moduleName and hasattr(slicer.modules, name.lower()):
                slicer.util.reloadScriptedModule(name)
        super().onReload()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:  # noqa: ANN401
        """Forget the scene's nodes; a job on them is stopped."""
        self._soon.stop()
        if self._needs_scene:
            self._stop()
        self.review.close()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller: Any, event: Any) -> None:  # noqa: ANN401
        """Start anew, if anybody looks."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Take the scene's parameter node, which is made where there is none, unless it is taken already."""
        if self.node is None:
            self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, node: Any) -> None:  # noqa: ANN401
        """Bind the widgets to the parameter node, or to nothing."""
        if self.node is not None:
            self._observe([])
            self.node.disconnectGui(self._bound)
            self.removeObserver(self.node, vtk.vtkCommand.ModifiedEvent, self.onInputModified)
        self.node = node
        if node is not None:
            self._bound = node.connectGui(self.panel)
            for form in self.forms:
                form.name_choices()
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.onInputModified)
            self.onInputModified()

    def onResumed(self, labels: slicer.vtkMRMLSegmentationNode, schema: Schema) -> None:
        """The reader went on with an earlier review: its labels are the result, with no older numbers."""
        if labels is not self.node.labels:
            scan = getattr(self.node, self.logic.SCAN)
            self.logic.keepResumed(scan, self.node, labels, schema_reference(schema))

    def onInputModified(self, caller: Any = None, event: Any = None) -> None:  # noqa: ANN401
        """Something was chosen or drawn: look at it when the user pauses; what a job once said is past."""
        self._failure, self._remark, self._is_as_begun = {}, {}, False
        self._soon.start()

    def remark(self, field: str, sentence: str) -> None:
        """Say beside a field what is no reason to disable Apply, until the next job or change."""
        self._remark = {field: sentence}
        self.refresh()

    def refresh(self) -> None:
        """Look at the inputs now: sentences beside the fields, Apply enabled or why not."""
        self._soon.stop()
        if self.node is None:
            return
        self._observe(self.inputNodes())
        waiting = NOT_INSTALLED if self.firstRun.missing else self.waitsFor()
        problems = {} if self.firstRun.missing else {**self.findProblems(), **self._failure}
        self._problems.show({**problems, **self._remark})
        self.jobBar.problem = waiting or next(iter(problems.values()), "")

    def run(
        self,
        name: str,
        inputs: dict[str, Any],
        parameters: dict[str, Any],
        nodes: list[Any] | None,
        show: Callable[[JobResult], Generator[float, None, None]] | None = None,
    ) -> None:
        """Start a job that works on these nodes; without them in the scene it is pointless and stops.

        nodes : None for a job that has nothing to do with the scene, and goes on when that is closed.
        show : as `showResult`, which is called where there is none.
        """
        shared_runner().require_idle()
        self._begin(needs_scene=nodes is not None)
        self._show = show or self.showResult
        self._guard.watch(nodes) if self._needs_scene else self._guard.rest()
        self.jobBar.run(name, inputs, parameters, finished=self._onFinished, failed=self._onFailed)

    def _observe(self, nodes: list[Any]) -> None:
        for old in self._observed:
            for event in _INPUT_EVENTS:
                self.removeObserver(old, event, self.onInputModified)
        self._observed = [node for node in dict.fromkeys(nodes) if node is not None]
        for new in self._observed:
            for event in _INPUT_EVENTS:
                self.addObserver(new, event, self.onInputModified)

    def _begin(self, needs_scene: bool) -> None:
        """What an earlier job said is past; what this one says is of the inputs as they are now."""
        self._failure, self._remark, self._is_as_begun = {}, {}, True
        self._needs_scene = needs_scene
        self._soon.start()

    def _onApply(self) -> None:
        self._begin(needs_scene=True)
        try:
            self.apply()
        except InputError as error:
            self._onFailed(error)

    def _onFinished(self, result: JobResult) -> Generator[float, None, None]:
        yield from self._show(result)
        self._guard.rest()
        self._soon.start()

    def _onFailed(self, error: LungCADError) -> None:
        self._guard.rest()
        if isinstance(error, InputError) and self.node is not None:
            field, sentence = self.fieldOf(error), as_sentence(error)
            if not self._needs_scene:
                self.remark(field, sentence)
            elif self._is_as_begun:
                self._failure = {field: sentence}
        self.refresh()

    def _stop(self) -> None:
        self._guard.rest()
        self.jobBar.cancel()
