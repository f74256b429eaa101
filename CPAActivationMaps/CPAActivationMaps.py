# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Signs of chronic pulmonary aspergillosis in 3D Slicer: which region shows them, and where they are."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
)

from LungCAD.errors import InputError
from LungCAD.mrml.result_nodes import SignNodes
from LungCAD.panels.case_folder import CaseFolder
from LungCAD.panels.declared import load_method
from LungCAD.panels.job import shared_runner
from LungCAD.panels.module_logic import ModuleLogic
from LungCAD.panels.module_panel import JOB, NOT_INSTALLED, ModulePanel
from LungCAD.panels.parameter_form import ParameterForm
from LungCAD.panels.parameter_node import nested_values, with_parameters
from LungCAD.panels.problems import complaint_of
from LungCAD.panels.sample_data import CPA_NAME, PhantomSample, load_phantom_aspergillosis
from LungCAD.panels.scan_folder import SIGN_SCANS
from LungCAD.panels.sign_sheet import SignSheetPanel
from LungCAD.panels.sign_views import SignViews
from LungCAD.panels.summary import summary_of_signs
from LungCAD.progress import Progress, silent
from LungCAD.worker import JobResult

# What computes (LungCAD.tasks, most of LungCAD.mrml) is imported where it is used: Slicer imports every
# module when it starts, and the packages may still have to be installed.

METHOD = load_method("cpa")

CHOICE_NAMES = {
    "rotations": {"1": "None: the scan as it is", "27": "27 (as many times as slow)"},
    "score": {"logit": "Logit", "softmax": "Probability"},
    "device": {"auto": "The fastest there is", "cpu": "Processor", "cuda": "NVIDIA card", "mps": "Apple GPU"},
}

TITLES = {
    "weights": "Own networks",
    "threshold": "Present from",
    "rotations": "Turned copies",
    "score": "Heat explains",
    "check_maps": "Check the heat maps",
}

CT_SUBJECTS = ("CT", "The CT", "The scan")
"""What errors of the method call the scan."""


class CPAActivationMaps(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        parent.title = _("CPA activation maps")
        parent.categories = ["Segmentation.LungCAD"]
        parent.dependencies = []
        parent.contributors = ["LungCAD contributors"]
        parent.helpText = _(
            "Says which sixths of the lungs show cavities, fungus balls and thickened pleura, signs of "
            "chronic pulmonary aspergillosis, and where they are. Ticks that correct it become training "
            "data. "
            "A research tool, not a medical device."
        )
        parent.acknowledgementText = _(
            "Method: Zusag, Desai, Di Paolo et al., SAPSAM: sparsely annotated pathological sign activation "
            "maps."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer a phantom with the signs in the module Sample Data."""
    thumbnail = Path(__file__).parent / "Resources" / "Icons" / f"{CPA_NAME}.png"
    PhantomSample(thumbnail, CPA_NAME, load_phantom_aspergillosis).register()


@parameterNodeWrapper
@with_parameters(METHOD)
class CPAActivationMapsParameterNode:
    """Everything that is saved with the scene: CT, parameters of the method, result."""

    ct: slicer.vtkMRMLScalarVolumeNode | None
    findings: slicer.vtkMRMLTextNode | None
    table: slicer.vtkMRMLTableNode | None
    peaks: slicer.vtkMRMLMarkupsFiducialNode | None
    summary: str


@dataclass(frozen=True)
class Case:
    """What a job was started with: the panel may show other choices when it ends."""

    ct: slicer.vtkMRMLScalarVolumeNode
    parameters: Mapping[str, Any]


class CPAActivationMapsWidget(ModulePanel):
    """The panel: CT, job, result, sheet; and a folder of scans."""

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in parameters, job bar, sheet and folder."""
        self.logic = CPAActivationMapsLogic()
        self.forms = [ParameterForm(ui.advancedLayout, METHOD.parameters, TITLES, CHOICE_NAMES)]
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.views = SignViews(ui)
        self.review = SignSheetPanel(self.views.go_to)
        ui.reviewLayout.addWidget(self.review.widget)
        self.folder = CaseFolder(ui.folderLayout, SIGN_SCANS, self.onFolder, shared_runner())
        self._shown: slicer.vtkMRMLTextNode | None = None
        return {field: getattr(ui, f"{field}Problem") for field in ("ct", "folder", JOB)}

    def cleanup(self) -> None:
        """Called by Slicer when the module is unloaded."""
        self.folder.close()
        super().cleanup()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:  # noqa: ANN401
        """Forget what was shown with the scene's nodes."""
        self._shown = None
        self.views.close()
        super().onSceneStartClose(caller, event)

    def refresh(self) -> None:
        """Show what was chosen and found, then look at the CT."""
        if self.node is not None:
            result = self.logic.resultNodes(self.node)
            self.ui.resultSummary.text = self.node.summary
            self.ui.resultCollapsibleButton.visible = result.findings is not None
            if result.findings is not self._shown and not self.jobBar.is_running:
                self.resume(result, self.node.ct)
        self.folder.problem = NOT_INSTALLED if self.firstRun.missing else ""
        self.folder.refresh()
        super().refresh()

    def inputNodes(self) -> list[Any]:
        """Return the CT."""
        return [self.node.ct]

    def waitsFor(self) -> str:
        """Return what is still to be chosen."""
        return "" if self.node.ct is not None else _("Choose a CT")

    def findProblems(self) -> dict[str, str]:
        """Look at the CT."""
        from LungCAD.mrml.input_checks import check_ct

        ct = self.node.ct
        sentence = complaint_of(lambda: check_ct(ct)) if ct is not None else ""
        return {"ct": sentence} if sentence else {}

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the node or the folder that the error names."""
        if self.node.ct is not None and error.subject in (self.node.ct.GetName(), *CT_SUBJECTS):
            return "ct"
        return "folder" if error.subject in self.folder.paths else JOB

    def apply(self) -> None:
        """Look for signs in the chosen CT."""
        from LungCAD.mrml.label_propagation import ct_inputs

        self._case = Case(self.node.ct, nested_values(self.node, METHOD))
        self._show = self.showScan
        self.run("cpa", ct_inputs(self.node.ct), self._case.parameters, [self.node.ct])

    def onFolder(self, source: str, output: str) -> None:
        """Look for signs in all scans of a folder."""
        self.folder.show(None)
        self._show = self.showFolder
        paths = {"source": source, "output": output}
        self.run("cpa_folder", {}, {**nested_values(self.node, METHOD), **paths}, [])

    def showResult(self, result: JobResult) -> Generator[float, None, None]:
        """Show what was found in one scan, or what came of a folder."""
        yield from self._show(result)

    def showFolder(self, result: JobResult) -> Generator[float, None, None]:
        """Say how many scans were used and where their table is."""
        self.folder.show(result)
        yield 1.0

    def showScan(self, result: JobResult) -> Generator[float, None, None]:
        """Show table, heat maps, peaks and projections, and the sheet."""
        from LungCAD.mrml.signs import signs_in_steps
        from LungCAD.mrml.volumes import voxels_of
        from LungCAD.review import case_pseudonym_in_steps

        case = self._case
        pseudonym = yield from case_pseudonym_in_steps(voxels_of(case.ct))
        shown = yield from signs_in_steps(result, case.ct, self.logic.resultNodes(self.node))
        self.logic.keep(self.node, shown, summary_of_signs(result))
        self.showFindings(shown, case.ct, pseudonym)

    def resume(self, nodes: SignNodes, ct: slicer.vtkMRMLScalarVolumeNode | None) -> None:
        """Show what a loaded scene carries, or nothing."""
        if nodes.findings is None or ct is None:
            self.review.close()
            self.views.close()
            return
        from LungCAD.mrml.volumes import voxels_of
        from LungCAD.review import case_pseudonym_in_steps
        from LungCAD.steps import finish

        self.showFindings(nodes, ct, finish(case_pseudonym_in_steps(voxels_of(ct))))

    def showFindings(self, nodes: SignNodes, ct: slicer.vtkMRMLScalarVolumeNode, case: str) -> None:
        """Fill the panel with what was found; case : pseudonym of the CT."""
        self._shown = nodes.findings
        self.review.show(ct, nodes, case)
        self.views.show(ct, nodes)


class CPAActivationMapsLogic(ModuleLogic):
    """Signs in CTs that are nodes of the scene, for the panel and for the console."""

    PARAMETER_NODE = CPAActivationMapsParameterNode
    RESULT = SignNodes

    def findSigns(
        self,
        ct: slicer.vtkMRMLScalarVolumeNode,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of CpaParameters
    ) -> SignNodes:
        """Look for signs in six regions, and show table, heat maps, peaks and projections in new nodes.

        Runs in this process, and blocks until it is done. `parameters` are those of
        `LungCAD.tasks.cpa.CpaParameters`, such as ``check_maps=True``. `LungCAD.mrml.signs.readings_of`
        returns what was found as data.

        Raises
        ------
        InputError
            Something given cannot be used; the error says what, why and what to do.

        Example
        -------
        >>> logic = slicer.util.getModuleLogic("CPAActivationMaps")
        >>> nodes = logic.findSigns(logic.loadPhantomScan())
        """
        from LungCAD.mrml.signs import show_signs
        from LungCAD.mrml.volumes import image_from_volume
        from LungCAD.worker.in_process import run

        return show_signs(run("cpa", {"ct": image_from_volume(ct)}, parameters, progress), ct)

    def findSignsInFolder(
        self,
        source: Path | str,
        output: Path | str,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of CpaParameters
    ) -> dict[str, Any]:
        """Do so for a folder with one folder per scan; return what the job "cpa_folder" tells.

        Raises InputError as `findSigns` does; a scan that cannot be used is listed under "failed".
        """
        from LungCAD.worker.in_process import run

        paths = {"source": str(source), "output": str(output)}
        return run("cpa_folder", {}, {**parameters, **paths}, progress).data

    def loadPhantomScan(self, seed: int = 0, small: bool = False) -> slicer.vtkMRMLScalarVolumeNode:
        """Make a synthetic chest CT with signs of chronic pulmonary aspergillosis; return its node."""
        (ct,) = load_phantom_aspergillosis(seed, small)
        return ct


class CPAActivationMapsTest(ScriptedLoadableModuleTest):
    """Self-test, also behind "Reload and Test": signs are looked for in a phantom."""

    def setUp(self) -> None:
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run all tests."""
        self.setUp()
        self.test_regions_are_judged()

    def test_regions_are_judged(self) -> None:
        """Every region has probabilities, and the heat maps lie on the CT."""
        from LungCAD.mrml.signs import heat_map_of, readings_of

        logic = CPAActivationMapsLogic()
        ct = logic.loadPhantomScan(small=True)
        nodes = logic.findSigns(ct)
        readings = readings_of(nodes)
        self.assertEqual(len({reading.region for reading in readings}), 6)
        for reading in readings:
            self.assertTrue(reading.withheld or 0 <= reading.probability <= 1)
            heat = slicer.util.arrayFromVolume(heat_map_of(nodes, reading.sign))
            self.assertEqual(heat.shape, slicer.util.arrayFromVolume(ct).shape)
