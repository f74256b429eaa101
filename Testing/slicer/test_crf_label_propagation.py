"""The module CRF label propagation: its panel and its logic, on a small scan with three tissues."""

import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import slicer
import vtk

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.panels import review_settings

NAME = "CRFLabelPropagation"
HEALTHY, EMPHYSEMA, GROUND_GLASS = 1, 2, 3
CODES = {HEALTHY: "healthy", EMPHYSEMA: "emphysema", GROUND_GLASS: "ground_glass"}
IJK_TO_RAS = np.array([[-2.0, 0, 0, 90], [0, -2.0, 0, 70], [0, 0, 5.0, -300], [0, 0, 0, 1]])


def tearDownModule():
    from LungCAD.panels.job import shared_runner

    shared_runner().stop()


def load_module():
    if not hasattr(slicer.modules, NAME.lower()):  # Slicer has loaded it long ago
        from Testing import host

        host.load_module(NAME)
    return getattr(slicer.modules, NAME.lower())


class Scan:
    """Two lungs in a body; healthy above, ground glass below on one side, emphysema below on the other."""

    def __init__(self, slices=5, seed=0):
        rng = np.random.default_rng(seed)
        z, y, x = np.ogrid[:slices, :72, :96]
        sides = [((x - middle) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1 for middle in (26, 70)]
        self.lungs = np.select(sides, (1, 2), 0).astype(np.uint8)
        self.truth = np.where(self.lungs > 0, HEALTHY, 0).astype(np.uint8)
        below = np.broadcast_to(y > 36, self.lungs.shape)
        self.truth[sides[0] & below], self.truth[sides[1] & below] = GROUND_GLASS, EMPHYSEMA
        level = np.array([40.0, -850.0, -960.0, -600.0])[self.truth]
        self.hu = (level + rng.normal(0, 40, level.shape)).clip(-1024).astype(np.int16)
        self.drawn = np.zeros_like(self.truth)
        for place in ((1, 20, 20), (1, 44, 20), (1, 48, 66), (3, 20, 66), (3, 46, 66), (3, 48, 20)):
            box = tuple(slice(start, start + size) for start, size in zip(place, (1, 7, 7), strict=True))
            self.drawn[box] = self.truth[box]
        self.ct = slicer.util.addVolumeFromArray(self.hu, ijkToRAS=IJK_TO_RAS, name="Chest CT")
        self.rois = self.segmentation("Regions", "gao5", self.drawn)
        self.mask = self.segmentation("Lung mask", "lungs", self.lungs)

    def segmentation(self, name, schema, array):
        from LungCAD.mrml.segments import new_roi_segmentation

        node = new_roi_segmentation(load_schema(schema), self.ct, name)
        for label in load_schema(schema).labels:
            if (array == label.value).any():
                self.paint(node, label.code, array == label.value)
        return node

    def paint(self, node, code, mask):
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask.astype(np.uint8), node, code, self.ct)

    def labels(self, node):
        labels = np.zeros_like(self.truth)
        for value, code in CODES.items():
            labels[slicer.util.arrayFromSegmentBinaryLabelmap(node, code, self.ct) > 0] = value
        return labels


class PropagationTestCase(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.scan = Scan()

    def assert_promises_kept(self, node):
        """Drawn voxels keep their label; nothing outside of the lungs is labelled; the rest is right."""
        labels, drawn, inside = self.scan.labels(node), self.scan.drawn, self.scan.lungs > 0
        np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])
        self.assertFalse(labels[~inside].any())
        self.assertGreater((labels == self.scan.truth)[inside].mean(), 0.9)


class LogicTest(PropagationTestCase):
    def setUp(self):
        super().setUp()
        load_module()
        from CRFLabelPropagation import CRFLabelPropagationLogic

        self.logic = CRFLabelPropagationLogic()

    def test_console(self):
        """As documented: the logic by its name, two nodes in, nodes out."""
        logic = slicer.util.getModuleLogic("CRFLabelPropagation")
        nodes = logic.propagate(self.scan.ct, self.scan.rois, schema="gao5", lungs=self.scan.mask)
        self.assert_promises_kept(nodes.labels)
        uncertainty = slicer.util.arrayFromVolume(nodes.uncertainty)
        self.assertTrue(uncertainty.min() >= 0 and uncertainty.max() <= 1)
        self.assertFalse(uncertainty[self.scan.lungs == 0].any())
        self.assertEqual(nodes.measurements.GetTable().GetColumnByName("Class").GetValue(0), "Healthy")
        self.assertGreater(nodes.along_z.GetNumberOfPlotSeriesNodes(), 0)

    def test_parameters_reach_the_method(self):
        with self.assertRaisesRegex(InputError, "iterations"):
            self.propagate(crf={"iterations": -1})
        with self.assertRaisesRegex(InputError, "mode"):
            self.propagate(mode="sideways")
        self.assert_promises_kept(self.propagate(mode="slice", crf={"iterations": 2}).labels)

    def test_progress_and_stop(self):
        from LungCAD.errors import Cancelled

        told = []

        def stop_half_way(fraction, message):
            told.append(fraction)
            if fraction > 0.5:
                raise Cancelled

        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(Cancelled):
            self.propagate(progress=stop_half_way)
        self.assertEqual(told, sorted(told))
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_drawn_regions_are_left_as_they_are(self):
        before = self.scan.labels(self.scan.rois)
        nodes = self.propagate()
        np.testing.assert_array_equal(self.scan.labels(self.scan.rois), before)
        self.assertIsNot(nodes.labels, self.scan.rois)

    def propagate(self, **keywords):
        return self.logic.propagate(self.scan.ct, self.scan.rois, lungs=self.scan.mask, **keywords)


class PanelTestCase(PropagationTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in ((review_settings.READER, "Test reader"), (review_settings.REVIEWS, folder.name)):
            self.addCleanup(review_settings.remember, name, review_settings.remembered(name))
            review_settings.remember(name, text)
        module = load_module().widgetRepresentation()
        module.enter()
        self.addCleanup(module.exit)
        self.panel = module.self()
        self.addCleanup(self.panel.jobBar.cancel)
        self.node = self.panel.node

    def choose(self, ct=None, rois=None, lungs=None):
        self.node.ct = ct or self.scan.ct
        self.node.rois = rois or self.scan.rois
        self.node.lungs = lungs or self.scan.mask

    def wait(self, condition, seconds=90):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, "waited too long")
            slicer.app.processEvents()
            time.sleep(0.005)

    def settle(self):
        """Let the panel look at its inputs, as it does when the user pauses."""
        self.wait(lambda: not self.panel._soon.active)

    def apply(self):
        self.settle()
        self.assertEqual(self.panel.jobBar.problem, "")
        self.panel.jobBar.apply_button.click()
        self.assertTrue(self.panel.jobBar.is_running)

    def wait_for_job(self):
        self.wait(lambda: not self.panel.jobBar.is_running)
        self.settle()

    def sentence(self, field):
        self.settle()
        label = getattr(self.panel.ui, f"{field}Problem")
        return label.text if not label.isHidden() else ""

    def assert_refused(self, field, *words):
        """One sentence beside the field; Apply is disabled and its tool tip says the same."""
        sentence = self.sentence(field)
        for word in words:
            self.assertIn(word, sentence)
        self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, sentence)


class PanelTest(PanelTestCase):
    def test_says_what_to_do_next(self):
        self.settle()
        bar = self.panel.jobBar
        self.assertEqual(bar.apply_button.toolTip, "Choose a CT")
        self.assertFalse(bar.apply_button.enabled)
        self.node.ct = self.scan.ct
        self.settle()
        self.assertIn("Draw", bar.apply_button.toolTip)
        self.choose()
        self.settle()
        self.assertTrue(bar.apply_button.enabled)

    def test_propagates(self):
        self.choose()
        self.apply()
        self.wait_for_job()
        result = self.panel.logic.resultNodes(self.node)
        self.assert_promises_kept(result.labels)
        self.assertIn("Healthy", self.panel.ui.resultSummary.text)
        self.assertFalse(self.panel.ui.resultCollapsibleButton.isHidden())

        if slicer.app.layoutManager() is not None:
            self.panel.ui.tableButton.click()
            selection = slicer.app.applicationLogic().GetSelectionNode()
            self.assertEqual(selection.GetActiveTableID(), result.measurements.GetID())
            self.assertEqual(selection.GetActivePlotChartID(), result.along_z.GetID())

        again = result.labels, slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
        self.apply()
        self.wait_for_job()
        result = self.panel.logic.resultNodes(self.node)
        self.assertEqual(
            (result.labels, slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")), again
        )

    def test_corrections_are_spread(self):
        """What the reader paints in the result stays in the next one."""
        self.choose()
        self.apply()
        self.wait_for_job()
        labels = self.panel.logic.resultNodes(self.node).labels
        stroke = np.zeros(self.scan.truth.shape, bool)
        stroke[2, 20:26, 22:28] = True
        for code, mask in (("healthy", False), ("ground_glass", True)):
            before = slicer.util.arrayFromSegmentBinaryLabelmap(labels, code, self.scan.ct) > 0
            self.scan.paint(labels, code, np.where(stroke, mask, before))
        self.panel.review.take_edits()
        self.assertTrue(self.panel.review.repropagation.widget.enabled)
        self.panel.review.repropagation.widget.click()
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        result = self.scan.labels(self.panel.logic.resultNodes(self.node).labels)
        self.assertTrue((result[stroke] == GROUND_GLASS).all())
        drawn = self.scan.drawn > 0
        np.testing.assert_array_equal(result[drawn], self.scan.drawn[drawn])

    def test_draw_makes_segments_and_opens_the_segment_editor(self):
        self.node.ct = self.scan.ct
        self.settle()
        selected = []
        select, slicer.util.selectModule = slicer.util.selectModule, selected.append
        self.addCleanup(setattr, slicer.util, "selectModule", select)
        self.panel.ui.drawButton.click()
        segmentation = self.node.rois.GetSegmentation()
        self.assertEqual(tuple(segmentation.GetSegmentIDs()), load_schema("gao5").codes)
        editor = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        self.assertIs(editor.GetSegmentationNode(), self.node.rois)
        self.assertIs(editor.GetSourceVolumeNode(), self.scan.ct)
        self.assertEqual(selected, ["SegmentEditor"])
        self.assert_refused("rois", "is empty")

    def test_uncertainty_over_the_ct(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.node.ct, self.node.uncertainty = self.scan.ct, self.scan.ct
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        self.panel.ui.uncertaintyCheckBox.checked = True
        self.assertEqual(layers.GetForegroundVolumeID(), self.scan.ct.GetID())
        self.panel.ui.uncertaintyCheckBox.checked = False
        self.assertFalse(layers.GetForegroundVolumeID())

    def test_reload_takes_the_package_along(self):
        before = {name: module for name, module in sys.modules.items() if name.startswith("LungCAD")}
        self.addCleanup(sys.modules.update, before)  # for the tests that have imported from it
        self.panel.onReload()
        self.assertIsNot(sys.modules["LungCAD.labels"], before["LungCAD.labels"])


class PanelInputTest(PanelTestCase):
    def volume(self, array, name="Odd CT"):
        return slicer.util.addVolumeFromArray(array, ijkToRAS=IJK_TO_RAS, name=name)

    def test_grey_levels(self):
        grey = self.volume(np.clip((self.scan.hu + 1000) // 5, 0, 255).astype(np.int16))
        self.choose(ct=grey)
        self.assert_refused("ct", "Odd CT", "grey levels", "Hounsfield")

    def test_offset(self):
        self.choose(ct=self.volume((self.scan.hu + 1024).astype(np.int16)))
        self.assert_refused("ct", "negative", "subtract 1024")

    def test_mask_in_place_of_a_ct(self):
        self.choose(ct=self.volume(self.scan.lungs.astype(np.int16)))
        self.assert_refused("ct", "mask")

    def test_not_a_number(self):
        values = self.scan.hu.astype(np.float32)
        values[2, 30:60, 30:60] = np.nan
        self.choose(ct=self.volume(values))
        self.assert_refused("ct", "no numbers")

    def test_empty_volume(self):
        self.choose(ct=slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"))
        self.assert_refused("ct", "Nothing", "no voxels")

    def test_bent_by_a_transform(self):
        bend = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Bend")
        bend.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
        self.choose()
        self.scan.ct.SetAndObserveTransformNodeID(bend.GetID())
        self.panel.refresh()
        self.assert_refused("ct", "Bend")

    def test_nothing_drawn(self):
        self.choose(rois=self.scan.segmentation("Empty regions", "gao5", np.zeros_like(self.scan.drawn)))
        self.assert_refused("rois", "Empty regions", "is empty")

    def test_one_class_drawn(self):
        only = self.scan.drawn * (self.scan.drawn == GROUND_GLASS)
        self.choose(rois=self.scan.segmentation("One class", "gao5", only))
        self.assert_refused("rois", "only one class", "Ground glass")

    def test_painting_a_second_class_mends_it(self):
        only = self.scan.drawn * (self.scan.drawn == GROUND_GLASS)
        rois = self.scan.segmentation("One class", "gao5", only)
        self.choose(rois=rois)
        self.assert_refused("rois", "only one class")
        self.scan.paint(rois, "healthy", self.scan.drawn == HEALTHY)
        self.wait(lambda: self.panel.jobBar.apply_button.enabled, seconds=5)
        self.assertEqual(self.sentence("rois"), "")

    def test_segment_of_another_schema(self):
        self.scan.rois.GetSegmentation().AddEmptySegment("tumour", "Tumour")
        self.scan.paint(self.scan.rois, "tumour", self.scan.drawn == HEALTHY)
        self.choose()
        self.assert_refused("rois", "Tumour", "gao5")

    def test_regions_wholly_outside_the_lung(self):
        outside = np.zeros_like(self.scan.drawn)
        outside[1, :5, :5], outside[1, :5, 10:15] = HEALTHY, GROUND_GLASS
        self.choose(rois=self.scan.segmentation("Outside", "gao5", outside))
        self.apply()
        self.wait_for_job()
        self.assert_refused("rois", "wholly outside the lung")

    def test_regions_on_another_grid(self):
        other = slicer.util.addVolumeFromArray(
            self.scan.hu, ijkToRAS=IJK_TO_RAS @ np.diag([1.3, 1.3, 1, 1]), name="Other"
        )
        labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(other, "Regions elsewhere")
        slicer.util.updateVolumeFromArray(labels, self.scan.drawn)
        self.choose(rois=labels)
        self.assert_refused("rois", "Regions elsewhere", "geometry")

    def test_lung_mask_without_lungs(self):
        self.choose(lungs=self.scan.segmentation("No lungs", "lungs", np.zeros_like(self.scan.lungs)))
        self.assert_refused("lungs", "No lungs", "is empty")

    def test_no_lung_in_view(self):
        soft = np.clip(np.random.default_rng(0).normal(40, 20, self.scan.hu.shape), -200, 200)
        self.choose(ct=self.volume(soft.astype(np.int16)))
        self.node.lungs = None
        self.apply()
        self.wait_for_job()
        self.assert_refused("ct", "no aerated lung")

    def test_network(self):
        self.choose()
        self.settle()
        self.assertTrue(self.panel.ui.networkWidget.isHidden())
        self.node.unary = "both"
        self.settle()
        self.assertFalse(self.panel.ui.networkWidget.isHidden())
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose the file of the network")
        self.panel.ui.networkPath.currentPath = "/nowhere/network.safetensors"
        self.assertEqual(self.node.network, "/nowhere/network.safetensors")
        self.assert_refused("network", "/nowhere/network.safetensors", "is no file")
        self.panel.ui.networkPath.currentPath = __file__
        self.apply()
        self.wait_for_job()
        self.assert_refused("network", Path(__file__).name)

    def test_schema_that_is_none(self):
        file = Path(slicer.app.temporaryPath) / "schema.json"
        file.write_text("{}")
        self.panel.schemas._take(str(file))
        self.assertIn("no valid label schema", self.sentence("schema"))
        self.assertEqual(self.node.schema, "gao5")


class SavedSceneTest(PanelTestCase):
    def test_choices_and_result_come_back(self):
        self.choose()
        self.node.crf_iterations = 4
        self.node.mode = "slice"
        self.apply()
        self.wait_for_job()
        before = self.scan.labels(self.node.labels)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "scene.mrb"
            slicer.util.saveScene(str(file))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(str(file))
        self.settle()
        node = self.panel.node
        self.assertEqual((node.crf_iterations, node.mode), (4, "slice"))
        self.scan.ct = node.ct
        np.testing.assert_array_equal(self.scan.labels(node.labels), before)
        self.assertIn("Healthy", self.panel.ui.resultSummary.text)
        self.assertTrue(self.panel.jobBar.apply_button.enabled)


class PanelSceneTest(PanelTestCase):
    """Whatever happens to the scene while a job is under way is safe."""

    def setUp(self):
        super().setUp()
        self.choose()
        self.apply()

    def test_closing_the_scene(self):
        slicer.mrmlScene.Clear(0)
        self.assertFalse(self.panel.jobBar.is_running)
        self.settle()
        self.assertIsNone(self.panel.node.ct)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"), 0)

    def test_removing_the_ct(self):
        slicer.mrmlScene.RemoveNode(self.scan.ct)
        self.wait_for_job()
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose a CT")
        self.assertIsNone(self.node.labels)

    def test_nobody_waits_for_it(self):
        """Regions removed, another CT chosen, another module opened: the result is that of the start."""
        self.wait(lambda: self.panel.jobBar.status not in ("Starting", "Reading the scene", "Handing over"))
        slicer.mrmlScene.RemoveNode(self.scan.rois)
        self.node.ct = slicer.util.addVolumeFromArray(self.scan.hu[:2], ijkToRAS=IJK_TO_RAS, name="Other CT")
        slicer.modules.crflabelpropagation.widgetRepresentation().exit()
        self.wait_for_job()
        self.assert_promises_kept(self.node.labels)
        self.assertEqual(self.node.labels.GetName(), "Chest CT labels")
        self.assertIn("Draw", self.panel.jobBar.apply_button.toolTip)

    def test_cancelling(self):
        self.panel.jobBar.cancel_button.click()
        self.assertFalse(self.panel.jobBar.is_running)
        self.settle()
        self.assertIsNone(self.node.labels)
        self.assertTrue(self.panel.jobBar.apply_button.enabled)


if __name__ == "__main__":
    unittest.main()
