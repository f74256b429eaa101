"""The panel of ILD detection, with a network that sees nothing but spots."""

import shutil
import unittest
import unittest.mock

import numpy as np
import qt
import slicer
import vtk
from scan_case import AIRY, BRIGHT, SPOTS, PanelTestCase
from spot_network import CODES, chest

from LungCAD.panels import review_settings


class PanelTest(PanelTestCase):
    def detected(self):
        self.node.ct = self.scan()
        self.compute()
        return self.panel.review

    def box(self, number, disease):
        table = self.panel.review.table
        return table.widget.item(table.numbers.index(number), 1 + disease)

    def tick(self, number, disease):
        """Do as a click on a box that is empty: its row is gone to first, and the table tells last of it."""
        table, box = self.panel.review.table, self.box(number, disease)
        table.widget.setCurrentCell(box.row(), box.column())
        box.setCheckState(qt.Qt.Checked)
        table.widget.cellClicked.emit(box.row(), box.column())

    def test_says_what_to_do_next(self):
        self.settle()
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose a CT")
        self.node.ct = self.scan()
        self.settle()
        self.assertTrue(self.panel.jobBar.apply_button.enabled)
        self.assertTrue(self.panel.review.widget.isHidden())

    def test_finds_the_slices(self):
        review = self.detected()
        self.assert_found(self.panel.logic.resultNodes(self.node))
        self.assertIn("Ground glass opacity (1.00): slices 10–12", self.panel.ui.resultSummary.text)
        self.assertIn("20 of 24 slices", self.panel.ui.resultSummary.text)
        self.assertEqual(review.table.numbers, list(range(1, 25)))
        checked = [n for n in review.table.numbers if review.table.ticks(n) == {BRIGHT}]
        self.assertEqual(checked, [10, 11, 12])

        before = self.node.findings, slicer.mrmlScene.GetNumberOfNodes()
        self.compute()
        self.assertEqual((self.node.findings, slicer.mrmlScene.GetNumberOfNodes()), before)

    def test_rows_lead_to_their_slices(self):
        """The arrow keys do what a click does; all views show the slice."""
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        review = self.detected()
        slices = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
        for number in (7, 12, 18):
            review.table.go_to(number)
            self.assertAlmostEqual(slices.GetSliceOffset(), 300 + 5 * (number - 1), places=3)
        review.table.step(-1)
        self.assertAlmostEqual(slices.GetSliceOffset(), 300 + 5 * 16, places=3)
        slices.SetSliceOffset(310)  # the reader scrolled away
        review.table.widget.cellClicked.emit(16, 1)
        self.assertAlmostEqual(slices.GetSliceOffset(), 300 + 5 * 16, places=3)

    def test_points_of_the_plot_lead_to_their_slices(self):
        manager = slicer.app.layoutManager()
        if manager is None:
            self.skipTest("there are no views")
        review = self.detected()
        chart, view = self.node.along_z, manager.plotWidget(0).plotView()
        curve = chart.GetNthPlotSeriesNode(2)
        self.assertEqual(curve.GetMarkerStyle(), curve.MarkerStyleCircle)
        review.table.go_to(11)
        self.select(view, {})  # nothing is there
        self.assertEqual(review.table.present, 11)
        self.select(view, {curve: [12]})
        self.assertEqual(review.table.present, 15)
        self.select(view, {chart.GetNthPlotSeriesNode(0): [3, 4], curve: [5]})
        self.assertEqual(review.table.present, 6)
        slices = manager.sliceWidget("Red").mrmlSliceNode()
        self.assertAlmostEqual(slices.GetSliceOffset(), 300 + 5 * 5, places=3)

        other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode")
        other.SetAndObserveTableNodeID(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode").GetID())
        self.select(view, {other: [1]})
        self.assertEqual(review.table.present, 6)

    def select(self, view, points):
        """Do as a plot view of Slicer when points were clicked: series and the rows of their points."""
        series, selections = vtk.vtkStringArray(), vtk.vtkCollection()
        for node, rows in points.items():
            series.InsertNextValue(node.GetID())
            selected = vtk.vtkIdTypeArray()
            for row in rows:
                selected.InsertNextValue(row)
            selections.AddItem(selected)
        view.dataSelected.emit(series, selections)

    def test_worth_reading(self):
        review = self.detected()
        visited = [review.table.present]
        for _ in range(2):
            review.next_worth_reading()
            visited.append(review.table.present)
        self.assertTrue({11, 16} <= set(visited) or {*visited} & set(range(10, 13)))
        self.assertEqual(len(set(visited)), 3)

    def test_heat_map_over_the_ct(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.detected()
        box = self.panel.ui.heatMapBox
        self.assertEqual(box.itemText(0), "None")
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        box.currentIndex = 1
        shown = slicer.mrmlScene.GetNodeByID(layers.GetForegroundVolumeID())
        self.assertIn("ground glass", shown.GetName())
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())
        self.assertEqual(shown.GetDisplayNode().GetLowerThreshold(), 20)
        self.panel.ui.thresholdSlider.value = 45
        self.panel.ui.opacitySlider.value = 70
        self.assertEqual(shown.GetDisplayNode().GetLowerThreshold(), 45)
        self.assertAlmostEqual(layers.GetForegroundOpacity(), 0.7)
        box.currentIndex = 0
        self.assertFalse(layers.GetForegroundVolumeID())
        layers.SetBackgroundVolumeID(None)
        self.panel.ui.opacitySlider.value = 30
        self.assertIsNone(layers.GetBackgroundVolumeID(), "no heat map, nothing to change")

    def test_ticks_are_recorded(self):
        review = self.detected()
        self.tick(14, 1)
        review.table.go_to(11)
        review.confirm()
        self.assertEqual(review.review.judgements, {11: {BRIGHT}, 14: {AIRY}})
        self.assertEqual(review.table.present, 12)
        self.assertEqual(review.progress.text, "2 of 24 slices read")
        self.assertEqual(review.table.widget.item(10, 0).text(), "11 ✓")
        review.table.go_to(14)
        review.take_back()
        self.assertEqual(review.review.judgements, {11: {BRIGHT}})
        self.assertEqual(self.box(14, 1).checkState(), qt.Qt.Unchecked)  # the method's word again

        self.compute()
        self.assertEqual(self.panel.review.review.judgements, {11: {BRIGHT}})  # of the same scan

    def test_a_slice_that_is_not_on_display_is_not_judged(self):
        """Neither by the key to confirm nor by that to take back; other CTs and other slices do not count."""
        manager = slicer.app.layoutManager()
        if manager is None:
            self.skipTest("there are no views")
        review = self.detected()
        views = [manager.sliceWidget(name).mrmlSliceNode() for name in manager.sliceViewNames()]
        review.table.go_to(11)
        other = self.scan({}, "Other patient")

        def scroll_away():
            for view in views:
                view.SetSliceOffset(view.GetSliceOffset() + 20)

        for act, judgements in ((review.confirm, {11: {BRIGHT}}), (review.take_back, {})):
            before = review.review.judgements
            for leave in (lambda: slicer.util.setSliceViewerLayers(background=other), scroll_away):
                leave()
                act()
                self.assertIn("Slice 11: was not on display", review.head.sentence)
                self.assertEqual(review.review.judgements, before)
                self.assertAlmostEqual(views[0].GetSliceOffset(), 350, places=3)
            act()
            self.assertEqual((review.review.judgements, review.head.sentence), (judgements, ""))
            review.table.go_to(11)

    def test_a_tick_counts_only_where_its_slice_was_on_display(self):
        """A click shows what it is about, be it on a box of another row or on the present one."""
        manager = slicer.app.layoutManager()
        if manager is None:
            self.skipTest("there are no views")
        review = self.detected()
        other = self.scan({}, "Other patient")
        layers = manager.sliceWidget("Red").mrmlSliceCompositeNode()
        slicer.util.setSliceViewerLayers(background=other)
        self.tick(14, 1)
        self.assertIn("Slice 14: was not on display", review.head.sentence)
        self.assertEqual(self.box(14, 1).checkState(), qt.Qt.Unchecked)
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())
        for name in manager.sliceViewNames():
            view = manager.sliceWidget(name).mrmlSliceNode()
            view.SetSliceOffset(view.GetSliceOffset() + 20)
        self.tick(14, 1)
        self.assertIn("Slice 14: was not on display", review.head.sentence)
        self.assertEqual(review.progress.text, "0 of 24 slices read")
        self.tick(14, 1)
        self.assertEqual((review.review.judgements, review.head.sentence), ({14: {AIRY}}, ""))
        slicer.util.setSliceViewerLayers(background=other)
        review.table.widget.cellClicked.emit(10, 0)
        self.assertEqual(layers.GetBackgroundVolumeID(), self.node.ct.GetID())
        self.assertEqual(review.table.present, 11)

    def test_ticks_of_another_program_are_shown_before_the_next_one_counts(self):
        from LungCAD.review.slice_review import SliceReview

        review = self.detected()
        self.tick(14, 1)
        mine = review.review
        SliceReview(mine.folder, mine.case, "Test reader", mine.diseases).judge(11, {AIRY})
        self.tick(11, 1)
        self.assertIn("was changed by another program", review.head.sentence)
        self.assertEqual(review.review.judgements, {11: {AIRY}, 14: {AIRY}})
        self.assertEqual(self.box(11, 0).checkState(), qt.Qt.Unchecked)
        self.tick(11, 0)
        self.assertEqual((review.review.judgements[11], review.head.sentence), ({AIRY, BRIGHT}, ""))

    def test_slices_that_the_method_abstained_from(self):
        """They are grey and nothing is ticked; a reader says of them what they show, and it is exported."""
        from LungCAD.review.slice_labels import read_slice_labels

        review = self.detected()
        cell, judged = self.box(2, 0), self.box(3, 0)
        self.assertEqual((cell.text(), cell.checkState()), ("–", qt.Qt.Unchecked))
        self.assertNotEqual(cell.foreground().color(), judged.foreground().color())
        self.tick(2, 0)
        review.table.go_to(1)
        review.confirm()
        self.assertEqual(review.review.judgements, {1: set(), 2: {BRIGHT}})
        review.export.folder.currentPath = str(self.folder / "dataset")
        review.export.patient.text = "patient-7"
        review.export.button.click()
        rows = read_slice_labels(self.folder / "dataset" / "slices.csv", CODES)
        self.assertEqual([(row.slice, row.shown[BRIGHT]) for row in rows], [(1, False), (2, True)])

    def test_the_scene_carries_what_was_said(self):
        """To another computer, where the folder of reviews is empty."""
        review = self.detected()
        review.table.go_to(11)
        review.confirm()
        for ledger in (self.folder / "reviews").rglob("*.jsonl"):
            ledger.unlink()
        self.rename("Another reader")
        self.assertEqual(review.review.judgements, {})
        self.rename("Test reader")
        self.assertEqual(review.review.judgements, {11: {BRIGHT}})

    def test_the_scene_carries_what_every_reader_said(self):
        """The first one's ticks too, on a computer where their folder is empty and another reader ticks."""
        from LungCAD.mrml.carried_ticks import carried_ledgers

        review = self.detected()
        review.table.go_to(11)
        review.confirm()
        shutil.rmtree(self.folder / "reviews")
        self.rename("Another reader")
        for number in (3, 4):
            review.table.go_to(number)
            review.confirm()
        shutil.rmtree(self.folder / "reviews")
        file = str(self.folder / "scene.mrb")
        self.assertTrue(slicer.util.saveScene(file))
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(file)
        self.panel.enter()
        self.settle()
        self.assertEqual(review.review.judgements, {3: set(), 4: set()})
        self.rename("Test reader")
        self.assertEqual(review.review.judgements, {11: {BRIGHT}})
        self.assertEqual(len(carried_ledgers(self.panel.node.findings)), 2)

    def rename(self, reader):
        edit = self.panel.review.head.reader_edit
        edit.text = reader
        edit.editingFinished.emit()

    def test_how_it_was_scanned(self):
        """As Slicer's DICOM database has it."""
        facts = {"slice_thickness_mm": 7.0}
        with unittest.mock.patch("LungCAD.mrml.scan_facts.known_facts", return_value=facts):
            self.detected()
        self.assertIn("7 mm thick", self.panel.ui.resultSummary.text)

    def test_a_second_scan(self):
        """What was said of the first is not said of it, and stays."""
        review = self.detected()
        review.table.go_to(11)
        review.confirm()
        (first,) = (self.folder / "reviews").rglob("*.jsonl")
        said = first.read_text(encoding="utf-8")
        self.node.ct = self.scan({BRIGHT: (range(5, 8), (70, 50)), AIRY: (range(16, 19), (90, 112))}, "Other")
        self.compute()
        self.assertEqual((review.review.judgements, review.head.sentence), ({}, ""))
        review.table.go_to(7)
        review.confirm()
        self.assertEqual((review.review.judgements, review.head.sentence), ({7: {BRIGHT}}, ""))
        self.assertEqual(first.read_text(encoding="utf-8"), said)

    def test_moving_on_leaves_a_problem_in_sight(self):
        review = self.detected()
        review.table.go_to(11)
        review.confirm()
        (ledger,) = (self.folder / "reviews").rglob("*.jsonl")
        ledger.write_text("{}\n")
        self.compute()
        self.assertIsNotNone(review.table.present)
        self.assertIn("damaged", review.head.sentence)
        review.next_worth_reading()
        self.assertIn("damaged", review.head.sentence)

    def test_nobody_judges_under_the_name_of_a_reader_who_has_left(self):
        """They entered theirs in the panel of another module."""
        review = self.detected()
        review.table.go_to(11)
        review.confirm()
        review_settings.remember(review_settings.READER, "Another reader")
        self.panel.enter()
        self.assertEqual(review.review.judgements, {})
        review.confirm()
        self.assertEqual([line.reviewer for line in review.review.entries], ["Another reader"])

    def test_without_a_name_nothing_is_recorded(self):
        review = self.detected()
        review.head.reader_edit.text = ""
        review.head.reader_edit.editingFinished.emit()
        self.tick(14, 1)
        self.assertIn("name", review.head.sentence)
        self.assertEqual(self.box(14, 1).checkState(), qt.Qt.Unchecked)
        self.assertFalse(list(self.folder.rglob("*.jsonl")))

    def test_export(self):
        from LungCAD.review.slice_labels import read_slice_labels

        review = self.detected()
        self.assertFalse(review.export.button.enabled)
        review.table.go_to(11)
        review.confirm()
        review.export.folder.currentPath = str(self.folder / "dataset")
        review.export.patient.text = "patient-7"
        review.export.button.click()
        self.assertIn("slices: 1", review.export.message.text)
        (row,) = read_slice_labels(self.folder / "dataset" / "slices.csv", CODES)
        self.assertEqual((row.patient, row.slice, row.shown), ("patient-7", 11, {BRIGHT: True, AIRY: False}))
        review.export.button.click()
        self.assertIn("already", review.export.message.text)
        review.export.patient.text = ""  # as after a new start
        review.export.overwrite.checked = True
        review.export.button.click()
        self.assertIn("of patient-7,", review.export.message.text)

    def test_every_ct_keeps_its_findings(self):
        review, first = self.detected(), self.node.ct
        review.table.go_to(11)
        review.confirm()
        review.export.patient.text = "patient-7"
        found = self.panel.logic.resultNodes(self.node)
        self.node.ct = self.scan({}, "Healthy")
        self.settle()
        self.assertTrue(review.widget.isHidden())
        self.assertEqual((self.panel.ui.resultSummary.text, self.panel.ui.heatMapBox.count), ("", 1))
        self.compute()
        self.assertIsNot(self.node.findings, found.findings)
        self.assertEqual(review.review.judgements, {})
        self.assertEqual(review.export.patient.text, "")  # it may be another patient
        self.assert_found(found)
        self.node.ct = first
        self.settle()
        self.assertEqual(self.panel.logic.resultNodes(self.node), found)
        self.assertIn("Ground glass opacity (1.00): slices 10–12", self.panel.ui.resultSummary.text)
        self.assertEqual(review.review.judgements, {11: {BRIGHT}})
        count = slicer.mrmlScene.GetNumberOfNodes()
        self.compute()
        self.assertEqual(self.panel.logic.resultNodes(self.node), found)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)

    def test_a_closed_scene(self):
        review = self.detected()
        slicer.mrmlScene.Clear(0)
        self.settle()
        self.assertTrue(review.widget.isHidden())
        self.assertEqual(review.table.numbers, [])

    def test_what_is_wrong_stands_beside_its_field(self):
        self.node.ct = self.scan(hu=np.zeros((4, 90, 90), np.int16), name="Empty")
        self.settle()
        self.assertIn("single value", self.sentence("ct"))
        self.node.ct = self.scan(hu=chest(SPOTS)[:, 40:110, 40:110], name="Small")
        self.compute()
        self.assertIn("not a chest", self.sentence("ct"))
        self.node.ct = self.scan()
        self.node.weights = "no-such"
        self.compute()
        self.assertIn("not among the shipped weights", self.sentence("weights"))

    def test_a_scan_without_lungs(self):
        self.node.ct = self.scan(hu=chest({})[:5])
        self.compute()
        self.assertIn("nothing is said of this scan", self.panel.ui.resultSummary.text)
        table = self.panel.review.table
        self.assertEqual([table.ticks(number) for number in range(1, 6)], [set()] * 5)


if __name__ == "__main__":
    unittest.main()
