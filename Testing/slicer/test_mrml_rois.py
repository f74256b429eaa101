"""Drawn regions of every kind, on the voxels of the volume."""

import unittest

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.mrml.rois import LABEL_ATTRIBUTE, rois_from
from LungCAD.mrml.segments import new_roi_segmentation

OBLIQUE = np.array(
    [[-0.56, 0.48, 0.0, -110.5], [0.42, 0.64, 0.0, 87.25], [0.0, 0.0, 5.0, -360.2], [0.0, 0.0, 0.0, 1.0]]
)
LEFT_HANDED = np.diag([-0.7, -0.8, -5.0, 1.0])
SHAPE = (7, 24, 30)
SQUARE = np.array([(2.6, 3.6), (9.4, 3.6), (9.4, 12.4), (2.6, 12.4)])


def inside_polygon(corners, points):
    """Count for every point how often a ray to the right crosses the polygon's edges; odd is inside."""
    x, y = points[..., 0], points[..., 1]
    crossings = np.zeros(x.shape, int)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        spans = (y1 > y) != (y2 > y)
        crossings += spans & (x < (x2 - x1) * (y - y1) / np.where(y2 == y1, np.inf, y2 - y1) + x1)
    return crossings % 2 == 1


class RoisTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.schema = load_schema("gao5")
        self.place(OBLIQUE)

    def place(self, matrix, shape=SHAPE):
        self.matrix = np.asarray(matrix)
        self.volume = slicer.util.addVolumeFromArray(np.zeros(shape, np.int16), ijkToRAS=matrix, name="CT")

    def world(self, indices_xyz):
        return np.asarray(indices_xyz, float) @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def curve(self, name, indices_xyz):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsClosedCurveNode", name)
        node.SetCurveTypeToLinear()
        for point in self.world(indices_xyz):
            node.AddControlPoint(*point)
        return node

    def flat_curve(self, name, axis, number, corners):
        """Draw a polygon on a slice across `axis`; its corners are given along the two other axes."""
        return self.curve(name, np.insert(np.asarray(corners, float), axis, number, axis=1))

    def box(self, name, center, size, turn=None):
        """Add a box of `size` mm around a world position, its axes the columns of `turn`."""
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", name)
        node.SetSize(*size)
        pose = np.eye(4)
        pose[:3, :3] = np.eye(3) if turn is None else turn
        pose[:3, 3] = center
        node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(pose))
        return node

    def label_map(self, array, matrix=None):
        return slicer.util.addVolumeFromArray(
            np.asarray(array),
            ijkToRAS=self.matrix if matrix is None else matrix,
            name="Drawn",
            nodeClassName="vtkMRMLLabelMapVolumeNode",
        )

    def read(self, *nodes):
        return sitk.GetArrayFromImage(rois_from(nodes, self.volume, self.schema))

    def refusal(self, *nodes):
        with self.assertRaises(InputError) as caught:
            self.read(*nodes)
        self.assertIn(nodes[-1].GetName(), str(caught.exception))
        self.assertTrue(caught.exception.remedy)
        return str(caught.exception)

    def test_nothing_drawn_is_all_zero(self):
        self.assertFalse(self.read().any())

    def test_curves_fill_their_slice_along_every_axis(self):
        for matrix in (OBLIQUE, LEFT_HANDED):
            self.place(matrix)
            for axis in range(3):
                for offset in (0.0, 0.4, -0.4):
                    with self.subTest(matrix=matrix, axis=axis, offset=offset):
                        corners = SQUARE if axis == 2 else SQUARE * (1.0, 0.4)
                        number = 5 if axis == 2 else 17
                        node = self.flat_curve("Fibrosis", axis, number + offset, corners)
                        rows = [size for other, size in enumerate(SHAPE[::-1]) if other != axis]
                        grid = np.stack(np.meshgrid(*map(np.arange, rows), indexing="ij"), axis=-1)
                        expected = np.zeros(SHAPE[::-1], int)
                        np.moveaxis(expected, axis, 0)[number] = 4 * inside_polygon(corners, grid)
                        self.assertTrue(expected.any())
                        np.testing.assert_array_equal(self.read(node), expected.T)

    def test_random_polygons_agree_with_counting_crossings(self):
        grid = np.stack(np.meshgrid(np.arange(30), np.arange(24), indexing="ij"), axis=-1)
        for seed in range(25):
            with self.subTest(seed=seed):
                rng = np.random.default_rng(seed)
                angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 12)))
                radii = rng.uniform(3, 14, angles.size)
                corners = rng.uniform(8, 16, 2) + np.stack(
                    [radii * np.cos(angles), radii * np.sin(angles)], axis=-1
                )
                node = self.flat_curve("emphysema", 2, 3, corners)
                np.testing.assert_array_equal(self.read(node)[3], 2 * inside_polygon(corners, grid).T)

    def test_a_smooth_curve_is_followed_between_its_points(self):
        angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        middle, radius = np.array([14.2, 11.7]), 9.0
        points = middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        node = self.flat_curve("Healthy", 2, 1, points)
        node.SetCurveTypeToCardinalSpline()
        x, y = np.meshgrid(np.arange(30), np.arange(24))
        distance = np.hypot(x - middle[0], y - middle[1])
        filled = self.read(node)[1] == 1
        self.assertTrue(filled[distance < radius - 0.2].all())
        self.assertFalse(filled[distance > radius + 0.2].any())

    def test_a_curve_reaching_beyond_the_volume_fills_what_lies_within(self):
        node = self.flat_curve("Healthy", 2, 0, [(-5, -5), (4.5, -5), (4.5, 3.5), (-5, 3.5)])
        expected = np.zeros(SHAPE)
        expected[0, :4, :5] = 1
        np.testing.assert_array_equal(self.read(node), expected)

    def test_one_slice(self):
        self.place(OBLIQUE, (1, 24, 30))
        self.assertEqual((self.read(self.flat_curve("Fibrosis", 2, 0.3, SQUARE)) == 4).sum(), 7 * 9)

    def test_curves_follow_the_transforms(self):
        turn = np.eye(4)
        turn[:3, :3] = [[0, -1, 0], [0.6, 0, -0.8], [0.8, 0, 0.6]]
        turn[:3, 3] = 10, -20, 30
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Moved")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
        curve = self.flat_curve("Fibrosis", 2, 4, SQUARE)
        box = self.box("Healthy", self.world([20, 10, 2]), (4, 4, 4))
        before = self.read(curve, box)
        for node in (curve, box, self.volume):
            node.SetAndObserveTransformNodeID(transform.GetID())
        np.testing.assert_array_equal(self.read(curve, box), before)
        self.volume.SetAndObserveTransformNodeID(None)
        self.assertIn("Fibrosis", self.refusal(curve))

    def test_curves_that_cannot_be_filled(self):
        slanting = self.curve("Fibrosis", [(2, 2, 1), (9, 2, 1), (9, 9, 2)])
        self.assertIn("not lie within one slice", self.refusal(slanting))
        self.assertIn("volume plane", self.refusal(slanting))
        self.assertIn("outside the volume", self.refusal(self.flat_curve("Fibrosis", 2, 9, SQUARE)))
        two = self.flat_curve("Fibrosis", 2, 3, SQUARE[:2])
        self.assertIn("fewer than three points", self.refusal(two))
        tiny = self.flat_curve("Fibrosis", 2, 3, [(2.2, 2.2), (2.8, 2.2), (2.8, 2.8)])
        self.assertIn("no voxel", self.refusal(tiny))

    def test_the_name_or_the_attribute_says_the_label(self):
        names = {"Ground glass opacity": 3, "ground_glass": 3, "FIBROSIS": 4, "Healthy 12": 1, "healthy_2": 1}
        for name, value in names.items():
            with self.subTest(name):
                self.assertEqual(self.read(self.flat_curve(name, 2, 3, SQUARE)).max(), value)
        node = self.flat_curve("CC", 2, 3, SQUARE)
        sentence = self.refusal(node)
        self.assertIn("Micronodules", sentence)
        node.SetAttribute(LABEL_ATTRIBUTE, "micronodules")
        self.assertEqual(self.read(node).max(), 5)

    def test_boxes_hold_the_voxels_whose_centres_they_hold(self):
        for seed in range(25):
            with self.subTest(seed=seed):
                rng = np.random.default_rng(seed)
                turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
                turn[:, 0] *= np.linalg.det(turn)
                center, size = self.world(rng.uniform(0, SHAPE[::-1])), rng.uniform(4, 30, 3)
                node = self.box("Healthy 3", center, size, turn)
                indices = np.stack(np.meshgrid(*map(np.arange, SHAPE[::-1]), indexing="ij"), axis=-1)
                expected = (np.abs((self.world(indices) - center) @ turn) <= size / 2).all(axis=-1)
                if expected.any():
                    np.testing.assert_array_equal(self.read(node) == 1, expected.T)
                else:
                    self.assertIn("no voxel", self.refusal(node))

    def test_a_box_under_a_stretching_transform(self):
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Stretched")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([3.0, 2.0, 1.0, 1.0])))
        self.place(np.eye(4))
        node = self.box("Healthy", (4, 5, 3), (2, 2, 2))
        node.SetAndObserveTransformNodeID(transform.GetID())
        expected = np.zeros(SHAPE)
        expected[2:5, 8:13, 9:16] = 1
        np.testing.assert_array_equal(self.read(node), expected)

    def test_boxes_that_hold_nothing(self):
        self.assertIn("no voxel", self.refusal(self.box("Healthy", (900, 0, 0), (5, 5, 5))))
        self.place(np.eye(4))
        self.assertIn("no voxel", self.refusal(self.box("Healthy", (2.5, 2.5, 2.5), (0.2, 0.2, 0.2))))
        self.assertIn("no voxel", self.refusal(self.box("Healthy", (2, 2, 2), (0, 0, 0))))

    def test_label_maps_are_taken_by_value(self):
        array = np.random.default_rng(0).integers(0, 6, SHAPE)
        for dtype in (np.uint8, np.int16, np.int32):
            np.testing.assert_array_equal(self.read(self.label_map(array.astype(dtype))), array)
        start = np.eye(4)
        start[:3, 3] = 2, 3, 1
        expected = np.zeros(SHAPE)
        expected[1:3, 3:7, 2:7] = 4
        crop = self.label_map(np.full((2, 4, 5), 4, np.uint8), self.matrix @ start)
        np.testing.assert_array_equal(self.read(crop), expected)

    def test_label_maps_that_do_not_fit(self):
        self.assertIn("(9)", self.refusal(self.label_map(np.full(SHAPE, 9, np.uint8))))
        self.assertIn("no labels", self.refusal(self.label_map(np.zeros(SHAPE, np.uint8))))
        elsewhere = self.label_map(np.ones(SHAPE, np.uint8), np.eye(4))
        self.assertIn("another geometry", self.refusal(elsewhere))

    def test_sources_may_be_mixed(self):
        segments = new_roi_segmentation(self.schema, self.volume)
        painted = np.zeros(SHAPE, np.uint8)
        painted[6, 20:22, 20:25] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(painted, segments, "emphysema", self.volume)
        curve = self.flat_curve("Fibrosis 1", 2, 5, SQUARE)
        mapped = np.zeros(SHAPE, np.uint8)
        mapped[0, 0, 0] = 5
        found = self.read(segments, curve, self.label_map(mapped))
        self.assertEqual((found == 2).sum(), 10)
        self.assertEqual((found == 4).sum(), 63)
        self.assertEqual(found[0, 0, 0], 5)
        self.assertEqual(np.count_nonzero(found), 74)

    def test_overlapping_regions(self):
        fibrosis = self.flat_curve("Fibrosis", 2, 5, SQUARE)
        more_fibrosis = self.flat_curve("Fibrosis 2", 2, 5, SQUARE + 3)
        self.assertEqual(np.count_nonzero(self.read(fibrosis, more_fibrosis)), 2 * 63 - 4 * 6)
        healthy = self.flat_curve("Healthy", 2, 5, SQUARE + 3)
        sentence = self.refusal(fibrosis, healthy)
        self.assertIn("24 voxels", sentence)
        self.assertIn("Fibrosis and Healthy", sentence)

    def test_other_nodes_are_refused(self):
        line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Fibrosis")
        self.assertIn("closed curves", self.refusal(line))
        self.assertIn("closed curves", self.refusal(self.volume))
