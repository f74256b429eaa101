# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Interstitial lung disease in 3D Slicer: a network labels every slice of a CT, a reader reviews it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Union

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from LungCAD.errors import InputError
from LungCAD.labels import Schema, load_schema
from LungCAD.mrml.result_nodes import ResultNodes
from LungCAD.panels.case_folder import Words, summary
from LungCAD.panels.declared import Value, load_method
from LungCAD.panels.folder_panel import Case, FolderPanel
from LungCAD.panels.labels_logic import LabelsLogic
from LungCAD.panels.module_description import describe_module
from LungCAD.panels.module_panel import JOB
from LungCAD.panels.parameter_form import DEVICES, ParameterForm
from LungCAD.panels.parameter_node import with_parameters
from LungCAD.panels.problems import complaint_of
from LungCAD.panels.remeasure import Remeasure
from LungCAD.panels.result_review import review_result_in_steps
from LungCAD.panels.review import ReviewPanel
from LungCAD.panels.sample_data import INTERSTITIAL_NAME, PhantomSample, load_phantom_ct
from LungCAD.panels.schema_chooser import legend
from LungCAD.panels.self_test import SelfTest
from LungCAD.panels.summary import summary_of
from LungCAD.panels.views import show_over, show_table_and_plot
from LungCAD.panels.weights_chooser import WeightsChooser, said_of_weights
from LungCAD.progress import Progress, silent
from LungCAD.worker import JobResult

# What computes (LungCAD.tasks, most of LungCAD.mrml) is imported where it is used: Slicer imports every
# module when it starts, and the packages may still have to be installed.

METHOD = load_method("ild_segmentation")

MODEL = "ILD segmentation"
"""What made the labels, as their reviews have it; there the name of the weights follows."""

WEIGHTS = {"lungnet-six": "LungNet, six patterns", "lungnet-gao": "LungNet, Gao's five"}
SCHEMAS = {"lungnet-six": "lungnet6", "lungnet-gao": "gao5"}
"""Classes of the shipped weights; those of a file stand in it."""

MAIN_PARAMETERS = ("refine", "suppress_vessels")
"""Shown to everybody; the others are under Advanced."""

TITLES = {
    "refine": "Smoothing",
    "suppress_vessels": "Set vessels and bronchi aside",
    "crf_unit": "Unit of alpha, gamma",
}

CHOICE_NAMES = {
    "refine": {"none": "None", "crf2d": "Slice by slice", "crf3d": "Whole volume"},
    "device": DEVICES,
}

NODES = ("ct", "lungs")
"""Fields of the panel in which a node is chosen."""

FIELDS = {"CT": "ct", "The CT": "ct", "lung mask": "lungs", "The lung mask": "lungs"}
"""Which field of the panel an error of the method concerns, by its subject."""


def summary_of_folder(result: JobResult) -> str:
    """Return as rich text how many CTs were segmented, which were not, and where the list is."""
    data = result.data
    done = f"{data['scans'] - len(data['failed'])} of {data['scans']} CTs, each with a folder and a report."
    return summary(done, data["failed"], f"List: {data['table']}", "the list")


FOLDER = Words(
    cases="CTs",
    what="A folder with one folder per CT; a lung mask lungs.seg.nrrd beside a CT is used",
    waiting="Choose the CTs and a folder for the results",
    button="Segment all of them",
    effect="Labels, probabilities, tables and a report for every CT",
    summary=summary_of_folder,
    series=True,
)
"""Of the job "ild_folder"."""


class ILDSegmentation(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        describe_module(
            parent,
            _("ILD segmentation"),
            purpose=_(
                "Labels patterns of interstitial lung disease on every slice of a chest CT with a trained "
                "network, and measures their extent; you review the result slice by slice."
            ),
            method=_(
                "Anthimopoulos, Christodoulidis, Ebner et al., Semantic segmentation of pathological "
                "lung tissue with dilated fully convolutional networks, IEEE JBHI 2018."
            ),
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer a phantom with interstitial lung disease in the module Sample Data."""
    thumbnail = Path(__file__).parent / "Resources" / "Icons" / f"{INTERSTITIAL_NAME}.png"
    PhantomSample(thumbnail, INTERSTITIAL_NAME, load_phantom_ct).register()


@parameterNodeWrapper
@with_parameters(METHOD)
class ILDSegmentationParameterNode:
    """Everything that is saved with the scene: inputs, parameters of the method, result."""

    ct: slicer.vtkMRMLScalarVolumeNode | None
    lungs: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    labels: slicer.vtkMRMLSegmentationNode | None
    uncertainty: slicer.vtkMRMLScalarVolumeNode | None
    provenance: slicer.vtkMRMLScalarVolumeNode | None
    measurements: slicer.vtkMRMLTableNode | None
    along_z: slicer.vtkMRMLPlotChartNode | None
    labels_schema: str
    summary: str
    measured: str


class ILDSegmentationWidget(FolderPanel):
    """The panel: CT, network, job, result, review; and a folder of CTs."""

    METHOD = METHOD
    FOLDER_JOB = "ild_folder"
    WORDS = FOLDER

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in networks, parameters, job bar, review and folder."""
        self.logic = ILDSegmentationLogic()
        self.weights = WeightsChooser(ui.weightsBox, WEIGHTS, self.onWeightsChosen)
        ui.weightsLegend.wordWrap = True
        others = METHOD.group("", but=["weights", *MAIN_PARAMETERS])
        self.forms = [
            ParameterForm(ui.methodLayout, [METHOD[name] for name in MAIN_PARAMETERS], TITLES, CHOICE_NAMES),
            ParameterForm(ui.advancedLayout, others, TITLES, CHOICE_NAMES),
            ParameterForm(ui.crfLayout, METHOD.group("crf"), TITLES, CHOICE_NAMES),
        ]
        self.forms[1].widgets["slices"].placeholderText = _("All, or such as 5,20-40,50-90:10")
        self.forms[-1].add_presets(METHOD.presets["crf"], self.applyPreset)
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.review = ReviewPanel(MODEL, resumed=self.onResumed)
        ui.reviewLayout.addWidget(self.review.widget)
        self.remeasure = Remeasure(self, ui.resultLayout)
        self.addFolder(ui)
        ui.uncertaintyCheckBox.toggled.connect(self.onShowUncertainty)
        ui.tableButton.clicked.connect(self.onShowTable)
        return {field: getattr(ui, f"{field}Problem") for field in (*NODES, "weights", "folder", JOB)}

    def refresh(self) -> None:
        """Show what was chosen and made, then look at the inputs."""
        if self.node is not None:
            schema = schema_of(self.node.weights)
            self.weights.choose(self.node.weights)
            self.ui.weightsLegend.text = legend(schema) if schema else ""
            if self.logic.turnTo(self.node, self.node.ct):
                self.ui.uncertaintyCheckBox.checked = False
                if self.node.labels is not None:
                    show_over(self.node.ct, None, fit=True)
            result = self.logic.resultNodes(self.node)
            self.ui.resultSummary.text = self.node.summary
            self.ui.resultCollapsibleButton.visible = result.labels is not None
            shown = load_schema(self.node.labels_schema) if self.node.labels_schema else schema
            if shown:
                self.review.offer(self.node.ct, shown, result.labels)
        super().refresh()

    def inputNodes(self) -> list[Any]:
        """Return CT and lungs."""
        return [getattr(self.node, field) for field in NODES]

    def waitsFor(self) -> str:
        """Return what is still to be chosen."""
        return "" if self.node.ct is not None else _("Choose a CT")

    def findProblems(self) -> dict[str, str]:
        """Look at CT, lungs and the file of the network."""
        from LungCAD.mrml.input_checks import check_ct, check_drawn

        node = self.node
        if node.ct is None:
            return {}
        checks = {"ct": lambda: check_ct(node.ct)}
        if node.lungs is not None:
            checks["lungs"] = lambda: check_drawn(node.lungs, node.ct, load_schema("lungs"), 1)
        if node.weights not in WEIGHTS:
            checks["weights"] = lambda: check_weights(node.weights)
        return {field: sentence for field, check in checks.items() if (sentence := complaint_of(check))}

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the node, the file or the image that the error names."""
        names = {node.GetName(): field for field in NODES if (node := getattr(self.node, field)) is not None}
        return {self.node.weights: "weights", **FIELDS, **names}.get(error.subject) or super().fieldOf(error)

    def apply(self) -> None:
        """Start the segmentation."""
        from LungCAD.mrml.label_propagation import inputs_as_loaded
        from LungCAD.mrml.scan_facts import known_facts

        ct = self.node.ct
        self.runCase("ild", inputs_as_loaded(ct, self.node.lungs), ct, facts=known_facts(ct))

    def showCase(self, case: Case, result: JobResult) -> Generator[float, None, None]:
        """Show labels, table and plot, and open the review, unless another CT was chosen meanwhile."""
        from LungCAD.mrml.label_propagation import result_as_stored, result_in_steps
        from LungCAD.mrml.reviewed_case import Subject

        result = result_as_stored(result, case.volume)
        schema = load_schema(result.data["schema"])
        nodes = self.logic.resultOf(self.node, case.volume)
        with self.review.awaiting_result(nodes.labels):
            shown = yield from result_in_steps(result, schema, case.volume, nodes)
            self.logic.keepOf(
                case.volume,
                self.node,
                shown,
                summary=summary_of(result),
                labels_schema=result.data["schema"],
            )
            subject = Subject(
                case.volume,
                shown.labels,
                schema,
                result.images["provenance"],
                result.images["uncertainty"],
                result=result.images["labels"],
                model=f"{MODEL}, {Path(case.parameters['weights']).stem}",
                parameters=case.parameters,
            )
            is_chosen = self.logic.isChosen(self.node, case.volume)
            if is_chosen:
                self.onShowUncertainty(self.ui.uncertaintyCheckBox.checked)
            yield from review_result_in_steps(self.review, subject, is_chosen)

    def onWeightsChosen(self, name: str) -> None:
        """Called when the user chose a network."""
        self.node.weights = name

    def applyPreset(self, values: Mapping[str, Value]) -> None:
        """Set the parameters of the dense CRF to those of a preset."""
        with slicer.util.NodeModify(self.node):
            for name, value in values.items():
                setattr(self.node, name, value)

    def onShowUncertainty(self, shown: bool) -> None:
        """Lay the uncertainty over the CT, or take it away."""
        show_over(self.node.ct, self.node.uncertainty if shown else None)

    def onShowTable(self, *_args: object) -> None:
        """Show table and plot beside the slices."""
        show_table_and_plot(self.node.measurements, self.node.along_z)


def check_weights(file: str) -> Schema:
    """Return the label schema of a weights file; InputError where it cannot be used here."""
    from LungCAD.tasks.ild_input import ARCHITECTURES, IldInput

    said, remedy = said_of_weights(file), "Choose one that lungcad train ild made"
    if said["architecture"] not in ARCHITECTURES:
        raise InputError(file, f"is a network of architecture {said['architecture']}", remedy)
    try:
        IldInput.from_plain(said["input"])
    except ValueError as error:
        raise InputError(file, "was not trained on slices of a lung", remedy) from error
    return load_schema(said["schema"])


def schema_of(weights: str) -> Schema | None:
    """Return the label schema of shipped weights or of a file; None where it has none."""
    try:
        return load_schema(SCHEMAS[weights]) if weights in SCHEMAS else check_weights(weights)
    except InputError:
        return None


class ILDSegmentationLogic(LabelsLogic):
    """Interstitial lung disease in CTs that are nodes of the scene, for the panel and for the console."""

    PARAMETER_NODE = ILDSegmentationParameterNode
    RESULT = ResultNodes

    def segment(
        self,
        ct: slicer.vtkMRMLScalarVolumeNode,
        weights: str = "lungnet-six",
        lungs: slicer.vtkMRMLNode | None = None,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of IldSegmentationParameters
    ) -> ResultNodes:
        """Label both lungs, and show the result in new nodes.

        Runs in this process, and blocks until it is done. `weights` are shipped ones by name, or a file;
        `parameters` those of `LungCAD.tasks.ild_segmentation.IldSegmentationParameters`, such as
        ``refine="crf2d"`` or ``slices="10-20"``, counted in the order in which Slicer loads the CT.

        Raises
        ------
        InputError
            Something given cannot be used; the error says what, why and what to do.

        Example
        -------
        >>> logic = slicer.util.getModuleLogic("ILDSegmentation")
        >>> nodes = logic.segment(logic.loadPhantomCT())
        """
        from LungCAD.mrml.label_propagation import inputs_as_loaded, result_as_stored, show_result
        from LungCAD.mrml.scan_facts import known_facts
        from LungCAD.steps import finish
        from LungCAD.worker.in_process import run

        images = {name: finish(steps) for name, steps in inputs_as_loaded(ct, lungs).items()}
        given = {**parameters, "weights": weights, "facts": known_facts(ct)}
        result = result_as_stored(run("ild", images, given, progress), ct)
        return show_result(result, load_schema(result.data["schema"]), ct)

    def segmentFolder(
        self,
        source: Path | str,
        output: Path | str,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of IldSegmentationParameters
    ) -> dict[str, Any]:
        """Segment the CT of every sub-folder of `source`; return what the job "ild_folder" tells.

        Raises InputError as `segment` does; a CT that cannot be used is listed under "failed".
        """
        return self.runFolder("ild_folder", source, output, parameters, progress)

    def loadPhantomCT(self, seed: int = 0, small: bool = False) -> slicer.vtkMRMLScalarVolumeNode:
        """Make a synthetic chest CT with interstitial lung disease; return its node."""
        (ct,) = load_phantom_ct(seed, small)
        return ct


class ILDSegmentationTest(SelfTest):
    """Self-test: a phantom, labelled by the shipped network."""

    def test_the_lung_is_labelled(self) -> None:
        """Lung is labelled, nothing but lung is, and not all of it alike."""
        logic = ILDSegmentationLogic()
        ct = logic.loadPhantomCT(small=True)
        nodes = logic.segment(ct)
        identifiers = nodes.labels.GetSegmentation().GetSegmentIDs()
        labelled = [
            (slicer.util.arrayFromSegmentBinaryLabelmap(nodes.labels, identifier, ct) > 0).sum()
            for identifier in identifiers
        ]
        share = sum(labelled) / slicer.util.arrayFromVolume(ct).size
        self.assertTrue(0.05 < share < 0.6)
        self.assertLess(max(labelled), 0.98 * sum(labelled))
