"""The logic of CPA activation maps, with networks that see nothing but soft tissue."""

import csv
import tempfile
import unittest
from pathlib import Path

import numpy as np
import slicer
from cpa_chest import chest
from sign_case import BALL, NAME, SIGN, SignTestCase

from LungCAD.errors import Cancelled, InputError


class LogicTest(SignTestCase):
    def logic(self):
        return slicer.util.getModuleLogic(NAME)

    def test_console(self):
        """As documented: the logic by its name, one node in, nodes out."""
        from LungCAD.mrml.signs import heat_map_of, projections_of, scan_reading_of

        ct = self.scan()
        nodes = self.logic().findSigns(ct, **self.method)
        self.assert_ball_found(nodes)
        self.assertEqual(nodes.table.GetNumberOfRows(), 6)
        column = slicer.util.arrayFromTableColumn(nodes.table, "Fungus ball")
        self.assertEqual((column > 0.5).tolist(), [False, False, False, True, False, False])
        heat = heat_map_of(nodes, SIGN)
        self.assertIsNotNone(slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(heat))
        self.assertEqual(slicer.util.arrayFromVolume(heat).shape, slicer.util.arrayFromVolume(ct).shape)
        pictures = projections_of(nodes)
        self.assertEqual(len(pictures), 4)
        picture = slicer.util.arrayFromVolume(pictures[f"{SIGN} axial upper"])
        self.assertEqual((picture.shape[0], picture.shape[3]), (1, 3))
        self.assertGreater(np.ptp(picture), 100)
        self.assertTrue(scan_reading_of(nodes, "disease").demonstration)
        self.assertIsNone(scan_reading_of(nodes, "survival"))

    def test_under_a_transform(self):
        ct = self.scan()
        turn = np.eye(4)
        turn[:3, :3] = [[0.98, -0.199, 0], [0.199, 0.98, 0], [0, 0, 1]]
        turn[:3, 3] = [20, -30, 40]
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
        ct.SetAndObserveTransformNodeID(transform.GetID())
        nodes = self.logic().findSigns(ct, **self.method)
        place = np.zeros(3)
        nodes.peaks.GetNthControlPointPositionWorld(0, place)
        expected = (turn @ [-BALL[0], -BALL[1], BALL[2], 1])[:3]
        self.assertLess(np.linalg.norm(place - expected), 15)

    def test_every_ct_has_nodes_of_its_own(self):
        from LungCAD.mrml.result_nodes import SignNodes
        from LungCAD.mrml.scan_findings import findings_on
        from LungCAD.mrml.signs import show_signs

        def read(ct):
            return show_signs(self.result(ct, self.method), ct, findings_on(ct, SignNodes))

        first, second = self.scan("2019"), self.scan("2021", balls=())
        self.assertEqual(findings_on(first, SignNodes), SignNodes())
        before, after = read(first), read(second)
        self.assert_ball_found(before)
        self.assertEqual(after.peaks.GetNumberOfControlPoints(), 0)
        self.assertEqual([findings_on(ct, SignNodes) for ct in (first, second)], [before, after])
        self.assertEqual(read(first), before)
        slicer.mrmlScene.RemoveNode(first)
        self.assertEqual(findings_on(first, SignNodes), SignNodes())
        self.assertEqual(findings_on(None, SignNodes), SignNodes())

    def test_a_later_result_leaves_nothing_of_the_former(self):
        from LungCAD.mrml.signs import heat_map_of, projections_of, show_signs

        ct = self.scan()
        nodes = self.logic().findSigns(ct, **self.method)
        count = slicer.mrmlScene.GetNumberOfNodesByClass
        before = count("vtkMRMLDisplayNode")
        others = {**self.method, "weights": str(self.cavity_weights)}
        self.assertEqual(show_signs(self.result(ct, others), ct, nodes), nodes)
        self.assertIsNone(heat_map_of(nodes, SIGN))
        self.assertIsNotNone(heat_map_of(nodes, "cavity"))
        self.assertEqual({name.split()[0] for name in projections_of(nodes)}, {"cavity"})
        pictures = count("vtkMRMLVectorVolumeNode")
        self.assertEqual(pictures, 3)
        self.assertEqual(count("vtkMRMLScalarVolumeNode") - pictures, 2)  # the CT and one heat map
        self.assertEqual(count("vtkMRMLColorLegendDisplayNode"), 1)
        self.assertLess(count("vtkMRMLDisplayNode"), before)

    def test_regions_that_are_not_there(self):
        nodes = self.logic().findSigns(self.scan(lungs=("left",)), **self.method)
        column = slicer.util.arrayFromTableColumn(nodes.table, "Fungus ball")
        self.assertEqual(np.isnan(column).tolist(), [True] * 3 + [False] * 3)

    def test_what_cannot_be_used(self):
        for ct, words in (
            (self.scan("Empty", lungs=()), "no lungs"),
            (slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"), "holds no voxels"),
            (self.scan("Thick", spacing=(5.2, 4.4, 20.0), size=(64, 56, 20)), "20 mm apart"),
        ):
            with self.subTest(ct.GetName()), self.assertRaisesRegex(InputError, words):
                self.logic().findSigns(ct, **self.method)

    def test_stopped(self):
        def stop(_fraction, _message):
            raise Cancelled

        ct = self.scan()
        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(Cancelled):
            self.logic().findSigns(ct, progress=stop, **self.method)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_results_are_saved_with_the_scene(self):
        from LungCAD.mrml.result_nodes import SignNodes
        from LungCAD.mrml.signs import projections_of

        nodes = self.logic().findSigns(self.scan(), **self.method)
        names = {name: node.GetName() for name, node in vars(nodes).items()}
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(file))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(file)
        again = SignNodes(**{name: slicer.util.getNode(node) for name, node in names.items()})
        self.assert_ball_found(again)
        self.assertEqual(len(projections_of(again)), 4)

    def test_folder(self):
        import SimpleITK as sitk

        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "scans" / "a"
            source.mkdir(parents=True)
            sitk.WriteImage(chest([BALL]), str(source / "ct.nii.gz"))
            done = self.logic().findSignsInFolder(source.parent, Path(folder) / "out", **self.method)
            self.assertEqual((done["scans"], done["failed"]), (1, {}))
            (row,) = csv.DictReader(Path(done["table"]).read_text(encoding="utf-8").splitlines())
            self.assertGreater(float(row[f"left_upper {SIGN}"]), 0.5)

    def test_sample_data(self):
        """The phantom is offered in the module Sample Data, with a picture."""
        import SampleData

        sample = SampleData.SampleDataLogic().sourceForSampleName("LungCADAspergillosis")
        self.assertTrue(Path(sample.thumbnailFileName).is_file())


if __name__ == "__main__":
    unittest.main()
