# ruff: noqa: N802 - Slicer calls the methods of a module by their names in camel case
"""Lungs on chest radiographs in 3D Slicer: one film with its review, or a whole folder."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.mrml.result_nodes import FilmNodes
from LungCAD.panels.declared import load_method
from LungCAD.panels.film_folder import FILMS
from LungCAD.panels.folder_panel import Case, FolderPanel
from LungCAD.panels.labels_logic import LabelsLogic
from LungCAD.panels.module_description import describe_module
from LungCAD.panels.module_panel import JOB
from LungCAD.panels.parameter_form import DEVICES, ParameterForm
from LungCAD.panels.parameter_node import with_parameters
from LungCAD.panels.problems import complaint_of
from LungCAD.panels.result_review import review_result_in_steps
from LungCAD.panels.review import ReviewPanel
from LungCAD.panels.sample_data import FILM_NAME, PhantomSample, load_phantom_radiograph
from LungCAD.panels.self_test import SelfTest
from LungCAD.panels.summary import summary_of_film
from LungCAD.panels.views import show_film, show_over
from LungCAD.panels.weights_chooser import WeightsChooser
from LungCAD.progress import Progress, silent
from LungCAD.worker import JobResult

# What computes (LungCAD.tasks, most of LungCAD.mrml) is imported where it is used: Slicer imports every
# module when it starts, and the packages may still have to be installed.

METHOD = load_method("xray_lungs")

MODEL = "lungs on radiographs"
"""What made the labels, as their reviews have it."""

WEIGHTS = {"xray-unet": "U-Net"}

CHOICE_NAMES = {
    "bone": {"unknown": "Bright or dark: find out", "bright": "Bright"},
    "device": DEVICES,
}

TITLES = {"mirrored": "The film is shown mirrored"}

FILLED = 0.35
"""Opacity of filled lungs."""


class XrayLungSeg(ScriptedLoadableModule):
    """What the module says of itself."""

    def __init__(self, parent: Any) -> None:  # noqa: ANN401
        super().__init__(parent)
        describe_module(
            parent,
            _("X-ray lung segmentation"),
            purpose=_(
                "Finds the right and the left lung on a frontal chest radiograph and says when a person "
                "should look at the result; also on a folder of any number of films."
            ),
            method=_(
                "Kalinovsky and Kovalev, Lung image segmentation using deep learning methods and "
                "convolutional neural networks, 2016."
            ),
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData() -> None:
    """Offer the phantom's radiograph in the module Sample Data."""
    thumbnail = Path(__file__).parent / "Resources" / "Icons" / f"{FILM_NAME}.png"
    PhantomSample(thumbnail, FILM_NAME, load_phantom_radiograph).register()


@parameterNodeWrapper
@with_parameters(METHOD)
class XrayLungSegParameterNode:
    """Everything that is saved with the scene: film, parameters of the method, result."""

    film: slicer.vtkMRMLScalarVolumeNode | None
    labels: slicer.vtkMRMLSegmentationNode | None
    probability: slicer.vtkMRMLScalarVolumeNode | None
    summary: str


class XrayLungSegWidget(FolderPanel):
    """The panel: film, network, job, result, review; and a folder of films."""

    METHOD = METHOD
    FOLDER_JOB = "xray_folder"
    WORDS = FILMS

    def build(self, ui: Any) -> dict[str, qt.QLabel]:  # noqa: ANN401
        """Fill in networks, parameters, job bar, review and folder."""
        self.logic = XrayLungSegLogic()
        self.weights = WeightsChooser(ui.weightsBox, WEIGHTS, self.onWeightsChosen)
        self.forms = [
            ParameterForm(ui.inputsForm, [METHOD["mirrored"]], TITLES),
            ParameterForm(ui.advancedLayout, [METHOD["bone"], METHOD["device"]], TITLES, CHOICE_NAMES),
        ]
        ui.jobLayout.addWidget(self.jobBar.widget)
        self.review = ReviewPanel(MODEL, resumed=self.onResumed)
        ui.reviewLayout.addWidget(self.review.widget)
        self.addFolder(ui)
        for box in (ui.fillCheckBox, ui.probabilityCheckBox):
            box.toggled.connect(self.showAsChosen)
        return {field: getattr(ui, f"{field}Problem") for field in ("film", "weights", "folder", JOB)}

    def refresh(self) -> None:
        """Show what was chosen and found, then look at the film."""
        if self.node is not None:
            self.weights.choose(self.node.weights)
            if self.logic.turnTo(self.node, self.node.film):
                self.ui.probabilityCheckBox.checked = False
                if self.node.labels is not None:
                    show_film(self.node.film)
            result = self.logic.resultNodes(self.node)
            self.ui.resultSummary.text = self.node.summary
            self.ui.resultCollapsibleButton.visible = result.labels is not None
            self.review.offer(self.node.film, load_schema("lungs"), result.labels)
        super().refresh()

    def inputNodes(self) -> list[Any]:
        """Return the film."""
        return [self.node.film]

    def waitsFor(self) -> str:
        """Return what is still to be chosen."""
        return "" if self.node.film is not None else _("Choose a radiograph")

    def findProblems(self) -> dict[str, str]:
        """Look at the film."""
        from LungCAD.mrml.radiographs import check_film

        film = self.node.film
        sentence = complaint_of(lambda: check_film(film)) if film is not None else ""
        return {"film": sentence} if sentence else {}

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the node, the file or the folder that the error names."""
        if self.node.film is not None and error.subject == self.node.film.GetName():
            return "film"
        return "weights" if error.subject == self.node.weights else super().fieldOf(error)

    def apply(self) -> None:
        """Find the lungs on the chosen film; a grey copy takes the place of a tinted one."""
        from LungCAD.mrml.radiographs import film_from_volume, grey_volume

        self.node.film = film = grey_volume(self.node.film)
        self.runCase("xray", {"film": film_from_volume(film)}, film)

    def showCase(self, case: Case, result: JobResult) -> Generator[float, None, None]:
        """Show lungs and probability over the film, and open the review, unless another was chosen."""
        from LungCAD.mrml.radiographs import lungs_in_steps, review_subject

        nodes = self.logic.resultOf(self.node, case.volume)
        with self.review.awaiting_result(nodes.labels):
            shown = yield from lungs_in_steps(result, case.volume, nodes)
            self.logic.keepOf(case.volume, self.node, shown, summary=summary_of_film(result))
            subject = review_subject(result, case.volume, shown.labels, case.parameters, MODEL)
            is_chosen = self.logic.isChosen(self.node, case.volume)
            yield from review_result_in_steps(self.review, subject, is_chosen)
        if self.logic.isChosen(self.node, case.volume):
            show_film(case.volume)
            self.showAsChosen()

    def onWeightsChosen(self, name: str) -> None:
        """Called when the user chose a network."""
        self.node.weights = name

    def showAsChosen(self, *_args: object) -> None:
        """Draw the lungs as outlines or filled; under the probability, outlines alone."""
        from LungCAD.mrml.slice_views import show_filled

        result = self.logic.resultNodes(self.node)
        if result.labels is None:
            return
        probability = self.ui.probabilityCheckBox.checked
        filled = self.ui.fillCheckBox.checked and not probability
        show_filled(result.labels, FILLED if filled else 0.0)
        self.review.display.outline.checked = not filled
        show_over(self.node.film, result.probability if probability else None)


class XrayLungSegLogic(LabelsLogic):
    """Lungs on radiographs that are nodes of the scene, for the panel and for the console."""

    PARAMETER_NODE = XrayLungSegParameterNode
    RESULT = FilmNodes
    SCAN = "film"

    def segment(
        self,
        image: slicer.vtkMRMLScalarVolumeNode,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of XrayLungParameters
    ) -> FilmNodes:
        """Find both lungs on a frontal chest radiograph, and show them in new nodes.

        Runs in this process, and blocks until it is done. `parameters` are those of
        `LungCAD.tasks.xray_lungs.XrayLungParameters`, such as ``mirrored=True``.

        Raises
        ------
        InputError
            Something given cannot be used; the error says what, why and what to do.

        Example
        -------
        >>> logic = slicer.util.getModuleLogic("XrayLungSeg")
        >>> nodes = logic.segment(logic.loadPhantomRadiograph())
        """
        from LungCAD.mrml.radiographs import film_from_volume, grey_volume, show_lungs
        from LungCAD.worker.in_process import run

        film = film_from_volume(image)
        return show_lungs(run("xray", {"film": film}, parameters, progress), grey_volume(image))

    def segmentFolder(
        self,
        source: Path | str,
        output: Path | str,
        progress: Progress = silent,
        **parameters: Any,  # noqa: ANN401 - those of XrayLungParameters
    ) -> dict[str, Any]:
        """Find the lungs on all films of a folder or a CSV; return what the job "xray_folder" tells.

        Raises InputError as `segment` does; a film that cannot be used is listed under "failed".
        """
        return self.runFolder("xray_folder", source, output, parameters, progress)

    def loadPhantomRadiograph(self, seed: int = 0) -> slicer.vtkMRMLScalarVolumeNode:
        """Make the radiograph of a synthetic chest; return its node."""
        (film,) = load_phantom_radiograph(seed)
        return film


class XrayLungSegTest(SelfTest):
    """Self-test: lungs on the phantom's radiograph."""

    def test_both_lungs_are_found(self) -> None:
        """The right lung lies on the left of the film, the left one on its right, of about the same size."""
        logic = XrayLungSegLogic()
        film = logic.loadPhantomRadiograph()
        nodes = logic.segment(film)
        right, left = (
            slicer.util.arrayFromSegmentBinaryLabelmap(nodes.labels, side, film)[0] > 0
            for side in ("right_lung", "left_lung")
        )
        self.assertLess(right.nonzero()[1].mean(), left.nonzero()[1].mean())
        self.assertTrue(0.5 < right.sum() / left.sum() < 2)
        self.assertTrue(0.1 < (right | left).mean() < 0.6)
