"""A result in the scene and the review of it."""

import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
from painted_scan import OBLIQUE, PaintedScan

from LungCAD.labels import Provenance, load_schema
from LungCAD.mrml.reviewed_case import Subject, review_result
from LungCAD.mrml.scan_order import as_loaded
from LungCAD.mrml.segments import labels_from_segmentation, show_labels
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.review import (
    to_stack,
)

SAGITTAL = np.array([[0.0, 0, 3, -90], [-0.7, 0, 0, 80], [0, -0.7, 0, 10], [0, 0, 0, 1]])
TURNED = np.diag([-1.0, 1, 1, 1])
"""After a matrix of those above, makes a left-handed one: Slicer turns such volumes when it loads them."""
MOVED = np.array([[0.0, -1, 0, 30], [1, 0, 0, 12], [0, 0, 1, -7], [0, 0, 0, 1]])
SHAPE = (5, 8, 9)


class ReviewInSceneCase(PaintedScan, unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.folder = Path(tempfile.mkdtemp(prefix="review-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.root = self.folder / "reviews"
        self.schema = load_schema("gao5")

    def make_case(self, matrix=OBLIQUE, reviewer="AB"):
        rng = np.random.default_rng(4)
        self.hu = hu = rng.integers(-1000, 0, SHAPE).astype(np.int16)
        self.volume = slicer.util.addVolumeFromArray(hu, ijkToRAS=matrix, name="CT")
        lung = np.zeros(SHAPE, bool)
        lung[:, 1:-1, 1:-1] = True
        self.array = np.where(lung, rng.integers(1, 6, SHAPE), 0).astype(np.uint8)
        self.drawn = np.zeros(SHAPE, bool)
        self.drawn[2, 2:4, 2:5] = True
        provenance = np.where(lung, Provenance.PROPAGATED, 0).astype(np.uint8)
        provenance[self.drawn] = Provenance.DRAWN
        self.uncertainty = np.where(lung, rng.random(SHAPE), 0).astype(np.float32)
        self.node = show_labels(self.image(self.array), self.schema, self.volume, name="Result")
        self.subject = Subject(
            self.volume,
            self.node,
            self.schema,
            self.image(provenance),
            self.image(self.uncertainty),
            self.image(self.array[::-1]),
            model="label propagation",
            parameters={"mode": "volume"},
        )
        return review_result(self.subject, self.root, reviewer)

    def painted(self):
        return sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))

    def stack(self, array):
        """Slices of a left-handed volume are counted as Slicer will load it."""
        return to_stack(as_loaded(self.image(array), self.volume))

    def places(self, case, number):
        """Return how often each label is shown at each millimetre along the axes on one slice of a review."""
        stack = np.zeros_like(case.review.state.masks.labels)
        stack[number] = case.review.state.masks.labels[number]
        image = case.labels.image(stack)
        found = []
        for z, y, x in np.argwhere(sitk.GetArrayFromImage(image) > 0).tolist():
            place = image.TransformIndexToPhysicalPoint((x, y, z))
            found.append((*np.round(place, 2).tolist(), image[x, y, z]))
        return sorted(found)

    def saved_and_loaded(self):
        path = str(self.folder / "scene.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(path)
        return slicer.util.getNode("CT"), slicer.util.getNode("Result")

    def image_like(self, array, volume):
        image = sitk.GetImageFromArray(array)
        image.CopyInformation(image_from_volume(volume))
        return image
