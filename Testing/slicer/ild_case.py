"""A CT whose classes a network tells by density, for tests of the module ILD segmentation."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import slicer
from density_network import DenseLungs, save_density_network
from panel_case import load_module

from LungCAD.labels import load_schema

NAME = "ILDSegmentation"
IJK_TO_RAS = np.array([[-0.8, 0, 0, 40], [0, -0.8, 0, 30], [0, 0, 1.5, -300], [0, 0, 0, 1]])


def tearDownModule():
    from LungCAD.panels.job import shared_runner

    shared_runner().stop()


class IldTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.weights = str(save_density_network(Path(folder.name) / "density.safetensors"))
        cls.method = {"weights": cls.weights, "device": "cpu"}

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        load_module(NAME)
        self.scan = DenseLungs(slices=3)
        self.ct = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Chest CT")
        self.mask = self.segmentation("Lung mask", "lungs", self.scan.lungs)

    def segmentation(self, name, schema, array):
        from LungCAD.mrml.segments import new_roi_segmentation

        node = new_roi_segmentation(load_schema(schema), self.ct, name)
        for label in load_schema(schema).labels:
            if (array == label.value).any():
                mask = (array == label.value).astype(np.uint8)
                slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, label.code, self.ct)
        return node

    def assert_labelled(self, node):
        found = np.zeros_like(self.scan.truth)
        for label in load_schema("lungnet6").labels:
            found[slicer.util.arrayFromSegmentBinaryLabelmap(node, label.code, self.ct) > 0] = label.value
        self.assertGreater((found == self.scan.truth).mean(), 0.99)
