"""A small scan with three tissues, and the panel of CRF label propagation on it."""

import unittest

import numpy as np
import slicer
from panel_case import PanelCase

from LungCAD.labels import load_schema

NAME = "CRFLabelPropagation"
HEALTHY, EMPHYSEMA, GROUND_GLASS = 1, 2, 3
CODES = {HEALTHY: "healthy", EMPHYSEMA: "emphysema", GROUND_GLASS: "ground_glass"}
IJK_TO_RAS = np.array([[-2.0, 0, 0, 90], [0, -2.0, 0, 70], [0, 0, 5.0, -300], [0, 0, 0, 1]])


class Scan:
    """Two lungs in a body; healthy above, ground glass below on one side, emphysema below on the other."""

    def __init__(self, slices=5, seed=0):
        rng = np.random.default_rng(seed)
        z, y, x = np.ogrid[:slices, :72, :96]
        sides = [((x - middle) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1 for middle in (26, 70)]
        self.lungs = np.select(sides, (1, 2), 0).astype(np.uint8)
        self.truth = np.where(self.lungs > 0, HEALTHY, 0).astype(np.uint8)
        below = np.broadcast_to(y > 36, self.lungs.shape)
        self.truth[sides[0] & below], self.truth[sides[1] & below] = GROUND_GLASS, EMPHYSEMA
        level = np.array([40.0, -850.0, -960.0, -600.0])[self.truth]
        self.hu = (level + rng.normal(0, 40, level.shape)).clip(-1024).astype(np.int16)
        self.drawn = np.zeros_like(self.truth)
        for place in ((1, 20, 20), (1, 44, 20), (1, 48, 66), (3, 20, 66), (3, 46, 66), (3, 48, 20)):
            box = tuple(slice(start, start + size) for start, size in zip(place, (1, 7, 7), strict=True))
            self.drawn[box] = self.truth[box]
        self.ct = slicer.util.addVolumeFromArray(self.hu, ijkToRAS=IJK_TO_RAS, name="Chest CT")
        self.rois = self.segmentation("Regions", "gao5", self.drawn)
        self.mask = self.segmentation("Lung mask", "lungs", self.lungs)

    def segmentation(self, name, schema, array):
        from LungCAD.mrml.segments import new_roi_segmentation

        node = new_roi_segmentation(load_schema(schema), self.ct, name)
        for label in load_schema(schema).labels:
            if (array == label.value).any():
                self.paint(node, label.code, array == label.value)
        return node

    def paint(self, node, code, mask):
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask.astype(np.uint8), node, code, self.ct)

    def labels(self, node):
        labels = np.zeros_like(self.truth)
        for value, code in CODES.items():
            labels[slicer.util.arrayFromSegmentBinaryLabelmap(node, code, self.ct) > 0] = value
        return labels


class PropagationTestCase(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.scan = Scan()

    def assert_promises_kept(self, node):
        """Drawn voxels keep their label; nothing outside of the lungs is labelled; the rest is right."""
        labels, drawn, inside = self.scan.labels(node), self.scan.drawn, self.scan.lungs > 0
        np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])
        self.assertFalse(labels[~inside].any())
        self.assertGreater((labels == self.scan.truth)[inside].mean(), 0.9)


class PanelTestCase(PanelCase, PropagationTestCase):
    MODULE = NAME

    def choose(self, ct=None, rois=None, lungs=None):
        self.node.ct = ct or self.scan.ct
        self.node.rois = rois or self.scan.rois
        self.node.lungs = lungs or self.scan.mask

    def assert_refused(self, field, *words):
        """One sentence beside the field; Apply is disabled and its tool tip says the same."""
        sentence = self.sentence(field)
        for word in words:
            self.assertIn(word, sentence)
        self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, sentence)
