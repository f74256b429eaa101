"""Volume nodes and images: every voxel at its place, whatever the matrix and the transforms above."""

import unittest

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from LungCAD.errors import InputError
from LungCAD.mrml.nodes import is_present
from LungCAD.mrml.volumes import image_from_volume, image_in_steps, volume_from_image, volume_in_steps

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
TOLERANCE_MM = 1e-4


def rotation(rng):
    """Return a random rotation (3, 3): of a random unit quaternion."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def matrix(direction, spacing=(0.7, 0.8, 5.0), origin=(-128.41387, 264.413811, -360.256329)):
    result = np.eye(4)
    result[:3, :3] = np.asarray(direction) * spacing
    result[:3, 3] = origin
    return result


def random_matrix(rng):
    mirrored = rotation(rng) @ np.diag(rng.choice([-1.0, 1.0], 3))
    return matrix(mirrored[:, rng.permutation(3)], rng.uniform(0.3, 8, 3), rng.uniform(-500, 500, 3))


def add_volume(ijk_to_ras, shape=(4, 5, 6), dtype=np.int16, seed=0, name="CT"):
    values = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    return slicer.util.addVolumeFromArray(values, ijkToRAS=np.asarray(ijk_to_ras), name=name)


def add_transform(array):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Moved")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(array, dtype=float)))
    return node


class Modifications:
    """Counts how often a node says that it was modified."""

    def __init__(self, node):
        self.count = 0
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._add)

    def _add(self, caller, event):
        self.count += 1


class VolumeTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)

    def check_place(self, image, ijk_to_world):
        """Compare the place of every corner, and of points between voxels, with the matrix."""
        size = np.array(image.GetSize())
        for fraction in np.ndindex(3, 3, 3):
            index = np.array(fraction) / 2 * (size - 1) + 0.25
            expected = (ijk_to_world @ [*index, 1])[:3] * RAS_TO_LPS
            found = image.TransformContinuousIndexToPhysicalPoint(index.tolist())
            self.assertLess(np.abs(found - expected).max(), TOLERANCE_MM)

    def test_every_kind_of_matrix(self):
        kinds = {
            "as most CTs": np.diag([-1.0, -1.0, 1.0]),
            "identity": np.eye(3),
            "left-handed": np.diag([-1.0, -1.0, -1.0]),
            "axes swapped": np.eye(3)[:, [2, 0, 1]],
            "axes swapped, left-handed": np.eye(3)[:, [1, 0, 2]],
        }
        for name, direction in kinds.items():
            with self.subTest(name):
                volume = add_volume(matrix(direction))
                image = image_from_volume(volume)
                self.check_place(image, matrix(direction))
                np.testing.assert_array_equal(
                    sitk.GetArrayFromImage(image), slicer.util.arrayFromVolume(volume)
                )

    def test_random_matrices_and_sizes_come_back(self):
        rng = np.random.default_rng(1)
        for seed in range(60):
            with self.subTest(seed=seed):
                ijk_to_ras = random_matrix(rng)
                shape = tuple(rng.integers(1, 6, 3))
                image = image_from_volume(add_volume(ijk_to_ras, shape, seed=seed))
                self.check_place(image, ijk_to_ras)
                back = volume_from_image(image, "back")
                found = vtk.vtkMatrix4x4()
                back.GetIJKToRASMatrix(found)
                np.testing.assert_allclose(
                    slicer.util.arrayFromVTKMatrix(found), ijk_to_ras, atol=TOLERANCE_MM
                )
                np.testing.assert_array_equal(
                    slicer.util.arrayFromVolume(back), sitk.GetArrayFromImage(image)
                )

    def test_pixel_types_are_kept(self):
        for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64):
            with self.subTest(dtype=dtype):
                image = image_from_volume(add_volume(np.eye(4), dtype=dtype))
                self.assertEqual(sitk.GetArrayViewFromImage(image).dtype, dtype)
                self.assertEqual(slicer.util.arrayFromVolume(volume_from_image(image, "back")).dtype, dtype)

    def test_transforms_above_are_applied(self):
        rng = np.random.default_rng(2)
        for seed in range(20):
            with self.subTest(seed=seed):
                outer, inner = np.eye(4), np.eye(4)
                outer[:3, :3], inner[:3, :3] = rotation(rng) * rng.uniform(0.5, 2), rotation(rng)
                outer[:3, 3], inner[:3, 3] = rng.uniform(-90, 90, (2, 3))
                ijk_to_ras = random_matrix(rng)
                volume = add_volume(ijk_to_ras)
                above, below = add_transform(outer), add_transform(inner)
                below.SetAndObserveTransformNodeID(above.GetID())
                volume.SetAndObserveTransformNodeID(below.GetID())
                self.check_place(image_from_volume(volume), outer @ inner @ ijk_to_ras)

    def test_stretching_along_the_voxel_axes_is_a_spacing(self):
        volume = add_volume(matrix(np.diag([-1.0, -1.0, 1.0])))
        volume.SetAndObserveTransformNodeID(add_transform(np.diag([1.0, 2.0, 3.0, 1.0])).GetID())
        np.testing.assert_allclose(image_from_volume(volume).GetSpacing(), (0.7, 1.6, 15.0))

    def refusal(self, volume):
        with self.assertRaises(InputError) as caught:
            image_from_volume(volume)
        self.assertIn(volume.GetName(), str(caught.exception))
        self.assertTrue(caught.exception.remedy)
        return str(caught.exception)

    def test_shear_is_refused(self):
        volume = add_volume(np.eye(4))
        shear = np.eye(4)
        shear[0, 2] = 0.2
        volume.SetAndObserveTransformNodeID(add_transform(shear).GetID())
        self.assertIn("slanting", self.refusal(volume))
        self.assertIn("slanting", self.refusal(add_volume(shear)))

    def test_a_transform_that_bends_is_refused(self):
        grid = vtk.vtkImageData()
        grid.SetDimensions(2, 2, 2)
        grid.SetSpacing(100, 100, 100)
        grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
        for corner in range(8):
            grid.GetPointData().GetScalars().SetTuple3(corner, corner, 0, 0)
        bending = slicer.vtkOrientedGridTransform()
        bending.SetDisplacementGridData(grid)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Registration")
        node.SetAndObserveTransformToParent(bending)
        volume = add_volume(np.eye(4))
        volume.SetAndObserveTransformNodeID(node.GetID())
        self.assertIn('"Registration"', self.refusal(volume))

    def test_empty_and_colour_volumes_are_refused(self):
        empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing")
        self.assertIn("no voxels", self.refusal(empty))
        color = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Photograph")
        data = vtk.vtkImageData()
        data.SetDimensions(3, 3, 1)
        data.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
        color.SetAndObserveImageData(data)
        self.assertIn("several values", self.refusal(color))

    def test_voxels_without_size_are_refused(self):
        volume = add_volume(np.eye(4))
        flat = vtk.vtkMatrix4x4()
        flat.SetElement(2, 2, 0.0)
        volume.SetIJKToRASMatrix(flat)
        self.assertIn("no size", self.refusal(volume))

    def test_nothing_is_shared(self):
        volume = add_volume(np.eye(4))
        image = image_from_volume(volume)
        before = sitk.GetArrayFromImage(image)
        slicer.util.arrayFromVolume(volume)[...] = -1
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), before)
        back = volume_from_image(image, "back")
        image[0, 0, 0] = 77
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(back), before)

    def test_a_node_is_modified_once(self):
        image = image_from_volume(add_volume(random_matrix(np.random.default_rng(3))))
        node = volume_from_image(image, "result")
        seen = Modifications(node)
        self.assertIs(volume_from_image(image, "ignored", node), node)
        self.assertEqual(seen.count, 1)
        self.assertEqual(node.GetName(), "result")

    def test_a_result_takes_the_place_of_its_volume_exactly(self):
        volume = add_volume(random_matrix(np.random.default_rng(4)))
        turned = np.eye(4)
        turned[:3, :3] = rotation(np.random.default_rng(5))
        transform = add_transform(turned)
        volume.SetAndObserveTransformNodeID(transform.GetID())
        result = volume_from_image(image_from_volume(volume), "result", reference=volume)
        self.assertIs(result.GetParentTransformNode(), transform)
        own, expected = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
        result.GetIJKToRASMatrix(own)
        volume.GetIJKToRASMatrix(expected)
        np.testing.assert_array_equal(*map(slicer.util.arrayFromVTKMatrix, (own, expected)))

    def test_a_volume_that_was_moved_meanwhile_is_noticed(self):
        volume = add_volume(np.eye(4))
        image = image_from_volume(volume)
        volume.SetOrigin(1, 0, 0)
        with self.assertRaisesRegex(InputError, "moved or changed since"):
            volume_from_image(image, "result", reference=volume)

    def test_large_volumes_are_copied_in_steps(self):
        large = add_volume(np.eye(4), (40, 512, 512))
        steps = image_in_steps(large)
        fractions = list(steps)
        self.assertGreater(len(fractions), 2)
        self.assertEqual(fractions[-1], 1.0)
        self.assertEqual(fractions, sorted(fractions))
        image = image_from_volume(large)
        np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), slicer.util.arrayFromVolume(large))

    def test_the_scene_changes_in_the_last_step_only(self):
        image = image_from_volume(add_volume(np.eye(4), (40, 512, 512)))
        node = volume_from_image(image, "result")
        seen, before = Modifications(node), slicer.mrmlScene.GetNumberOfNodes()
        for _ in volume_in_steps(image * 0, "result", node):
            self.assertEqual(seen.count, 0)
        self.assertEqual(seen.count, 1)
        steps = volume_in_steps(image, "another")
        next(steps)
        steps.close()
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_a_closed_scene_keeps_no_node(self):
        volume = add_volume(np.eye(4))
        self.assertTrue(is_present(volume))
        identifier = volume.GetID()
        slicer.mrmlScene.Clear(0)
        again = add_volume(np.eye(4))
        self.assertEqual(again.GetID(), identifier)
        self.assertFalse(is_present(volume))
        self.assertFalse(is_present(None))
        slicer.mrmlScene.RemoveNode(again)
        self.assertFalse(is_present(again))
