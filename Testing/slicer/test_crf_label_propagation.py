"""The module CRF label propagation: its panel and its logic, on a small scan with three tissues."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import slicer
from panel_case import load_module
from propagation_case import (
    EMPHYSEMA,
    GROUND_GLASS,
    HEALTHY,
    IJK_TO_RAS,
    PanelTestCase,
    PropagationTestCase,
    Scan,
)

from LungCAD.errors import InputError
from LungCAD.labels import load_schema, schema_data


def tearDownModule():
    from LungCAD.panels.job import shared_runner

    shared_runner().stop()


def package():
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "LungCAD"}


def restore_package(before):
    """For the tests that have imported from it."""
    for name in package():
        del sys.modules[name]
    sys.modules.update(before)
    for name in before["LungCAD.panels.module_panel"].MODULES:
        if hasattr(slicer.modules, name.lower()):
            slicer.util.reloadScriptedModule(name)


class LogicTest(PropagationTestCase):
    def setUp(self):
        super().setUp()
        load_module("CRFLabelPropagation")
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
        change = slicer.util.arrayFromVolume(nodes.expected_change)
        self.assertAlmostEqual(change.max(), 1)
        self.assertFalse(change[(self.scan.lungs == 0) | (self.scan.drawn > 0)].any())
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

    def choose_another_scan(self):
        """Choose a scan of the same grid, with regions and lungs of its own."""
        first, self.scan = self.scan, Scan(seed=1)
        self.scan.ct.SetName("Second CT")
        self.choose()
        self.settle()
        return first

    def correct(self, row=20):
        """Paint ground glass over healthy lung; return where."""
        labels = self.panel.logic.resultNodes(self.node).labels
        stroke = np.zeros(self.scan.truth.shape, bool)
        stroke[2, row : row + 6, 22:28] = True
        for code, mask in (("healthy", False), ("ground_glass", True)):
            before = slicer.util.arrayFromSegmentBinaryLabelmap(labels, code, self.scan.ct) > 0
            self.scan.paint(labels, code, np.where(stroke, mask, before))
        return stroke

    def test_every_scan_keeps_its_result(self):
        self.choose()
        self.compute()
        first = self.node.labels, self.node.uncertainty
        before = self.scan.labels(self.node.labels)
        one = self.choose_another_scan()
        self.compute()
        np.testing.assert_array_equal(one.labels(first[0]), before)
        self.assertIsNot(self.node.uncertainty, first[1])
        self.assertEqual(self.node.labels.GetName(), "Second CT labels")
        self.assert_promises_kept(self.node.labels)
        visible = [node.GetDisplayVisibility() for node in (first[0], self.node.labels)]
        self.assertEqual(visible, [0, 1])

    def test_a_result_again_replaces_that_of_its_scan(self):
        """Of the first of two scans: its own nodes, its own review; nothing of the other scan's."""
        self.choose()
        self.compute()
        stroke = self.correct()
        self.panel.review.take_edits()
        first, nodes = self.scan, self.panel.logic.resultNodes(self.node)
        said, review = self.node.summary, self.panel.review.case.review
        self.choose_another_scan()
        self.assertTrue(self.panel.ui.resultCollapsibleButton.isHidden())  # nothing was computed on it yet
        self.assertEqual((self.node.summary, self.node.labels), ("", None))
        self.compute()
        second, others = self.scan, self.panel.logic.resultNodes(self.node)
        labelled = second.labels(others.labels)
        count = slicer.mrmlScene.GetNumberOfNodes()
        self.scan = first
        self.choose()
        self.settle()
        self.assertEqual(self.panel.logic.resultNodes(self.node), nodes)
        self.assertEqual(self.node.summary, said)
        self.assertEqual(self.panel.review.case.review.folder, review.folder)
        self.assertEqual(self.panel.review.case.review.entries, review.entries)
        visible = [node.GetDisplayVisibility() for node in (nodes.labels, others.labels)]
        self.assertEqual(visible, [1, 0])
        self.compute()
        self.assertEqual(self.panel.logic.resultNodes(self.node), nodes)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
        self.assertTrue((first.labels(nodes.labels)[stroke] == GROUND_GLASS).all())
        np.testing.assert_array_equal(second.labels(others.labels), labelled)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "scene.mrb"
            slicer.util.saveScene(str(file))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(str(file))
        self.settle()
        node = self.panel.node
        self.assertEqual(node.labels.GetName(), "Chest CT labels")
        node.ct = slicer.util.getNode("Second CT")
        self.settle()
        self.assertEqual(node.labels.GetName(), "Second CT labels")
        self.assertIn("Healthy", node.summary)
        self.assertIn("\n", node.summary)

    def test_a_copy_that_somebody_keeps_is_not_written_to(self):
        self.choose()
        self.compute()
        result = self.node.labels
        copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        copy.Copy(result)  # as the subject hierarchy clones a node
        copy.SetName("First look")
        slicer.mrmlScene.RemoveNode(result)
        before = self.scan.labels(copy)
        self.scan.paint(self.scan.rois, "emphysema", self.scan.drawn == GROUND_GLASS)
        self.scan.paint(self.scan.rois, "ground_glass", self.scan.drawn == EMPHYSEMA)
        self.compute()
        self.assertIsNot(self.node.labels, copy)
        np.testing.assert_array_equal(self.scan.labels(copy), before)
        self.assertFalse(np.array_equal(self.scan.labels(self.node.labels), before))

    def test_corrections_are_spread(self):
        """What the reader paints in the result stays in the next one."""
        self.choose()
        self.apply()
        self.wait_for_job()
        stroke = self.correct()
        self.panel.review.take_edits()
        self.assertTrue(self.panel.review.repropagation.widget.enabled)
        self.panel.review.repropagation.widget.click()
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        result = self.scan.labels(self.panel.logic.resultNodes(self.node).labels)
        self.assertTrue((result[stroke] == GROUND_GLASS).all())
        drawn = self.scan.drawn > 0
        np.testing.assert_array_equal(result[drawn], self.scan.drawn[drawn])

    def test_a_further_region_does_not_cost_the_corrections(self):
        self.choose()
        self.compute()
        stroke = self.correct()
        further = np.zeros(self.scan.truth.shape, bool)
        further[4, 20:27, 20:27] = True
        self.scan.paint(self.scan.rois, "healthy", (self.scan.drawn == HEALTHY) | further)
        self.compute()
        labels = self.scan.labels(self.node.labels)
        self.assertTrue((labels[stroke] == GROUND_GLASS).all())
        self.assertTrue((labels[further] == HEALTHY).all())
        self.assertTrue(self.panel.review.repropagation.widget.enabled)

    def test_corrections_of_one_scan_are_not_spread_over_another(self):
        self.choose()
        self.compute()
        self.correct()
        self.panel.review.take_edits()
        labels, before = self.node.labels, self.scan.labels(self.node.labels)
        scan, rois = self.scan, self.scan.rois

        def refused(*words):
            self.settle()
            self.panel.review.repropagation.widget.click()
            self.assertFalse(self.panel.jobBar.is_running)
            for word in words:
                self.assertIn(word, self.panel.review.head.sentence)

        self.choose_another_scan()
        refused("Chest CT", "gao5")
        self.scan = scan
        self.choose()
        self.node.schema = "lungnet6"
        refused("Chest CT", "gao5")
        self.node.schema = "gao5"
        self.node.rois = None
        refused("not ready", "Draw")
        self.node.rois = labels
        self.assert_refused("rois", "is the result")
        refused("is the result")
        self.node.ct = None
        refused("Chest CT")
        np.testing.assert_array_equal(scan.labels(labels), before)
        self.node.ct, self.node.rois = scan.ct, rois
        self.settle()
        self.panel.review.repropagation.widget.click()
        self.assertTrue(self.panel.jobBar.is_running)

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

    def test_heat_maps_over_the_ct(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        doubt, change = (
            slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name=name) for name in "UE"
        )
        self.node.ct, self.node.uncertainty, self.node.expected_change = self.scan.ct, doubt, change
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        for index, shown in ((1, doubt), (2, change)):
            self.panel.ui.heatMapBox.currentIndex = index
            self.assertEqual(layers.GetForegroundVolumeID(), shown.GetID())
        self.panel.ui.heatMapBox.currentIndex = 0
        self.assertFalse(layers.GetForegroundVolumeID())

    def test_reload_takes_the_package_along_and_all_its_modules(self):
        """A panel of another module knows the errors of the new package, and shares its worker."""
        load_module("ILDDetection").widgetRepresentation()
        before = package()
        self.addCleanup(restore_package, before)
        self.panel.onReload()
        self.assertIsNot(sys.modules["LungCAD.labels"], before["LungCAD.labels"])
        other = slicer.modules.ILDDetectionWidget
        other.initializeParameterNode()
        other.node.ct = slicer.util.addVolumeFromArray(np.zeros((4, 90, 90), np.int16), name="Empty")
        other.refresh()
        self.assertIn("Empty", other.ui.ctProblem.text)
        self.assertIs(other.jobBar._runner, slicer.modules.CRFLabelPropagationWidget.jobBar._runner)

    def test_a_panel_that_was_reloaded_leaves_the_review_to_the_new_one(self):
        """It records the stroke of the last moment, and nothing more."""
        before = {name: module for name, module in sys.modules.items() if name.startswith("LungCAD")}
        self.addCleanup(sys.modules.update, before)
        self.choose()
        self.compute()
        self.correct()
        old = self.panel.review
        review = old.case.review
        self.panel.onReload()
        self.assertIsNone(old.case)
        self.assertEqual(review.entries[-1].kind.value, "edit")
        self.panel = slicer.modules.CRFLabelPropagationWidget
        self.addCleanup(self.panel.jobBar.cancel)
        self.panel.enter()
        self.settle()
        present = self.panel.review.case.review
        recorded = len(present.entries)
        self.correct(row=28)
        self.wait(lambda: not self.panel.review.editor.is_waiting)
        self.assertEqual(self.panel.review.head.sentence, "")
        self.assertEqual((len(present.entries), present.is_current), (recorded + 1, True))


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

    def test_a_schema_whose_file_is_gone(self):
        """The result comes back with its review; what is missing stands beside the schema."""
        own = self.folder / "own.json"
        data = schema_data(load_schema("gao5"))
        own.write_text(json.dumps({**data, "name": "own5", "title": "Our own"}))
        self.node.schema = str(own)
        self.choose()
        self.compute()
        entries = self.panel.review.case.review.entries
        file = self.folder / "scene.mrb"
        slicer.util.saveScene(str(file))
        slicer.mrmlScene.Clear(0)
        own.unlink()
        slicer.util.loadScene(str(file))
        self.assertIn("own.json", self.sentence("schema"))
        self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.assertFalse(self.panel.ui.drawButton.enabled)
        self.assertEqual(self.panel.ui.schemaBox.currentIndex, -1)
        self.assertFalse(self.panel.ui.resultCollapsibleButton.isHidden())
        case = self.panel.review.case
        self.assertEqual((case.labels.schema.name, case.review.entries), ("own5", entries))
        self.panel.schemas._take("")  # no file is chosen after all
        self.panel.schemas._take("gao5")
        self.assertEqual(self.sentence("schema"), "")
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
        self.assertIsNone(self.node.labels)  # of the other CT there is nothing
        self.assertIsNone(self.panel.review.case)
        self.assertIn("Draw", self.panel.jobBar.apply_button.toolTip)
        self.node.ct = self.scan.ct
        self.settle()
        self.assert_promises_kept(self.node.labels)
        self.assertEqual(self.node.labels.GetName(), "Chest CT labels")

    def test_cancelling(self):
        self.panel.jobBar.cancel_button.click()
        self.assertFalse(self.panel.jobBar.is_running)
        self.settle()
        self.assertIsNone(self.node.labels)
        self.assertTrue(self.panel.jobBar.apply_button.enabled)


if __name__ == "__main__":
    unittest.main()
