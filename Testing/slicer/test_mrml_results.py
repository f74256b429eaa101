"""Heat maps, tables and plots in the scene."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.mrml.heat_maps import show_probability, show_uncertainty
from LungCAD.mrml.nodes import is_present
from LungCAD.mrml.plots import TABLE, show_along_z
from LungCAD.mrml.tables import show_measurements
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.report.measurements import measure
from LungCAD.report.overlay import uncertainty_colors

MATRIX = np.array([[-0.7, 0, 0, 30], [0, -0.8, 0, 40], [0, 0, 5, -360], [0, 0, 0, 1.0]])
SHAPE = (4, 10, 12)


class ResultsTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.schema = load_schema("gao5")
        self.rng = np.random.default_rng(8)
        self.volume = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), ijkToRAS=MATRIX, name="CT")
        self.lungs = np.zeros(SHAPE, np.uint8)
        self.lungs[1:, 2:8, 1:5], self.lungs[1:, 2:8, 7:11] = 1, 2
        self.labels = np.where(self.lungs > 0, self.rng.choice([0, 1, 4], SHAPE), 0).astype(np.uint8)

    def image(self, array):
        image = sitk.GetImageFromArray(array)
        image.CopyInformation(image_from_volume(self.volume))
        return image

    def count(self, class_name):
        return slicer.mrmlScene.GetNumberOfNodesByClass(class_name)

    def test_uncertainty_has_its_colours_and_a_legend(self):
        values = self.rng.random(SHAPE).astype(np.float32)
        node = show_uncertainty(self.image(values), self.volume)
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), values)
        display = node.GetDisplayNode()
        self.assertEqual((display.GetWindowLevelMin(), display.GetWindowLevelMax()), (0, 1))
        self.assertTrue(display.GetApplyThreshold())
        legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
        self.assertEqual(legend.GetTitleText(), "Uncertainty")
        self.assertTrue(legend.GetVisibility())
        table = display.GetColorNode().GetLookupTable()
        found = [table.GetTableValue(index)[:3] for index in range(table.GetNumberOfTableValues())]
        np.testing.assert_allclose(found, uncertainty_colors(np.linspace(0, 1, 256)), atol=0.04)

    def test_a_new_heat_map_takes_the_place_of_the_old(self):
        node = show_uncertainty(self.image(np.zeros(SHAPE, np.float32)), self.volume)
        node.GetDisplayNode().SetVisibility(False)
        nodes = slicer.mrmlScene.GetNumberOfNodes()
        again = show_uncertainty(self.image(np.ones(SHAPE, np.float32)), self.volume, node)
        self.assertIs(again, node)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), nodes)
        self.assertFalse(node.GetDisplayNode().GetVisibility())
        self.assertEqual(slicer.util.arrayFromVolume(node).min(), 1)

    def test_heat_maps_of_one_kind_share_their_colours(self):
        zero = self.image(np.zeros(SHAPE, np.float32))
        first, second = show_uncertainty(zero, self.volume), show_uncertainty(zero, self.volume)
        self.assertIs(first.GetDisplayNode().GetColorNode(), second.GetDisplayNode().GetColorNode())
        self.assertNotEqual(first.GetName(), second.GetName())
        label = self.schema.by_code("fibrosis")
        third = show_probability(zero, label, self.volume)
        self.assertEqual(third.GetName(), "Probability of fibrosis")
        table = third.GetDisplayNode().GetColorNode().GetLookupTable()
        np.testing.assert_allclose(np.array(table.GetTableValue(255)[:3]) * 255, label.color, atol=1)
        np.testing.assert_allclose(table.GetTableValue(0)[:3], 0)

    def test_the_table_holds_the_measurements(self):
        zones = np.where(self.lungs > 0, 3 * self.lungs - 2, 0).astype(np.uint8)
        measured = measure(*map(self.image, (self.labels, self.lungs, zones)), self.schema, (1, 4))
        node = show_measurements(measured)
        self.assertEqual(node.GetNumberOfRows(), len(measured.shares))
        headings = [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())]
        self.assertEqual(headings, ["Region", "Class", "Volume (ml)", "Share of region (%)"])
        volumes, shares = (slicer.util.arrayFromTableColumn(node, heading) for heading in headings[2:])
        for row, share in enumerate(measured.shares):
            self.assertEqual(node.GetCellText(row, 0), share.region.name)
            self.assertEqual(node.GetCellText(row, 1), share.name)
            self.assertAlmostEqual(volumes[row], share.volume_ml, places=3)
            if share.percent is None:
                self.assertTrue(np.isnan(shares[row]))
            else:
                self.assertAlmostEqual(shares[row], share.percent, places=3)
        self.assertTrue(np.isnan(shares).any())
        self.assertIn("Micronodules", node.GetDescription())
        self.assertIs(show_measurements(measured, node), node)
        self.assertEqual(self.count("vtkMRMLTableNode"), 1)

    def test_the_plot_has_the_shares_of_every_slice_with_lung(self):
        chart = show_along_z(*map(self.image, (self.labels, self.lungs)), self.schema)
        series = [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]
        self.assertEqual(
            [each.GetName() for each in series], ["Healthy", "Fibrosis", "Undecided or unlabelled"]
        )
        table = series[0].GetTableNode()
        np.testing.assert_allclose(
            slicer.util.arrayFromTableColumn(table, "Position (mm)"), (-355, -350, -345)
        )
        for each, value in zip(series, (1, 4, 0), strict=True):
            self.assertIs(each.GetTableNode(), table)
            inside = self.lungs[1:] > 0
            expected = 100 * ((self.labels[1:] == value) & inside).sum((1, 2)) / inside.sum((1, 2))
            np.testing.assert_allclose(
                slicer.util.arrayFromTableColumn(table, each.GetYColumnName()), expected
            )
        np.testing.assert_allclose(np.array(series[1].GetColor()) * 255, (136, 34, 85), atol=0.5)

    def test_a_plot_is_drawn_anew_in_its_chart(self):
        chart = show_along_z(*map(self.image, (self.labels, self.lungs)), self.schema)
        healthy = np.where(self.lungs > 0, 1, 0).astype(np.uint8)
        self.assertIs(show_along_z(*map(self.image, (healthy, self.lungs)), self.schema, chart), chart)
        self.assertEqual(chart.GetNumberOfPlotSeriesNodes(), 1)
        self.assertEqual(self.count("vtkMRMLPlotSeriesNode"), 1)
        self.assertEqual(self.count("vtkMRMLTableNode"), 1)
        self.assertEqual(self.count("vtkMRMLPlotChartNode"), 1)

    def test_no_lung_gives_an_empty_plot(self):
        nothing = self.image(np.zeros(SHAPE, np.uint8))
        chart = show_along_z(nothing, nothing, self.schema)
        self.assertEqual(chart.GetNumberOfPlotSeriesNodes(), 0)
        show_along_z(*map(self.image, (self.labels, self.lungs)), self.schema, chart)
        self.assertEqual(self.count("vtkMRMLPlotSeriesNode"), 3)
        self.assertEqual(self.count("vtkMRMLTableNode"), 1)

    def test_nodes_that_left_the_scene_are_replaced(self):
        values = self.image(np.ones(SHAPE, np.float32))
        images = [self.image(array) for array in (self.labels, self.lungs)]
        heat_map, chart = show_uncertainty(values, self.volume), show_along_z(*images, self.schema)
        for node in (heat_map, chart, chart.GetNthPlotSeriesNode(0), chart.GetNodeReference(TABLE)):
            slicer.mrmlScene.RemoveNode(node)
        for old, new in (
            (heat_map, show_uncertainty(values, self.volume, heat_map)),
            (chart, show_along_z(*images, self.schema, chart)),
        ):
            self.assertIsNot(new, old)
            self.assertTrue(is_present(new))

    def test_a_volume_that_left_the_scene_is_noticed(self):
        values = self.image(np.ones(SHAPE, np.float32))
        slicer.mrmlScene.RemoveNode(self.volume)
        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaisesRegex(InputError, "no longer in the scene"):
            show_uncertainty(values, self.volume)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_results_outlive_saving_and_loading_the_scene(self):
        values = self.rng.random(SHAPE).astype(np.float32)
        show_uncertainty(self.image(values), self.volume)
        show_along_z(*map(self.image, (self.labels, self.lungs)), self.schema, name="Along z")
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "case.mrb")
            slicer.util.saveScene(path)
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(path)
        node, chart = slicer.util.getNode("Uncertainty"), slicer.util.getNode("Along z")
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), values)
        self.assertEqual(node.GetDisplayNode().GetColorNode().GetName(), "Uncertainty colours")
        self.assertEqual(
            slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node).GetTitleText(), "Uncertainty"
        )
        self.assertEqual(chart.GetNumberOfPlotSeriesNodes(), 3)
        self.assertIsNotNone(chart.GetNthPlotSeriesNode(0).GetTableNode())
        show_uncertainty(self.image(values), slicer.util.getNode("CT"), node)
        self.assertEqual(node.GetDisplayNode().GetColorNode().GetName(), "Uncertainty colours")

    def test_nothing_is_modified_more_than_once(self):
        values = self.image(self.rng.random(SHAPE).astype(np.float32))
        node = show_uncertainty(values, self.volume)
        seen = []
        for each in (node, node.GetDisplayNode()):
            each.AddObserver(
                vtk.vtkCommand.ModifiedEvent, lambda caller, event: seen.append(caller.GetName())
            )
        show_uncertainty(values, self.volume, node)
        self.assertEqual(len(seen), len(set(seen)), seen)
