"""The module ILD detection: its panel and its logic, with a network that sees nothing but spots."""

import csv
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import numpy as np
import qt
import SimpleITK as sitk
import slicer
import vtk
from panel_case import PanelCase, load_module
from spot_network import CODES, PIXEL_MM, chest, chest_image, save_spot_network

from LungCAD.errors import Cancelled, InputError

NAME = "ILDDetection"
BRIGHT, AIRY = CODES
SPOTS = {BRIGHT: (range(9, 12), (70, 50)), AIRY: (range(14, 17), (90, 112))}
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
AXIAL = LPS_TO_RAS @ np.array(
    [[PIXEL_MM, 0, 0, -170], [0, PIXEL_MM, 0, -160], [0, 0, 5, 300], [0, 0, 0, 1.0]]
)


def write_series(image, folder, uid):
    """Write an image as a DICOM series, one file per slice."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number in range(image.GetDepth()):
        piece = sitk.Cast(image[:, :, number], sitk.sitkInt16)
        tags = {
            "0008|0008": "ORIGINAL\\PRIMARY\\AXIAL",
            "0008|0060": "CT",
            "0020|000e": uid,
            "0008|0018": f"{uid}.{number + 1}",
            "0020|0013": str(number + 1),
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0020|0032": "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, number)))),
        }
        for tag, text in tags.items():
            piece.SetMetaData(tag, text)
        writer.SetFileName(str(folder / f"{uid}.{number}.dcm"))
        writer.Execute(piece)


class ScanTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.weights = str(save_spot_network(Path(folder.name) / "spots.safetensors"))
        cls.method = {"weights": cls.weights, "smoothing_mm": 0.0, "device": "cpu"}

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        load_module(NAME)

    def scan(self, spots=SPOTS, name="Scan", place=AXIAL, hu=None):
        hu = chest(spots) if hu is None else hu
        return slicer.util.addVolumeFromArray(hu, ijkToRAS=place, name=name)

    def assert_found(self, nodes, expected=SPOTS):
        from LungCAD.mrml.detection import findings_of

        for disease in findings_of(nodes).diseases:
            where = expected[disease.code][0]
            (found,) = disease.ranges
            self.assertEqual((found.first, found.last), (where[0] + 1, where[-1] + 1))


class LogicTest(ScanTestCase):
    def logic(self):
        return slicer.util.getModuleLogic(NAME)

    def test_console(self):
        """As documented: the logic by its name, one node in, nodes out."""
        from LungCAD.mrml.detection import heat_map_of

        ct = self.scan()
        nodes = self.logic().detect(ct, **self.method)
        self.assert_found(nodes)
        self.assertEqual(nodes.table.GetNumberOfRows(), 20)
        self.assertEqual(nodes.along_z.GetNumberOfPlotSeriesNodes(), 4)  # two curves, two thresholds
        heat = heat_map_of(nodes, BRIGHT)
        values = slicer.util.arrayFromVolume(heat)
        self.assertEqual((values.shape, values.dtype), ((24, 160, 160), np.uint8))
        inside = np.isin(np.arange(24), SPOTS[BRIGHT][0])
        self.assertGreater(values[inside].max(), 90)
        self.assertLess(values[~inside].max(), 6)
        self.assertIsNotNone(slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heat))
        matrix = slicer.util.arrayFromVTKMatrix
        self.assertTrue(np.allclose(*(matrix(self.ijk_to_ras(node)) for node in (heat, ct))))

    def ijk_to_ras(self, node):
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        return matrix

    def test_oblique_and_under_a_transform(self):
        turn = np.eye(4)
        turn[:3, :3] = [[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]]
        ct = self.scan(place=AXIAL)
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
        ct.SetAndObserveTransformNodeID(transform.GetID())
        self.assert_found(self.logic().detect(ct, **self.method))

    def test_the_table_has_its_numbers(self):
        nodes = self.logic().detect(self.scan(), **self.method)
        column = slicer.util.arrayFromTableColumn
        self.assertEqual(column(nodes.table, "Slice").tolist(), list(range(3, 23)))
        self.assertEqual(column(nodes.table, "Position (mm)").tolist(), [300 + 5.0 * z for z in range(2, 22)])
        probability = column(nodes.table, "Ground glass opacity")
        self.assertEqual(np.flatnonzero(probability > 0.5).tolist(), [7, 8, 9])

    def test_a_left_handed_volume(self):
        """Slicer loads it with its slices in reverse: all the same, numbers and name of the scan hold."""
        from LungCAD.mrml.detection import findings_of, heat_map_of, show_slice
        from LungCAD.mrml.scan_findings import findings_on
        from LungCAD.mrml.scan_order import identify_in_steps
        from LungCAD.steps import finish

        place = AXIAL @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 23], [0, 0, 0, 1.0]])
        ct = self.scan(place=place, hu=np.ascontiguousarray(chest(SPOTS)[::-1]))
        nodes = self.logic().detect(ct, **self.method)
        self.assert_found(nodes)
        heat = slicer.util.arrayFromVolume(heat_map_of(nodes, BRIGHT))
        inside = np.isin(np.arange(24)[::-1], SPOTS[BRIGHT][0])
        self.assertGreater(heat[inside].max(), 90)
        self.assertLess(heat[~inside].max(), 6)
        views = slicer.util.getNodesByClass("vtkMRMLSliceNode")

        def shown(volume):
            show_slice(volume, 11)
            return [round(view.GetSliceOffset(), 6) for view in views]

        said, heights = finish(identify_in_steps(ct)), shown(ct)
        self.assertIn(350.0, heights)  # the eleventh from 300 mm on, every 5 mm
        with tempfile.TemporaryDirectory() as folder:
            slicer.util.saveScene(str(Path(folder) / "scene.mrb"))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(str(Path(folder) / "scene.mrb"))
        ct = slicer.util.getNode("Scan")
        self.assertEqual(finish(identify_in_steps(ct)).case, said.case)
        views = slicer.util.getNodesByClass("vtkMRMLSliceNode")
        self.assertEqual(shown(ct), heights)
        nodes = findings_on(ct, type(nodes))
        readings = {one.number: one.z_mm for one in findings_of(nodes).judged}
        self.assertEqual(readings[11], 350.0)

    def test_what_cannot_be_used(self):
        small = chest(SPOTS)[:, 40:110, 40:110]
        coarse = AXIAL @ np.diag([1, 4, 1, 1.0])
        for ct, words in (
            (self.scan(hu=small, name="Small"), "not a chest"),
            (self.scan(place=coarse, name="Coronal"), "coronal"),
            (self.scan(hu=np.zeros((4, 90, 90), np.int16), name="Empty"), "single value"),
            (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"), "holds no voxels"),
        ):
            with self.subTest(ct.GetName()), self.assertRaisesRegex(InputError, words):
                self.logic().detect(ct, **self.method)

    def test_stopped(self):
        def stop(_fraction, _message):
            raise Cancelled

        ct = self.scan()
        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(Cancelled):
            self.logic().detect(ct, progress=stop, **self.method)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_sample_data(self):
        """A phantom with disease is offered in the module Sample Data, with a picture."""
        import SampleData

        sample = SampleData.SampleDataLogic().sourceForSampleName("LungCADScreening")
        self.assertTrue(Path(sample.thumbnailFileName).is_file())

    def test_without_heat_maps_those_of_before_are_gone(self):
        from LungCAD.mrml.detection import heat_map_of, show_detection
        from LungCAD.mrml.volumes import image_from_volume
        from LungCAD.worker.in_process import run

        ct = self.scan()
        nodes = self.logic().detect(ct, **self.method)
        method = {**self.method, "heat_maps": False}
        result = run("detect", {"ct": image_from_volume(ct)}, method, lambda *_: None)
        show_detection(result, ct, nodes)
        self.assertIsNone(heat_map_of(nodes, BRIGHT))
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"), 1)

    def test_a_saved_scene(self):
        """What was found is there again, with its heat maps."""
        from LungCAD.mrml.detection import findings_of, heat_map_of

        nodes = self.logic().detect(self.scan(), **self.method)
        found = findings_of(nodes)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(path))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(path)
        nodes.findings = slicer.util.getNode("Scan findings")
        self.assertEqual(findings_of(nodes), found)
        self.assertGreater(slicer.util.arrayFromVolume(heat_map_of(nodes, BRIGHT)).max(), 90)


class PanelTestCase(PanelCase, ScanTestCase):
    MODULE = NAME

    def setUp(self):
        super().setUp()
        self.node.weights, self.node.smoothing_mm = self.weights, 0.0


class PanelTest(PanelTestCase):
    def detected(self):
        self.node.ct = self.scan()
        self.compute()
        return self.panel.review

    def box(self, number, disease):
        table = self.panel.review.table
        return table.widget.item(table.numbers.index(number), 1 + disease)

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
        self.assertIn("Ground glass opacity: slices 10–12", self.panel.ui.resultSummary.text)
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
        self.box(14, 1).setCheckState(qt.Qt.Checked)
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

    def test_slices_that_the_method_abstained_from(self):
        """They are grey and nothing is ticked; a reader says of them what they show, and it is exported."""
        from LungCAD.review.slice_labels import read_slice_labels

        review = self.detected()
        cell, judged = self.box(2, 0), self.box(3, 0)
        self.assertEqual((cell.text(), cell.checkState()), ("–", qt.Qt.Unchecked))
        self.assertNotEqual(cell.foreground().color(), judged.foreground().color())
        cell.setCheckState(qt.Qt.Checked)
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
        review.head.reader_edit.text = "Another reader"
        review.head.reader_edit.editingFinished.emit()
        self.assertEqual(review.review.judgements, {})
        review.head.reader_edit.text = "Test reader"
        review.head.reader_edit.editingFinished.emit()
        self.assertEqual(review.review.judgements, {11: {BRIGHT}})

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

    def test_without_a_name_nothing_is_recorded(self):
        review = self.detected()
        review.head.reader_edit.text = ""
        review.head.reader_edit.editingFinished.emit()
        self.box(14, 1).setCheckState(qt.Qt.Checked)
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
        self.assertIn("Ground glass opacity: slices 10–12", self.panel.ui.resultSummary.text)
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


class FolderTest(PanelTestCase):
    def test_a_folder_of_scans(self):
        for name, hu in (("a", chest(SPOTS)), ("b", np.zeros((3, 64, 64), np.int16))):
            (self.folder / "scans" / name).mkdir(parents=True)
            sitk.WriteImage(chest_image(hu), self.folder / "scans" / name / "ct.nii.gz")
        self.assertFalse(self.panel.folder.button.enabled)
        self.panel.folder.source.currentPath = str(self.folder / "scans")
        self.panel.folder.output.currentPath = str(self.folder / "out")
        self.panel.folder.button.click()
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        outcome = self.panel.folder.outcome.text
        self.assertIn("1 of 2 scans", outcome)
        self.assertIn("single value", outcome)
        with (self.folder / "out" / "scans.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row[BRIGHT] for row in rows], ["1", ""])
        self.assertTrue((self.folder / "out" / "a" / "report.html").is_file())

    def test_a_folder_of_scans_with_several_series(self):
        """None is used and all are named; then the panel takes one by its UID, or the largest."""
        series = {"1.2.826.0.1.11": 1, "1.2.826.0.1.12": 2}
        for uid, step in series.items():
            write_series(chest_image(chest(SPOTS))[:, :, ::step], self.folder / "scans" / "a", uid)
        folder = self.panel.folder
        folder.source.currentPath = str(self.folder / "scans")
        folder.output.currentPath = str(self.folder / "out")
        folder.button.click()
        self.wait_for_job()
        for words in ("0 of 1 scans", "2 axial CT series", *series):
            self.assertIn(words, folder.outcome.text)
        folder._series.currentIndex = 1
        self.assertEqual(folder.series, "largest")
        folder._series.setCurrentText("1.2.826.0.1.12")
        folder.button.click()
        slicer.mrmlScene.Clear(0)  # files have nothing to do with the scene: the job goes on
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        self.assertIn("1 of 1 scans", folder.outcome.text)
        with (self.folder / "out" / "scans.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        self.assertEqual(row["slices"], "12")
        folder._series.currentIndex = 1
        folder.button.click()
        self.wait_for_job()
        self.assertIn("another series", folder.outcome.text)  # that of 12 slices is not taken for the largest


if __name__ == "__main__":
    unittest.main()
