"""The logic of the module ILD segmentation, with a network that tells classes by density."""

import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
from ild_case import IJK_TO_RAS, NAME, IldTestCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.errors import Cancelled, InputError
from LungCAD.labels import load_schema
from LungCAD.mrml.segments import labels_from_segmentation
from LungCAD.weights.shipped import shipped_files


class LogicTest(IldTestCase):
    def test_console(self):
        """As documented: the logic by its name, one node in, nodes out."""
        logic = slicer.util.getModuleLogic(NAME)
        nodes = logic.segment(self.ct, lungs=self.mask, **self.method)
        self.assert_labelled(nodes.labels)
        uncertainty = slicer.util.arrayFromVolume(nodes.uncertainty)
        self.assertFalse(uncertainty[self.scan.lungs == 0].any())
        self.assertEqual(nodes.measurements.GetTable().GetColumnByName("Class").GetValue(0), "Healthy")
        self.assertGreater(nodes.along_z.GetNumberOfPlotSeriesNodes(), 0)

    def test_parameters_reach_the_method(self):
        nodes = self.logic().segment(self.ct, lungs=self.mask, slices="2", refine="crf2d", **self.method)
        labels = [
            slicer.util.arrayFromSegmentBinaryLabelmap(nodes.labels, code, self.ct).any((1, 2))
            for code in ("healthy", "ground_glass")
        ]
        np.testing.assert_array_equal(labels, [[False, True, False]] * 2)
        with self.assertRaisesRegex(InputError, "colour"):
            self.logic().segment(self.ct, colour=3, **self.method)

    def test_slices_are_counted_as_slicer_loads_a_left_handed_volume(self):
        """As in the review; every voxel gets the label that it has in the other order."""
        logic = self.logic()
        expected = self.labels_of(logic.segment(self.ct, lungs=self.mask, slices="1", **self.method), self.ct)
        self.assertTrue(expected[0].any() and not expected[1:].any())
        turned = IJK_TO_RAS @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 2], [0, 0, 0, 1]])
        ct = slicer.util.addVolumeFromArray(self.scan.hu[::-1], ijkToRAS=turned, name="Turned CT")
        nodes = logic.segment(ct, lungs=self.mask, slices="1", **self.method)
        np.testing.assert_array_equal(self.labels_of(nodes, ct)[::-1], expected)
        inside = slicer.util.arrayFromVolume(nodes.provenance)[::-1] > 0
        np.testing.assert_array_equal(inside.any((1, 2)), [True, False, False])

    def labels_of(self, nodes, ct):
        labels = labels_from_segmentation(nodes.labels, ct, load_schema("lungnet6"))
        return sitk.GetArrayFromImage(labels)

    def test_stopped(self):
        def stop(_fraction, _message):
            raise Cancelled

        before = slicer.mrmlScene.GetNumberOfNodes()
        with self.assertRaises(Cancelled):
            self.logic().segment(self.ct, lungs=self.mask, progress=stop, **self.method)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_sample_data(self):
        """The phantom is offered in the module Sample Data, with a picture."""
        import SampleData

        sample = SampleData.SampleDataLogic().sourceForSampleName("LungCADInterstitial")
        self.assertTrue(Path(sample.thumbnailFileName).is_file())

    def test_shipped_networks_have_the_schemas_that_the_panel_shows(self):
        from ILDSegmentation import SCHEMAS, WEIGHTS
        from LungCAD.panels.weights_chooser import said_of_weights

        self.assertEqual(set(SCHEMAS), set(WEIGHTS))
        for path in shipped_files("lungnet-"):
            self.assertEqual(said_of_weights(str(path))["schema"], SCHEMAS[path.stem])

    def logic(self):
        from ILDSegmentation import ILDSegmentationLogic

        return ILDSegmentationLogic()


if __name__ == "__main__":
    unittest.main()
