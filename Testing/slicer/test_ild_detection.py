"""The logic of ILD detection, with a network that sees nothing but spots."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import numpy as np
import slicer
import vtk
from scan_case import AXIAL, BRIGHT, NAME, SPOTS, ScanTestCase
from spot_network import chest

from LungCAD.errors import Cancelled, InputError


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


if __name__ == "__main__":
    unittest.main()
