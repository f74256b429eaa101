# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Interstitial lung disease slice by slice in 3D Slicer: where to look, without any region drawn."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from LungCAD.errors import InputError
from LungCAD.mrml.result_nodes import DetectionNodes
from LungCAD.mrml.scan_findings import findings_on
from LungCAD.panels.declared import load_method
from LungCAD.panels.findings_panel import FindingsPanel
from LungCAD.panels.folder_panel import Case
from LungCAD.panels.heat_controls import HeatControls
from LungCAD.panels.module_description import describe_module
from LungCAD.panels.module_logic import ModuleLogic
from LungCAD.panels.module_panel import JOB
from LungCAD.panels.parameter_form import DEVICES, ParameterForm
from LungCAD.panels.parameter_node import with_parameters
from LungCAD.panels.plot_points import PlotPoints
from LungCAD.panels.sample_data import SCAN_NAME, PhantomSample, load_phantom_scan
from LungCAD.panels.scan_folder import SCANS
from LungCAD.panels.self_test import SelfTest
from LungCAD.panels.slice_review import SliceReviewPanel, Subject
from LungCAD.panels.summary import summary_of_detection
from LungCAD.panels.views import show_table_and_plot
from LungCAD.panels.weights_chooser import WeightsChooser
from LungCAD.progress import Progress, silent
from LungCAD.worker import JobResult

# What computes (LungCAD.tasks, most of LungCAD.mrml) is imported where it is used: Slicer imports every
# module when it starts, and the packages may still have to be installed.

METHOD = load_method("ild_detection")

WEIGHTS = {"cnnf-quarter": "CNN-F, four diseases"}

CHOICE_NAMES = {
    "device": DEVICES,
}

TITLES = {
    "smoothing_mm": "Neighbours within",
    "least_lung_cm2": "Least lung in a slice",
    "beyond_mm": "Judged beyond the lungs",
    "mirrored": "See both sides",
    "heat_maps": "Make heat maps",
}


class ILDDetection(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        describe_module(
            parent,
            _("ILD detection"),
            purpose=_(
                "Says which slices of a chest CT show ground glass, reticulation, honeycombing or emphysema, "
                "and takes the reader there; nothing has to be drawn. Ticks that correct it become training "
                "data."
            ),
            method=_(
                "Gao, Xu, Lu et al., Holistic interstitial lung disease detection using deep "
                "convolutional neural networks, arXiv 1701.05616, 2017."
            ),
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer a phantom with disease in some slices in the module Sample Data."""
    thumbnail = Path(__file__).parent / "Resources" / "Icons" / f"{SCAN_NAME}.png"
    PhantomSample(thumbnail, SCAN_NAME, load_phantom_scan).register()


@parameterNodeWrapper
@with_parameters(METHOD)
class ILDDetectionParameterNode:
    """Everything that is saved with the scene: CT, parameters of the method, result."""

    ct: slicer.vtkMRMLScalarVolumeNode | None
    findings: slicer.vtkMRMLTextNode | None
    table: slicer.vtkMRMLTableNode | None
    along_z: slicer.vtkMRMLPlotChartNode | None
    summary: str


class ILDDetectionWidget(FindingsPanel):
    """The panel: CT, network, job, result, the slices to read; and a folder of scans."""

    METHOD = METHOD
    CASE_JOB = "detect"
    FOLDER_JOB = "detect_folder"
    WORDS = SCANS

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in networks, parameters, job bar, slices and folder."""
        self.logic = ILDDetectionLogic()
        self.weights = WeightsChooser(ui.weightsBox, WEIGHTS, self.onWeightsChosen)
        self.forms = [
            ParameterForm(ui.advancedLayout, METHOD.group("", but=["weights"]), TITLES, CHOICE_NAMES)
        ]
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.review = SliceReviewPanel()
        ui.reviewLayout.addWidget(self.review.widget)
        self.addFolder(ui)
        self.heat = HeatControls(ui, self.onHeatMap)
        ui.tableButton.clicked.connect(self.onShowTable)
        self.points = PlotPoints(self.onPoint)
        self._codes: list[str] = []
        return {field: getattr(ui, f"{field}Problem") for field in ("ct", "weights", "folder", JOB)}

    def refresh(self) -> None:
        """Show which network was chosen, then what was found."""
        if self.node is not None:
            self.weights.choose(self.node.weights)
        super().refresh()

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the node, the file or the folder that the error names."""
        return "weights" if error.subject == self.node.weights else super().fieldOf(error)

    def apply(self) -> None:
        """Look at the chosen CT; how it was scanned is known where it came from Slicer's DICOM database."""
        from LungCAD.mrml.scan_facts import known_facts
        from LungCAD.mrml.scan_order import image_as_loaded_in_steps

        ct = self.node.ct
        self.runCase(self.CASE_JOB, {"ct": image_as_loaded_in_steps(ct)}, ct, facts=known_facts(ct))

    def keepResult(
        self, result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode
    ) -> Generator[float, None, DetectionNodes]:
        """Keep table, plot and heat maps in the scene."""
        from LungCAD.mrml.detection import detection_in_steps

        return (yield from detection_in_steps(result, ct, findings_on(ct, DetectionNodes)))

    def summaryOf(self, data: Mapping[str, Any]) -> str:
        """Return which diseases were found, and what is to be known of it."""
        return summary_of_detection(data)

    def showCase(self, case: Case, result: JobResult) -> Generator[float, None, None]:
        """Show what was found, and go to the first slice that is worth reading."""
        yield from super().showCase(case, result)
        if self.node.ct is case.volume:
            self.onShowTable()
            self.review.next_worth_reading()

    def showNothing(self) -> None:
        """Empty slices and heat maps."""
        super().showNothing()
        self._codes = []
        self.heat.offer()

    def showFindings(self, nodes: DetectionNodes, ct: slicer.vtkMRMLScalarVolumeNode, case: str) -> None:
        """Fill the panel with what was found; case : pseudonym of the CT."""
        from LungCAD.mrml.detection import findings_of, heat_map_of, model_of

        findings = findings_of(nodes)
        diseases = [one for one in findings.diseases if heat_map_of(nodes, one.code) is not None]
        self._codes = [one.code for one in diseases]
        surest = max(diseases, key=lambda one: one.probability or 0, default=None)
        chosen = diseases.index(surest) if surest and surest.ranges else None
        self.heat.offer([one.name for one in diseases], chosen)
        self.onHeatMap()
        self.review.show(Subject(ct, nodes.findings, findings, case, model_of(nodes)))
        self.points.listen()

    def onWeightsChosen(self, name: str) -> None:
        """Called when the user chose a network."""
        self.node.weights = name

    def onHeatMap(self) -> None:
        """Lay the heat map of a disease over the CT, or take it away."""
        from LungCAD.mrml.detection import heat_map_of

        result, chosen = self.logic.resultNodes(self.node), self.heat.chosen
        self.heat.lay(None if chosen is None else heat_map_of(result, self._codes[chosen]), self.node.ct)

    def onShowTable(self, *_args: object) -> None:
        """Show table and plot beside the slices."""
        show_table_and_plot(self.node.table, self.node.along_z)
        self.points.listen()

    def onPoint(self, table: slicer.vtkMRMLTableNode, row: int) -> None:
        """Go to the slice whose point was clicked; plots of others are none of ours."""
        from LungCAD.mrml.detection import slice_of_row

        if self.node is not None and table is self.node.table:
            self.review.table.go_to(slice_of_row(self.logic.resultNodes(self.node), row))


class ILDDetectionLogic(ModuleLogic):
    """Disease in CTs that are nodes of the scene, for the panel and for the console."""

    PARAMETER_NODE = ILDDetectionParameterNode
    RESULT = DetectionNodes

    def detect(
        self,
        ct: slicer.vtkMRMLScalarVolumeNode,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of IldDetectionParameters
    ) -> DetectionNodes:
        """Look for disease in every slice, and show table, plot and heat maps in new nodes.

        Runs in this process, and blocks until it is done. `parameters` are those of
        `LungCAD.tasks.ild_detection.IldDetectionParameters`, such as ``smoothing_mm=0.0``.
        `LungCAD.mrml.detection.findings_of` returns what was found as data.

        Raises
        ------
        InputError
            Something given cannot be used; the error says what, why and what to do.

        Example
        -------
        >>> logic = slicer.util.getModuleLogic("ILDDetection")
        >>> nodes = logic.detect(logic.loadPhantomScan())
        """
        from LungCAD.mrml.detection import show_detection
        from LungCAD.mrml.scan_facts import known_facts
        from LungCAD.mrml.scan_order import image_as_loaded_in_steps
        from LungCAD.steps import finish
        from LungCAD.worker.in_process import run

        given = {**parameters, "facts": known_facts(ct)}
        image = finish(image_as_loaded_in_steps(ct))
        return show_detection(run("detect", {"ct": image}, given, progress), ct)

    def detectFolder(
        self,
        source: Path | str,
        output: Path | str,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of IldDetectionParameters
    ) -> dict[str, Any]:
        """Do so for a folder with one folder per scan; return what the job "detect_folder" tells.

        Raises InputError as `detect` does; a scan that cannot be used is listed under "failed".
        """
        return self.runFolder("detect_folder", source, output, parameters, progress)

    def loadPhantomScan(self, seed: int = 0, small: bool = False) -> slicer.vtkMRMLScalarVolumeNode:
        """Make a synthetic chest CT with disease in some slices; return its node."""
        (ct,) = load_phantom_scan(seed, small)
        return ct


class ILDDetectionTest(SelfTest):
    """Self-test: disease is looked for in a phantom."""

    def test_slices_with_lung_are_judged(self) -> None:
        """Slices with lung have probabilities, those beyond have none, and heat maps lie on the CT."""
        from LungCAD.mrml.detection import findings_of, heat_map_of

        logic = ILDDetectionLogic()
        ct = logic.loadPhantomScan(small=True)
        nodes = logic.detect(ct)
        findings = findings_of(nodes)
        self.assertTrue(0 < len(findings.judged) <= len(findings.slices))
        self.assertEqual(nodes.table.GetNumberOfRows(), len(findings.judged))
        for disease in findings.diseases:
            self.assertTrue(0 <= disease.probability <= 1)
            heat = slicer.util.arrayFromVolume(heat_map_of(nodes, disease.code))
            self.assertEqual(heat.shape, slicer.util.arrayFromVolume(ct).shape)
