"""The module X-ray lung segmentation: its panel and its logic, with a network that takes dark for lung."""

import csv
import tempfile
import unittest
from pathlib import Path

import numpy as np
import slicer
from dark_network import chest, save_dark_network
from panel_case import PanelCase, load_module

from LungCAD.errors import Cancelled, InputError
from LungCAD.panels import review_settings
from LungCAD.panels.views import show_film

NAME = "XrayLungSeg"
RIGHT, LEFT = "right_lung", "left_lung"
LYING = np.diag([-1.0, -1.0, 1.0, 1.0])
"""How Slicer loads a film: as if it were an axial slice."""

STANDING = np.array([[-0.5, 0, 0, 9], [0, 0, 1, 7], [0, -0.5, 0, 5], [0, 0, 0, 1.0]])
"""A frontal film where it was taken: pixels of 0.5 mm, rows down the patient."""


class FilmTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.weights = str(save_dark_network(Path(folder.name) / "dark.safetensors"))
        cls.method = {"weights": cls.weights, "bone": "bright"}

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        load_module(NAME)

    def film(self, pixels=None, name="Film", place=LYING):
        pixels = chest() if pixels is None else pixels
        class_name = "vtkMRMLVectorVolumeNode" if pixels.ndim == 3 else "vtkMRMLScalarVolumeNode"
        return slicer.util.addVolumeFromArray(
            pixels[None], ijkToRAS=place, name=name, nodeClassName=class_name
        )

    def segment(self, labels, side, film):
        return slicer.util.arrayFromSegmentBinaryLabelmap(labels, side, film)[0] > 0

    def assert_lungs_found(self, labels, film, truth=None, sides=(RIGHT, LEFT)):
        truth = chest() < 100 if truth is None else truth
        masks = [self.segment(labels, side, film) for side in sides]
        found = masks[0] | masks[1]
        self.assertGreater(2 * (found & truth).sum() / (found.sum() + truth.sum()), 0.95)
        self.assertLess(masks[0].nonzero()[1].max(), masks[1].nonzero()[1].min())


class LogicTest(FilmTestCase):
    def test_console(self):
        """As documented: the logic by its name, one node in, nodes out."""
        film = self.film()
        nodes = slicer.util.getModuleLogic(NAME).segment(film, **self.method)
        self.assert_lungs_found(nodes.labels, film)
        probability = slicer.util.arrayFromVolume(nodes.probability)
        self.assertEqual(probability.shape, (1, 100, 90))
        self.assertTrue(0 <= probability.min() < 0.1 and 0.9 < probability.max() <= 1)
        self.assertIsNotNone(slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(nodes.probability))

    def test_a_film_anywhere_in_space(self):
        film = self.film(place=STANDING)
        nodes = self.logic().segment(film, **self.method)
        self.assert_lungs_found(nodes.labels, film)
        bounds = np.zeros(6)
        nodes.labels.GetRASBounds(bounds)
        self.assertLess(bounds[3] - bounds[2], 2.1)  # it lies in the plane of the film

    def test_mirrored(self):
        film = self.film()
        nodes = self.logic().segment(film, **self.method, mirrored=True)
        self.assert_lungs_found(nodes.labels, film, sides=(LEFT, RIGHT))

    def test_a_tinted_film(self):
        """Pixels of red, green and blue: the lungs are shown on a grey copy beside the film."""
        tinted = np.rint(chest()[..., None] * np.array([0.9, 1.0, 0.95])).astype(np.uint8)
        nodes = self.logic().segment(self.film(tinted), **self.method)
        self.assert_lungs_found(nodes.labels, slicer.util.getNode("Film grey"))

    def test_what_is_no_film(self):
        colours = np.zeros((64, 64, 3), np.uint8)
        colours[:32, :, 0] = colours[32:, :, 2] = 200
        holes = chest().astype(np.float32)
        holes[:9] = np.nan
        for film, words in (
            (self.film(colours, "Cat"), "Cat: is a colour picture"),
            (self.film(holes, "Holes"), "no numbers"),
            (self.film(np.full((64, 64), 3, np.uint8), "Black"), "one single value"),
            (self.film(chest((20, 20)), "Dot"), "20 x 20 pixels"),
            (slicer.util.addVolumeFromArray(np.zeros((4, 64, 64)), name="CT"), "CT: has 4 slices"),
            (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"), "holds no pixels"),
        ):
            with self.subTest(film.GetName()), self.assertRaisesRegex(InputError, words):
                self.logic().segment(film, **self.method)

    def test_stopped(self):
        def stop(_fraction, _message):
            raise Cancelled

        film = self.film()
        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(Cancelled):
            self.logic().segment(film, progress=stop, **self.method)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_sample_data(self):
        """The phantom's radiograph is offered in the module Sample Data, with a picture."""
        import SampleData

        sample = SampleData.SampleDataLogic().sourceForSampleName("LungCADRadiograph")
        self.assertTrue(Path(sample.thumbnailFileName).is_file())

    def logic(self):
        from XrayLungSeg import XrayLungSegLogic

        return XrayLungSegLogic()


class PanelTestCase(PanelCase, FilmTestCase):
    MODULE = NAME

    def setUp(self):
        super().setUp()
        self.node.weights, self.node.bone = self.weights, "bright"


class PanelTest(PanelTestCase):
    def test_says_what_to_do_next(self):
        self.settle()
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose a radiograph")
        self.node.film = self.film()
        self.settle()
        self.assertTrue(self.panel.jobBar.apply_button.enabled)

    def test_finds_the_lungs(self):
        self.node.film = self.film()
        self.compute()
        self.assert_lungs_found(self.node.labels, self.node.film)
        self.assertIn("Right lung", self.panel.ui.resultSummary.text)
        self.assertIn("pixels", self.panel.ui.resultSummary.text)  # their size is not known
        self.assertFalse(self.panel.ui.resultCollapsibleButton.isHidden())

        before = self.node.labels, slicer.mrmlScene.GetNumberOfNodes()
        self.compute()
        self.assertEqual((self.node.labels, slicer.mrmlScene.GetNumberOfNodes()), before)

    def test_outlines_fill_and_probability(self):
        self.node.film = self.film()
        self.compute()
        display = self.node.labels.GetDisplayNode()
        self.assertFalse(display.GetVisibility2DFill())
        self.panel.ui.fillCheckBox.checked = True
        self.assertTrue(display.GetVisibility2DFill())
        self.panel.ui.probabilityCheckBox.checked = True  # nothing lies over it then
        self.assertFalse(display.GetVisibility2DFill())
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.film.GetID())
        self.assertEqual(layers.GetForegroundVolumeID(), self.node.probability.GetID())
        self.panel.ui.probabilityCheckBox.checked = False
        self.assertFalse(layers.GetForegroundVolumeID())

    def test_another_film_is_chosen_while_the_job_runs(self):
        """The probability of one does not lie over the other; each has its lungs when it is chosen."""
        first, other = self.film(), self.film()
        self.node.film = first
        self.apply()
        self.panel.ui.probabilityCheckBox.checked = True
        self.node.film = other
        show_film(other)
        self.wait_for_job()
        self.assertEqual((self.node.labels, self.node.summary), (None, ""))
        if slicer.app.layoutManager() is not None:
            layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
            self.assertFalse(layers.GetForegroundVolumeID())
            self.assertEqual(layers.GetBackgroundVolumeID(), other.GetID())
        self.compute()
        second = self.panel.logic.resultNodes(self.node)
        self.node.film = first
        self.settle()
        self.assert_lungs_found(self.node.labels, first)
        self.assertIn("Right lung", self.node.summary)
        self.assertIsNot(self.node.labels, second.labels)
        count = slicer.mrmlScene.GetNumberOfNodes()
        self.compute()
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)

    def test_lungs_of_one_film_alone_are_seen_over_it_also_where_nobody_reviews(self):
        review_settings.remember(review_settings.READER, "")
        self.panel.review.head.reader_edit.text = ""
        films = self.film(name="A"), self.film(chest()[:, ::-1].copy(), name="B")
        lungs = []
        for film in films:
            self.node.film = film
            self.compute()
            lungs.append(self.node.labels)
        self.assertEqual([each.GetDisplayVisibility() for each in lungs], [0, 1])
        self.node.film = films[0]
        self.settle()
        self.assertIs(self.node.labels, lungs[0])
        self.assertEqual([each.GetDisplayVisibility() for each in lungs], [1, 0])
        if slicer.app.layoutManager() is not None:
            layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
            self.assertEqual(layers.GetBackgroundVolumeID(), films[0].GetID())

    def test_the_film_is_seen_face_on(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.node.film = self.film(place=STANDING)
        self.compute()
        red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().GetSliceToRAS()
        normal = [red.GetElement(row, 2) for row in range(3)]
        np.testing.assert_allclose(np.abs(normal), [0, 1, 0], atol=1e-6)
        self.assertEqual(self.panel.review.slices.worklist.order, [0])

    def test_review(self):
        """One slice to judge, and what the reader paints counts."""
        self.node.film = film = self.film()
        self.compute()
        review = self.panel.review
        self.assertEqual(len(review.case.review.state.masks.labels), 1)
        self.assertTrue(review.slices.worklist.table.isHidden())
        self.assertEqual(review.slices.worklist.progress_bar.format, "0 of 1 slice")
        mask = self.segment(self.node.labels, RIGHT, film)
        mask[5:9, 5:9] = True
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            mask[None].astype(np.uint8), self.node.labels, RIGHT, film
        )
        review.take_edits()
        self.assertTrue((review.case.review.state.masks.labels[0, 5:9, 5:9] == 1).all())

    def test_no_lung_can_still_be_drawn(self):
        """A film on which the network finds nothing is to be reviewed as well."""
        self.node.film = film = self.film(np.where(chest() < 100, 180, 255).astype(np.uint8))
        pixels = slicer.util.arrayFromVolume(film)
        pixels[0, 0, 0] = 0
        self.compute()
        self.assertIn("no lung was found", self.panel.ui.resultSummary.text)
        self.assertEqual(self.panel.review.slices.worklist.order, [0])

    def test_what_is_wrong_stands_beside_its_field(self):
        self.node.film = slicer.util.addVolumeFromArray(np.zeros((4, 64, 64)), name="CT")
        self.settle()
        self.assertIn("4 slices", self.sentence("film"))
        self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.node.film = self.film()
        self.node.weights = "no-such"
        self.compute()
        self.assertIn("not among the shipped weights", self.sentence("weights"))
        self.node.weights = self.weights
        self.node.film = self.film(np.full((64, 64), 3, np.uint8), "Black")
        self.settle()
        self.panel.jobBar.apply_button.click()
        self.settle()
        self.assertIn("one single value", self.sentence("film"))

    def test_weights_of_the_user(self):
        chosen = self.panel.weights
        chosen.choose("xray-unet")
        self.assertEqual(self.panel.ui.weightsBox.currentText, "U-Net")
        chosen.choose(self.weights)
        self.assertEqual(self.panel.ui.weightsBox.currentText, "dark.safetensors")


class FolderTest(PanelTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.films, self.out = Path(folder.name) / "films", Path(folder.name) / "out"
        self.films.mkdir()
        from PIL import Image

        for number in range(3):
            Image.fromarray(chest()).save(self.films / f"{number}.png")
        Image.new("L", (64, 64)).save(self.films / "black.png")

    def start(self):
        self.panel.folder.source.currentPath = str(self.films)
        self.panel.folder.output.currentPath = str(self.out)
        self.panel.folder.button.click()

    def test_a_folder_of_films(self):
        self.assertFalse(self.panel.folder.button.enabled)
        self.start()
        self.assertTrue(self.panel.jobBar.is_running)
        self.assertFalse(self.panel.folder.button.enabled)
        self.wait_for_job()
        outcome = self.panel.folder.outcome.text
        self.assertIn("3 films, 0 of them to look at", outcome)
        self.assertIn("black.png", outcome)
        self.assertIn(str(self.out / "report.html"), outcome)
        with (self.out / "results.csv").open(newline="") as file:
            self.assertEqual(len(list(csv.DictReader(file))), 4)

    def test_many_that_cannot_be_used(self):
        for number in range(9):
            (self.films / f"broken-{number}.png").write_bytes(b"no picture")
        self.start()
        self.wait_for_job()
        outcome = self.panel.folder.outcome.text
        self.assertIn("3 films", outcome)
        self.assertEqual(outcome.count("Not used"), 6)
        self.assertIn("5 more; the report lists them", outcome)

    def test_results_are_not_overwritten(self):
        self.out.mkdir()
        self.start()
        self.wait_for_job()
        self.assertIn("exists already", self.sentence("folder"))

    def test_cancelled_and_gone_on_with(self):
        self.start()
        self.panel.jobBar.cancel_button.click()
        self.wait_for_job()
        self.start()
        self.wait_for_job()
        self.assertIn("3 films", self.panel.folder.outcome.text)


if __name__ == "__main__":
    unittest.main()
