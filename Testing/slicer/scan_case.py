"""Scans with spots for ILD detection, in its logic and in its panel."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import numpy as np
import slicer
from panel_case import PanelCase, load_module
from spot_network import CODES, PIXEL_MM, chest, save_spot_network

NAME = "ILDDetection"
BRIGHT, AIRY = CODES
SPOTS = {BRIGHT: (range(9, 12), (70, 50)), AIRY: (range(14, 17), (90, 112))}
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
AXIAL = LPS_TO_RAS @ np.array(
    [[PIXEL_MM, 0, 0, -170], [0, PIXEL_MM, 0, -160], [0, 0, 5, 300], [0, 0, 0, 1.0]]
)


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


class PanelTestCase(PanelCase, ScanTestCase):
    MODULE = NAME

    def setUp(self):
        super().setUp()
        self.node.weights, self.node.smoothing_mm = self.weights, 0.0
