# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Signs of chronic pulmonary aspergillosis in 3D Slicer: which region shows them, and where they are."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from LungCAD.mrml.result_nodes import SignNodes
from LungCAD.mrml.scan_findings import findings_on
from LungCAD.panels.declared import load_method
from LungCAD.panels.findings_panel import FindingsPanel
from LungCAD.panels.module_description import describe_module
from LungCAD.panels.module_logic import ModuleLogic
from LungCAD.panels.module_panel import JOB
from LungCAD.panels.parameter_form import DEVICES, ParameterForm
from LungCAD.panels.parameter_node import with_parameters
from LungCAD.panels.sample_data import CPA_NAME, PhantomSample, load_phantom_aspergillosis
from LungCAD.panels.scan_folder import SIGN_SCANS
from LungCAD.panels.self_test import SelfTest
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
    "layer": {
        "final": "Final layer, as published",
        "earlier": "One stage earlier",
        "earliest": "Two stages earlier",
    },
    "device": DEVICES,
}

TITLES = {
    "weights": "Own networks",
    "threshold": "Present from",
    "rotations": "Turned copies",
    "score": "Heat explains",
    "layer": "Heat comes from",
    "counterfactual": "Show what speaks against",
    "check_maps": "Check the heat maps",
}


class CPAActivationMaps(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        describe_module(
            parent,
            _("CPA activation maps"),
            purpose=_(
                "Says which sixths of the lungs show cavities, fungus balls and thickened pleura, signs of "
                "chronic pulmonary aspergillosis, and where they are. Ticks that correct it become training "
                "data."
            ),
            method=_(
                "Zusag, Desai, Di Paolo et al., SAPSAM: sparsely annotated pathological sign activation maps."
            ),
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


class CPAActivationMapsWidget(FindingsPanel):
    """The panel: CT, job, result, sheet; and a folder of scans."""

    METHOD = METHOD
    CASE_JOB = "cpa"
    FOLDER_JOB = "cpa_folder"
    WORDS = SIGN_SCANS

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in parameters, job bar, sheet and folder."""
        self.logic = CPAActivationMapsLogic()
        self.forms = [ParameterForm(ui.advancedLayout, METHOD.parameters, TITLES, CHOICE_NAMES)]
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.views = SignViews(ui)
        self.review = SignSheetPanel(self.views.go_to, self.views.require_on_display)
        ui.reviewLayout.addWidget(self.review.widget)
        self.addFolder(ui)
        return {field: getattr(ui, f"{field}Problem") for field in ("ct", "folder", JOB)}

    def keepResult(
        self, result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode
    ) -> Generator[float, None, SignNodes]:
        """Keep table, heat maps, peaks and projections in the scene."""
        from LungCAD.mrml.signs import signs_in_steps

        return (yield from signs_in_steps(result, ct, findings_on(ct, SignNodes)))

    def summaryOf(self, data: Mapping[str, Any]) -> str:
        """Return which signs the regions show, and what is to be known of it."""
        return summary_of_signs(data)

    def showNothing(self) -> None:
        """Empty sheet and views."""
        super().showNothing()
        self.views.close()

    def showFindings(self, nodes: SignNodes, ct: slicer.vtkMRMLScalarVolumeNode, case: str) -> None:
        """Fill the panel with what was found; case : pseudonym of the CT."""
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
        return self.runFolder("cpa_folder", source, output, parameters, progress)

    def loadPhantomScan(self, seed: int = 0, small: bool = False) -> slicer.vtkMRMLScalarVolumeNode:
        """Make a synthetic chest CT with signs of chronic pulmonary aspergillosis; return its node."""
        (ct,) = load_phantom_aspergillosis(seed, small)
        return ct


class CPAActivationMapsTest(SelfTest):
    """Self-test: signs are looked for in a phantom."""

    def test_regions_are_judged(self) -> None:
        """Every region has probabilities, and the heat maps lie on the CT."""
        from LungCAD.mrml.signs import heat_map_of, readings_of
        from LungCAD.weights.shipped import shipped_files

        if not shipped_files("cpa-"):
            self.skipTest("No networks are shipped")
        logic = CPAActivationMapsLogic()
        ct = logic.loadPhantomScan(small=True)
        nodes = logic.findSigns(ct)
        readings = readings_of(nodes)
        self.assertEqual(len({reading.region for reading in readings}), 6)
        for reading in readings:
            self.assertTrue(reading.withheld or 0 <= reading.probability <= 1)
            heat = slicer.util.arrayFromVolume(heat_map_of(nodes, reading.sign))
            self.assertEqual(heat.shape, slicer.util.arrayFromVolume(ct).shape)
