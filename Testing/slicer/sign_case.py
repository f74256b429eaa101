"""Scans with balls of soft tissue for CPA activation maps, in its logic and in its panel."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import slicer
from cpa_chest import chest, save_networks, small_volume
from panel_case import load_module

NAME = "CPAActivationMaps"
BALL = (62.0, 30.0, 78.0)
"""LPS, in the left upper region."""

SIGN = "fungus_ball"


class SignTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        weights = save_networks(Path(folder.name) / "weights", (SIGN, "disease"), ("axial",))
        cls.cavity_weights = save_networks(Path(folder.name) / "other", ("cavity",), ("axial",))
        cls.method = {"weights": str(weights), "device": "cpu"}

    def setUp(self):
        slicer.mrmlScene.Clear(0)
        load_module(NAME)
        for name, stand_in in (
            ("LungCAD.tasks.cpa_projections.ProjectionVolume.of", small_volume),
            ("LungCAD.tasks.cpa.networks.shipped_files", lambda prefix: []),
        ):
            patch = mock.patch(name, stand_in)
            patch.start()
            self.addCleanup(patch.stop)

    def scan(self, name="Scan", balls=(BALL,), **changes):
        from LungCAD.mrml.volumes import volume_from_image

        return volume_from_image(chest(balls, **changes), name)

    def result(self, ct, method):
        """Return what the job says of a CT, without the worker."""
        from LungCAD.mrml.volumes import image_from_volume
        from LungCAD.worker.in_process import run

        return run("cpa", {"ct": image_from_volume(ct)}, method, lambda *_: None)

    def assert_ball_found(self, nodes):
        from LungCAD.mrml.signs import heat_map_of, peaks_of, readings_of

        (peak,) = peaks_of(nodes)
        self.assertEqual((peak.region, peak.sign), ("left_upper", SIGN))
        present = {one.region for one in readings_of(nodes) if (one.probability or 0) > 0.5}
        self.assertEqual(present, {"left_upper"})
        place = np.zeros(3)
        nodes.peaks.GetNthControlPointPositionWorld(0, place)
        self.assertLess(np.linalg.norm(place * (-1, -1, 1) - BALL), 15)
        self.assertGreater(slicer.util.arrayFromVolume(heat_map_of(nodes, SIGN)).max(), 50)
