# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Label propagation in 3D Slicer: draw a few regions, label the lung, review it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from LungCAD.errors import InputError
from LungCAD.labels import Schema, load_schema, schema_reference
from LungCAD.mrml.result_nodes import PropagationNodes
from LungCAD.panels.declared import Value, load_method
from LungCAD.panels.labels_logic import LabelsLogic
from LungCAD.panels.module_description import describe_module
from LungCAD.panels.module_panel import JOB, ModulePanel
from LungCAD.panels.parameter_form import DEVICES, ParameterForm
from LungCAD.panels.parameter_node import nested_values, with_parameters
from LungCAD.panels.problems import check_file, complaint_of
from LungCAD.panels.remeasure import Remeasure
from LungCAD.panels.result_review import review_result_in_steps
from LungCAD.panels.review import ReviewPanel
from LungCAD.panels.sample_data import PhantomSample, load_phantom_study
from LungCAD.panels.schema_chooser import SchemaChooser
from LungCAD.panels.self_test import SelfTest
from LungCAD.panels.summary import summary_of
from LungCAD.panels.views import draw_segments, show_over, show_table_and_plot
from LungCAD.progress import Progress, silent
from LungCAD.worker import JobResult

if TYPE_CHECKING:
    from LungCAD.steps import Steps
    from LungCAD.worker.image_files import PlacedVoxels

# What computes (LungCAD.tasks, most of LungCAD.mrml) is imported where it is used: Slicer imports every
# module when it starts, and the packages may still have to be installed.

METHOD = load_method("label_propagation")

MODEL = "label propagation"
"""What made the labels, as their reviews have it."""

MAIN_PARAMETERS = ("mode", "unary")
"""Shown to everybody; the others are under Advanced."""

TITLES = {
    "mode": "Smoothing",
    "unary": "Classes from",
    "undecided": "Leave unlike tissue without a label",
    "crf_unit": "Unit of alpha, gamma",
}

CHOICE_NAMES = {
    "mode": {"slice": "Slice by slice", "volume": "Whole volume"},
    "unary": {"rois": "The drawn regions", "network": "A network", "both": "Regions and network"},
    "device": DEVICES,
}

HEAT_MAPS = {
    "": ("Nothing", "The CT alone"),
    "uncertainty": ("Uncertainty", "Bright where the classes are hard to tell"),
    "expected_change": (
        "Where the next region helps most",
        "Bright where drawing or correcting is expected to change the most labels",
    ),
}
"""What may lie over the CT: members of the result, with titles and tool tips."""

NODES = ("ct", "rois", "lungs")
"""Fields of the panel in which a node is chosen."""

FIELDS = {"CT": "ct", "The CT": "ct", "drawn regions": "rois", "lung mask": "lungs", "The lung mask": "lungs"}
"""Which field of the panel an error of the method concerns, by its subject."""


class CRFLabelPropagation(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        describe_module(
            parent,
            _("CRF label propagation"),
            purpose=_(
                "Draw a few small regions in a chest CT; the rest of both lungs is labelled from them, and "
                "you review the result slice by slice. What you drew is never changed."
            ),
            method=_(
                "Gao, Xu, Lu et al., Segmentation label propagation using deep convolutional neural "
                "networks and dense conditional random field, ISBI 2016."
            ),
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer the phantom study in the module Sample Data."""
    PhantomSample(Path(__file__).parent / "Resources" / "Icons" / "LungCADPhantom.png").register()


@parameterNodeWrapper
@with_parameters(METHOD)
class CRFLabelPropagationParameterNode:
    """Everything that is saved with the scene: inputs, parameters of the method, result."""

    ct: slicer.vtkMRMLScalarVolumeNode | None
    rois: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    lungs: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    network: str
    labels: slicer.vtkMRMLSegmentationNode | None
    uncertainty: slicer.vtkMRMLScalarVolumeNode | None
    expected_change: slicer.vtkMRMLScalarVolumeNode | None
    provenance: slicer.vtkMRMLScalarVolumeNode | None
    measurements: slicer.vtkMRMLTableNode | None
    along_z: slicer.vtkMRMLPlotChartNode | None
    labels_schema: str
    summary: str
    measured: str


@dataclass(frozen=True)
class Case:
    """What a job was started with: the panel may show other choices when it ends."""

    ct: slicer.vtkMRMLScalarVolumeNode
    schema: Schema
    parameters: Mapping[str, Any]


class CRFLabelPropagationWidget(ModulePanel):
    """The panel: inputs, method, job, result, review."""

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in schemas, parameters and job bar."""
        self.logic = CRFLabelPropagationLogic()
        self.schemas = SchemaChooser(ui.schemaBox, ui.schemaLegend, self.onSchemaChosen, self.onSchemaRefused)
        others = METHOD.group("", but=["schema", *MAIN_PARAMETERS])
        self.forms = [
            ParameterForm(ui.methodLayout, [METHOD[name] for name in MAIN_PARAMETERS], TITLES, CHOICE_NAMES),
            ParameterForm(ui.advancedLayout, others, TITLES, CHOICE_NAMES),
            ParameterForm(ui.crfLayout, METHOD.group("crf"), TITLES, CHOICE_NAMES),
        ]
        self.forms[-1].add_presets(METHOD.presets["crf"], self.applyPreset)
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.review = ReviewPanel(MODEL, repropagate=self.onRepropagate, resumed=self.onResumed)
        ui.reviewLayout.addWidget(self.review.widget)
        self.remeasure = Remeasure(self, ui.resultLayout)
        ui.networkPath.currentPathChanged.connect(self.onNetworkChosen)
        ui.drawButton.clicked.connect(self.onDraw)
        for name, (title, explanation) in HEAT_MAPS.items():
            ui.heatMapBox.addItem(title, name)
            ui.heatMapBox.setItemData(ui.heatMapBox.count - 1, explanation, qt.Qt.ToolTipRole)
        ui.heatMapBox.connect("currentIndexChanged(int)", self.onHeatMapChosen)
        ui.tableButton.clicked.connect(self.onShowTable)
        return {field: getattr(ui, f"{field}Problem") for field in (*NODES, "schema", "network", JOB)}

    def refresh(self) -> None:
        """Show what was chosen and made, then look at the inputs."""
        if self.node is not None:
            schema = _known_schema(self.node.schema)
            self.schemas.choose(self.node.schema) if schema else self.schemas.choose_none()
            self.ui.networkWidget.visible = self.node.unary != "rois"
            self.ui.networkPath.currentPath = self.node.network
            if self.logic.turnTo(self.node, self.node.ct):
                self.ui.heatMapBox.currentIndex = 0
                if self.node.labels is not None:
                    show_over(self.node.ct, None, fit=True)
            result = self.logic.resultNodes(self.node)
            self.ui.resultSummary.text = self.node.summary
            self.ui.resultCollapsibleButton.visible = result.labels is not None
            shown = load_schema(self.node.labels_schema) if self.node.labels_schema else schema
            if shown:
                self.review.offer(self.node.ct, shown, result.labels)
            can_draw = schema is not None and not _is_label_map(self.node.rois)
            self.ui.drawButton.enabled = self.node.ct is not None and can_draw
        super().refresh()

    def inputNodes(self) -> list[Any]:
        """Return CT, drawn regions and lungs."""
        return [getattr(self.node, field) for field in NODES]

    def waitsFor(self) -> str:
        """Return what is still to be chosen."""
        if self.node.ct is None:
            return _("Choose a CT")
        if self.node.rois is None:
            return _("Choose the drawn regions, or press Draw to make them")
        if self.node.unary != "rois" and not self.node.network:
            return _("Choose the file of the network")
        return ""

    def findProblems(self) -> dict[str, str]:
        """Look at the schema, then at CT, drawn regions and lungs."""
        from LungCAD.mrml.input_checks import check_ct, check_drawn

        node = self.node
        if unknown := complaint_of(lambda: load_schema(node.schema)):
            return {"schema": unknown}
        if node.ct is None:
            return {}
        checks = {"ct": lambda: check_ct(node.ct)}
        if node.rois is not None and node.rois is node.labels:
            checks["rois"] = lambda: _refuse_result(node.rois)
        elif node.rois is not None:
            classes = 2 if node.unary == "rois" else 1
            checks["rois"] = lambda: check_drawn(node.rois, node.ct, load_schema(node.schema), classes)
        if node.lungs is not None:
            checks["lungs"] = lambda: check_drawn(node.lungs, node.ct, load_schema("lungs"), 1)
        if node.unary != "rois" and node.network:
            checks["network"] = lambda: check_file(node.network)
        return {field: sentence for field, check in checks.items() if (sentence := complaint_of(check))}

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the node, the file or the image that the error names."""
        names = {node.GetName(): field for field in NODES if (node := getattr(self.node, field)) is not None}
        return {self.node.network: "network", **FIELDS, **names}.get(error.subject, JOB)

    def apply(self) -> None:
        """Start the propagation."""
        self._start("propagate")

    def onRepropagate(self, corrections: Steps[PlacedVoxels]) -> None:
        """Spread what the reader corrected (`LabelPropagation.update`).

        Raises
        ------
        InputError
            Another CT or schema than that of the review is chosen; the inputs are not complete.
        """
        labels = self.review.case.labels
        if labels.volume is not self.node.ct or labels.schema != load_schema(self.node.schema):
            problem = f"is of {labels.volume.GetName()} and the schema {labels.schema.name}"
            raise InputError("The review", problem, "Choose them above")
        self._failure = {}
        self.refresh()
        if self.jobBar.problem:
            raise InputError("The inputs", "are not ready", self.jobBar.problem)
        self._start("repropagate", corrections=corrections)

    def _start(self, job: str, **further: Steps[PlacedVoxels]) -> None:
        from LungCAD.mrml.label_propagation import job_inputs
        from LungCAD.mrml.scan_facts import known_facts
        from LungCAD.mrml.volumes import placed_voxels

        node = self.node
        schema = load_schema(node.schema)
        parameters = {**nested_values(node, METHOD), "network": node.network, "facts": known_facts(node.ct)}
        inputs = {
            **job_inputs(node.ct, node.rois, schema, node.lungs),
            "ct": placed_voxels(node.ct),
            **further,
        }
        self._case = Case(node.ct, schema, parameters)
        self.run(job, inputs, parameters, [node.ct])

    def showResult(self, result: JobResult) -> Generator[float, None, None]:
        """Show labels, table and plot, and open the review, unless another CT was chosen meanwhile."""
        from LungCAD.mrml.label_propagation import result_in_steps
        from LungCAD.mrml.reviewed_case import Subject

        case = self._case
        nodes = self.logic.resultOf(self.node, case.ct)
        with self.review.awaiting_result(nodes.labels):
            shown = yield from result_in_steps(result, case.schema, case.ct, nodes)
            said = {"summary": summary_of(result), "labels_schema": schema_reference(case.schema)}
            self.logic.keepOf(case.ct, self.node, shown, **said)
            subject = Subject(
                case.ct,
                shown.labels,
                case.schema,
                result.images["provenance"],
                result.images["uncertainty"],
                alternative=result.images["unary_labels"],
                result=result.images["labels"],
                model=MODEL,
                parameters=case.parameters,
            )
            is_chosen = self.logic.isChosen(self.node, case.ct)
            if is_chosen:
                self.ui.heatMapBox.currentIndex = 0
                show_over(case.ct, None)
            yield from review_result_in_steps(self.review, subject, is_chosen)

    def onSchemaChosen(self, name: str) -> None:
        """Called when the user chose a schema."""
        self.node.schema = name
        self.onInputModified()  # also where it is the one of before, and a file was refused in between

    def onSchemaRefused(self, sentence: str) -> None:
        """Called when the chosen file is no schema."""
        self.remark("schema", sentence)

    def onNetworkChosen(self, path: str) -> None:
        """Called when the path in the panel changes."""
        if self.node is not None and path != self.node.network:
            self.node.network = path

    def applyPreset(self, values: Mapping[str, Value]) -> None:
        """Set the parameters of the dense CRF to those of a preset."""
        with slicer.util.NodeModify(self.node):
            for name, value in values.items():
                setattr(self.node, name, value)

    def onDraw(self, *_args: object) -> None:
        """Go to the Segment Editor, with an empty segment per class where there is nothing to draw in."""
        if self.node.rois is None:
            from LungCAD.mrml.segments import new_roi_segmentation

            self.node.rois = new_roi_segmentation(load_schema(self.node.schema), self.node.ct)
        draw_segments(self.node.rois, self.node.ct)

    def onHeatMapChosen(self, index: int) -> None:
        """Lay a heat map over the CT, or take it away."""
        if self.node is not None:
            name = list(HEAT_MAPS)[index]
            show_over(self.node.ct, getattr(self.node, name) if name else None)

    def onShowTable(self, *_args: object) -> None:
        """Show table and plot beside the slices."""
        show_table_and_plot(self.node.measurements, self.node.along_z)


def _known_schema(name: str) -> Schema | None:
    """Return a schema; None where its file is gone."""
    try:
        return load_schema(name)
    except InputError:
        return None


def _refuse_result(labels: slicer.vtkMRMLSegmentationNode) -> None:
    remedy = "Choose those that you drew; the result is corrected in the review"
    raise InputError(labels.GetName(), "is the result, which the next one is written to", remedy)


def _is_label_map(node: slicer.vtkMRMLNode | None) -> bool:
    return isinstance(node, slicer.vtkMRMLLabelMapVolumeNode)


class CRFLabelPropagationLogic(LabelsLogic):
    """Label propagation on nodes of the scene, for the panel and for the console."""

    PARAMETER_NODE = CRFLabelPropagationParameterNode
    RESULT = PropagationNodes

    def propagate(
        self,
        ct: slicer.vtkMRMLScalarVolumeNode,
        rois: slicer.vtkMRMLNode,
        schema: str = "gao5",
        lungs: slicer.vtkMRMLNode | None = None,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of LabelPropagationParameters
    ) -> PropagationNodes:
        """Label both lungs from a few drawn regions, and show the result in new nodes.

        Runs in this process, and blocks until it is done. `parameters` are those of
        `LungCAD.tasks.label_propagation.LabelPropagationParameters`, such as ``mode="slice"`` or
        ``crf={"iterations": 5}``.

        Raises
        ------
        InputError
            Something given cannot be used; the error says what, why and what to do.

        Example
        -------
        >>> logic = slicer.util.getModuleLogic("CRFLabelPropagation")
        >>> ct, rois = logic.loadPhantomStudy()
        >>> nodes = logic.propagate(ct, rois, schema="gao5")
        """
        from LungCAD.mrml.label_propagation import job_inputs, show_result
        from LungCAD.mrml.scan_facts import known_facts
        from LungCAD.steps import finish
        from LungCAD.worker.in_process import run

        loaded = load_schema(schema)
        images = {name: finish(steps) for name, steps in job_inputs(ct, rois, loaded, lungs).items()}
        given = {**parameters, "schema": schema, "facts": known_facts(ct)}
        result = run("propagate", images, given, progress)
        return show_result(result, loaded, ct, PropagationNodes())

    def loadPhantomStudy(
        self, seed: int = 0, small: bool = False
    ) -> tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLSegmentationNode]:
        """Make a synthetic chest CT with disease, and a reader's sparse regions; return the two nodes."""
        return load_phantom_study(seed, small)


class CRFLabelPropagationTest(SelfTest):
    """Self-test: a small phantom study, propagated."""

    def test_propagation_keeps_what_was_drawn(self) -> None:
        """Every drawn voxel has the drawn label in the result, and much more is labelled than was drawn."""
        logic = CRFLabelPropagationLogic()
        ct, rois = logic.loadPhantomStudy(small=True)
        nodes = logic.propagate(ct, rois, schema="gao5")
        for identifier in rois.GetSegmentation().GetSegmentIDs():
            drawn, labelled = (
                slicer.util.arrayFromSegmentBinaryLabelmap(node, identifier, ct) > 0
                for node in (rois, nodes.labels)
            )
            self.assertTrue(labelled[drawn].all(), identifier)
            self.assertGreater(labelled.sum(), 5 * drawn.sum(), identifier)
