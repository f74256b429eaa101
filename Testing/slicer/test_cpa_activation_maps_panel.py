"""The panel of CPA activation maps, with networks that see nothing but soft tissue."""

import csv
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import qt
import slicer
from cpa_chest import save_networks
from panel_case import PanelCase
from sign_case import BALL, NAME, SIGN, SignTestCase

from LungCAD.panels import review_settings
from LungCAD.steps import finish


class PanelTest(PanelCase, SignTestCase):
    MODULE = NAME

    def setUp(self):
        super().setUp()
        for name, value in self.method.items():
            setattr(self.node, name, value)

    def find(self, **changes):
        """Choose a CT and show what the job gives."""
        self.node.ct = self.scan(**changes)
        self.show_result(self.node.ct)

    def show_result(self, ct):
        """Show what the job gives on a CT, without the worker and on a small grid."""
        from LungCAD.panels.folder_panel import Case

        finish(self.panel.showCase(Case(ct, self.method), self.result(ct, self.method)))
        self.settle()

    def cell(self, region, column):
        from LungCAD.labels.sheet import REGIONS

        return self.panel.review.table.widget.item(REGIONS.index(region), column)

    def slice_origin(self, view="Red"):
        matrix = slicer.app.layoutManager().sliceWidget(view).mrmlSliceNode().GetSliceToRAS()
        return np.array([matrix.GetElement(row, 3) for row in range(3)])

    def test_says_what_to_do_next(self):
        self.settle()
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose a CT")
        self.node.ct = self.scan()
        self.settle()
        self.assertTrue(self.panel.jobBar.apply_button.enabled)

    def test_the_worker_finds_the_ball(self):
        """On the published grid, in a process of its own, which would add shipped networks to these."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.node.weights = str(save_networks(Path(folder.name), (SIGN,)))
        save_networks(Path(folder.name), ("cavity",), threshold=2.0)  # never sure
        self.node.ct = self.scan()
        self.settle()
        self.panel.jobBar.apply_button.click()
        self.wait(lambda: not self.panel.jobBar.is_running)
        self.settle()
        self.assertEqual(self.panel.jobBar.status, "Done")
        self.assert_ball_found(self.panel.logic.resultNodes(self.node))
        self.assertIn("Left upper: fungus ball", self.panel.ui.resultSummary.text)

    def test_table_and_the_way_to_a_sign(self):
        self.find()
        self.assertEqual(self.cell("left_upper", 3).checkState(), qt.Qt.Checked)
        self.assertGreater(float(self.cell("left_upper", 3).text()), 0.5)
        self.assertEqual(self.cell("right_lower", 3).checkState(), qt.Qt.Unchecked)
        self.assertEqual(self.panel.ui.heatMapBox.currentText, "Fungus ball")
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.assertLess(abs(self.slice_origin()[2] - BALL[2]), 15)  # the hottest peak is shown at once
        self.panel.review.table.widget.cellClicked.emit(2, 1)
        self.assertLess(self.slice_origin()[2], -40)
        self.panel.review.table.widget.cellClicked.emit(3, 3)
        self.assertLess(abs(self.slice_origin()[2] - BALL[2]), 15)

    def test_heat_map_threshold_and_opacity(self):
        from LungCAD.mrml.signs import heat_map_of

        self.find()
        heat = heat_map_of(self.panel.logic.resultNodes(self.node), SIGN)
        self.panel.ui.thresholdSlider.value = 40
        self.assertEqual(heat.GetDisplayNode().GetLowerThreshold(), 40)
        self.panel.ui.opacitySlider.value = 80
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        self.assertEqual(layers.GetForegroundVolumeID(), heat.GetID())
        self.assertAlmostEqual(layers.GetForegroundOpacity(), 0.8)
        self.panel.ui.heatMapBox.currentIndex = 0
        self.assertFalse(layers.GetForegroundVolumeID())

    def test_projections(self):
        self.find()
        box = self.panel.ui.projectionBox
        self.assertEqual(box.count, 5)
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        box.currentIndex = 1
        self.assertIn("projection", slicer.mrmlScene.GetNodeByID(layers.GetBackgroundVolumeID()).GetName())
        self.panel.review.table.widget.cellClicked.emit(3, 3)
        self.assertEqual(box.currentIndex, 0)
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())

    def test_checks_of_heat_maps_are_summed_up(self):
        self.method = {**self.method, "check_maps": True}
        self.find()
        (line,) = [one for one in self.panel.ui.resultSummary.text.splitlines() if "deletion" in one]
        self.assertRegex(
            line,
            r"^Heat map of fungus ball: deletion \d\.\d\d \(random \d\.\d\d\), "
            r"insertion \d\.\d\d \(random \d\.\d\d\), forgotten -?\d\.\d\d\.$",
        )

    def test_views_come_back_after_projections(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.find()
        manager, box = slicer.app.layoutManager(), self.panel.ui.projectionBox
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
        red = manager.sliceWidget("Red").mrmlSliceNode()
        green = manager.sliceWidget("Green").mrmlSliceNode()
        red.SetFieldOfView(90, 90, 1)
        red.SetXYZOrigin(12, -7, 0)
        red.SetSliceOffset(33)
        green.SetOrientation("Sagittal")

        def views():
            matrix = slicer.util.arrayFromVTKMatrix
            places = [(matrix(view.GetSliceToRAS()), view.GetFieldOfView()) for view in (red, green)]
            return str((manager.layout, places, red.GetXYZOrigin()))

        before = views()
        for number in (1, 2, 0):
            box.currentIndex = number
            self.assertEqual(views() == before, number == 0)
        box.currentIndex = 1
        self.node.ct = self.scan("Another")
        self.settle()
        self.assertEqual(manager.layout, slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)

    def test_sheet(self):
        """Ticks go to the ledger, agree or not, survive the panel, and are exported."""
        self.find()
        review = self.panel.review
        self.assertIn("0 of 6", review.progress.text)
        review.confirm()
        self.assertEqual(review.sheet.judgements, {"right_upper": frozenset()})
        self.assertEqual(review.table.present, "right_middle")
        review.table.widget.setCurrentCell(0, 0)
        review.take_back()
        self.assertIn("0 of 6", review.progress.text)
        self.cell("left_upper", 2).setCheckState(qt.Qt.Checked)  # a cavity besides
        self.assertEqual(review.sheet.judgements, {"left_upper": frozenset({"cavity", SIGN})})
        self.assertIn("agree on 1 of 1", review.progress.text)
        self.cell("left_lower", 3).setCheckState(qt.Qt.Checked)
        self.assertIn("agree on 1 of 2", review.progress.text)
        review.table.widget.setCurrentCell(5, 0)
        review.take_back()
        review.table.widget.setCurrentCell(0, 0)
        review.confirm()
        self.assertEqual(review.table.present, "right_middle")
        self.assertEqual(set(review.sheet.judgements), {"left_upper", "right_upper"})
        self.assertIn("✓", self.cell("left_upper", 0).text())
        entries = len(review.sheet.entries)
        self.find(name="Scan again")
        self.assertEqual(len(review.sheet.entries), entries)
        self.assertEqual(self.cell("left_upper", 2).checkState(), qt.Qt.Checked)
        review.export.folder.currentPath = str(self.folder / "set")
        review.export.patient.text = "patient-1"
        review.export.button.click()
        self.assertIn("regions: 2", review.export.message.text)
        rows = list(csv.DictReader((self.folder / "set" / "regions.csv").open(encoding="utf-8")))
        self.assertEqual(
            [(row["side"], row["level"], row["cavity"]) for row in rows][1], ("left", "upper", "1")
        )
        review.export.patient.text = ""  # as after a new start
        review.export.overwrite.checked = True
        review.export.button.click()
        self.assertIn("of patient-1,", review.export.message.text)

    def test_a_scan_that_is_not_on_display_is_not_judged(self):
        """Neither by the key to confirm nor by that to take back; a projection of it will do."""
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        other = self.scan("Other patient", balls=())
        self.find()
        review, box = self.panel.review, self.panel.ui.projectionBox
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        region = review.table.present
        for act, judged in ((review.confirm, {region}), (review.take_back, set())):
            for shown in (0, 1):
                review.table.widget.setCurrentCell(0, 0)
                box.currentIndex = shown
                background = layers.GetBackgroundVolumeID()
                slicer.util.setSliceViewerLayers(background=other, foreground=None)
                before = set(review.sheet.judgements)
                act()
                self.assertIn(f"{self.node.ct.GetName()}: was not on display", review.head.sentence)
                self.assertEqual(set(review.sheet.judgements), before)
                self.assertEqual(layers.GetBackgroundVolumeID(), background)
                act()
                self.assertEqual((set(review.sheet.judgements), review.head.sentence), (judged, ""))

    def test_a_tick_counts_only_where_the_scan_was_on_display(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        other = self.scan("Other patient", balls=())
        self.find()
        review, cell = self.panel.review, self.cell("left_lower", 2)
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        slicer.util.setSliceViewerLayers(background=other, foreground=None)
        cell.setCheckState(qt.Qt.Checked)
        self.assertIn(f"{self.node.ct.GetName()}: was not on display", review.head.sentence)
        self.assertEqual((cell.checkState(), review.sheet.judgements), (qt.Qt.Unchecked, {}))
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())
        cell.setCheckState(qt.Qt.Checked)
        self.assertEqual((review.head.sentence, list(review.sheet.judgements)), ("", ["left_lower"]))
        slicer.util.setSliceViewerLayers(background=other, foreground=None)
        review.table.widget.cellClicked.emit(2, 0)
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())
        self.assertEqual(review.table.present, "right_lower")

    def test_ticks_of_another_program_are_shown_before_the_next_one_counts(self):
        from LungCAD.review.sign_sheet import SignSheet

        self.find()
        review = self.panel.review
        self.cell("left_upper", 2).setCheckState(qt.Qt.Checked)
        SignSheet(review.sheet.folder, review.sheet.case, "Test reader").judge("left_lower", {"cavity"})
        self.cell("right_upper", 2).setCheckState(qt.Qt.Checked)
        self.assertIn("was changed by another program", review.head.sentence)
        self.assertEqual(list(review.sheet.judgements), ["left_upper", "left_lower"])
        self.assertEqual(self.cell("right_upper", 2).checkState(), qt.Qt.Unchecked)
        self.cell("right_upper", 2).setCheckState(qt.Qt.Checked)
        self.assertEqual((len(review.sheet.judgements), review.head.sentence), (3, ""))

    def test_a_reader_without_a_name_is_asked(self):
        self.panel.review.head.reader_edit.text = ""
        self.panel.review.head.reader_edit.editingFinished.emit()
        self.find()
        self.cell("left_upper", 2).setCheckState(qt.Qt.Checked)
        self.assertIn("has no name", self.panel.review.head.sentence)
        self.assertEqual(self.cell("left_upper", 2).checkState(), qt.Qt.Unchecked)

    def test_nobody_goes_on_in_the_sheet_of_the_reader_before(self):
        self.find()
        review = self.panel.review
        self.cell("left_upper", 2).setCheckState(qt.Qt.Checked)
        before = review.sheet
        review.head.reader_edit.text = ""
        review.head.reader_edit.editingFinished.emit()
        self.cell("right_upper", 2).setCheckState(qt.Qt.Checked)
        self.assertIn("has no name", review.head.sentence)
        self.assertEqual(list(before.judgements), ["left_upper"])
        review_settings.remember(review_settings.READER, "Another reader")  # in another panel
        self.panel.enter()
        self.cell("right_upper", 2).setCheckState(qt.Qt.Checked)
        self.assertEqual([line.reviewer for line in review.sheet.entries], ["Another reader"])

    def test_the_scene_carries_the_sheet_of_every_reader(self):
        """To another computer, where the folder of reviews is empty."""
        self.find()
        review = self.panel.review
        self.cell("left_upper", 2).setCheckState(qt.Qt.Checked)
        shutil.rmtree(self.folder / "reviews")
        for reader, region in (("Another reader", "right_upper"), ("Test reader", "left_lower")):
            review.head.reader_edit.text = reader
            review.head.reader_edit.editingFinished.emit()
            self.cell(region, 2).setCheckState(qt.Qt.Checked)
            shutil.rmtree(self.folder / "reviews")
        review.show(self.node.ct, self.panel.logic.resultNodes(self.node), "case-1")
        self.assertEqual(list(review.sheet.judgements), [])  # of another scan
        self.panel._shown = None
        self.panel.refresh()
        self.assertEqual(list(review.sheet.judgements), ["left_upper", "left_lower"])
        review.head.reader_edit.text = "Another reader"
        review.head.reader_edit.editingFinished.emit()
        self.assertEqual(list(review.sheet.judgements), ["right_upper"])

    def test_withheld_regions(self):
        self.find(lungs=("left",))
        self.assertEqual(self.cell("right_upper", 3).text(), "–")
        self.assertIn("missing", self.cell("right_upper", 3).toolTip())

    def test_another_ct_is_chosen(self):
        """Nothing of the former one is shown as its own, and it has its findings again when chosen again."""
        self.find(name="2019")
        first, review = self.node.ct, self.panel.review
        before = self.panel.logic.resultNodes(self.node)
        other = self.scan("2021", balls=())
        self.node.ct = other
        self.settle()
        self.assertTrue(review.widget.isHidden())
        self.assertFalse(self.panel.ui.resultCollapsibleButton.visible)
        self.assertEqual((self.panel.ui.resultSummary.text, self.panel.ui.heatMapBox.count), ("", 1))
        self.assertFalse(before.peaks.GetDisplayVisibility())
        if slicer.app.layoutManager() is not None:
            layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
            self.assertEqual(layers.GetBackgroundVolumeID(), other.GetID())
            self.assertFalse(layers.GetForegroundVolumeID())
        review.confirm()
        self.assertFalse(list(self.folder.rglob("*.jsonl")))
        self.node.ct = first
        self.settle()
        self.assertEqual(self.panel.logic.resultNodes(self.node), before)
        self.assertIn("Left upper: fungus ball", self.panel.ui.resultSummary.text)
        self.assertEqual(self.cell("left_upper", 3).checkState(), qt.Qt.Checked)
        self.assertTrue(before.peaks.GetDisplayVisibility())
        slicer.mrmlScene.RemoveNode(first)
        self.settle()
        self.assertTrue(review.widget.isHidden())

    def test_another_ct_is_chosen_while_the_job_runs(self):
        first, other = self.scan("2019"), self.scan("2021", balls=())
        self.node.ct = other
        self.show_result(first)
        self.assertTrue(self.panel.review.widget.isHidden())
        self.node.ct = first
        self.settle()
        nodes = self.panel.logic.resultNodes(self.node)
        self.assert_ball_found(nodes)
        self.assertEqual(self.cell("left_upper", 3).checkState(), qt.Qt.Checked)
        self.show_result(other)
        count = slicer.mrmlScene.GetNumberOfNodes()
        self.show_result(first)
        self.assertEqual(self.panel.logic.resultNodes(self.node), nodes)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)

    def test_a_saved_scene_with_another_ct_chosen(self):
        """What one CT shows does not become another's by loading."""
        self.find(name="2019")
        self.node.ct = self.scan("2021", balls=())
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(file))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(file)
        self.node = self.panel.node
        self.settle()
        self.assertEqual(self.node.ct.GetName(), "2021")
        self.assertTrue(self.panel.review.widget.isHidden())
        self.node.ct = slicer.util.getNode("2019")
        self.settle()
        self.assert_ball_found(self.panel.logic.resultNodes(self.node))
        self.assertIn("Left upper: fungus ball", self.panel.ui.resultSummary.text)

    def test_a_heat_map_is_deleted(self):
        """The panel shows the rest, with the scene loaded again."""
        from LungCAD.mrml.signs import heat_map_of

        self.find()
        slicer.mrmlScene.RemoveNode(heat_map_of(self.panel.logic.resultNodes(self.node), SIGN))
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(file))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(file)
        self.settle()
        self.assertEqual(self.panel.ui.heatMapBox.count, 1)
        self.assertEqual(self.cell("left_upper", 3).checkState(), qt.Qt.Checked)

    def test_the_scene_is_closed(self):
        self.find()
        slicer.mrmlScene.Clear(0)
        self.settle()
        self.assertTrue(self.panel.review.widget.isHidden())
        self.assertEqual(self.panel.ui.heatMapBox.count, 1)


if __name__ == "__main__":
    unittest.main()
