"""Label maps and segmentation nodes: exact both ways, whatever the layers and the extents."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from LungCAD.errors import InputError
from LungCAD.images import write_segmentation
from LungCAD.labels import load_schema
from LungCAD.mrml.segments import labels_from_segmentation, labels_in_steps, new_roi_segmentation, show_labels
from LungCAD.mrml.volumes import image_from_volume

OBLIQUE = np.array(
    [[-0.56, 0.48, 0.0, -110.5], [0.42, 0.64, 0.0, 87.25], [0.0, 0.0, 5.0, -360.2], [0.0, 0.0, 0.0, 1.0]]
)
TURNED = OBLIQUE @ np.diag([1.0, 1.0, -1.0, 1.0])  # right-handed: Slicer turns others when it loads them
LEFT_HANDED = np.diag([-0.7, -0.8, -5.0, 1.0])
SHAPE = (5, 6, 7)
EVENTS = (
    "RepresentationModified",
    "SegmentAdded",
    "SegmentModified",
    "SegmentRemoved",
    "SegmentsOrderModified",
    "SourceRepresentationModified",
    "ContainedRepresentationNamesModified",
)


class SegmentsTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.schema = load_schema("gao5")
        self.rng = np.random.default_rng(6)
        self.volume = self.add_volume(OBLIQUE)

    def add_volume(self, matrix, shape=SHAPE):
        return slicer.util.addVolumeFromArray(np.zeros(shape, np.int16), ijkToRAS=matrix, name="CT")

    def labels(self, array, volume=None):
        image = sitk.GetImageFromArray(np.asarray(array, np.uint8))
        image.CopyInformation(image_from_volume(volume or self.volume))
        return image

    def random_labels(self, volume=None):
        shape = slicer.util.arrayFromVolume(volume or self.volume).shape
        return self.labels(self.rng.integers(0, 6, shape), volume)

    def paint(self, node, code, array, volume=None):
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            np.asarray(array, np.uint8), node, code, volume or self.volume
        )

    def read(self, node, volume=None, schema=None):
        image = labels_from_segmentation(node, volume or self.volume, schema or self.schema)
        self.assertEqual(image.GetPixelID(), sitk.sitkUInt8)
        return sitk.GetArrayFromImage(image)

    def refusal(self, node, **more):
        with self.assertRaises(InputError) as caught:
            self.read(node, **more)
        self.assertIn(node.GetName(), str(caught.exception))
        self.assertTrue(caught.exception.remedy)
        return str(caught.exception)

    def test_labels_come_back_on_every_grid(self):
        for matrix in (OBLIQUE, LEFT_HANDED, np.eye(4)[:, [1, 2, 0, 3]]):
            for shape in (SHAPE, (1, 6, 7)):
                with self.subTest(matrix=matrix, shape=shape):
                    volume = self.add_volume(matrix, shape)
                    image = self.random_labels(volume)
                    node = show_labels(image, self.schema, volume)
                    np.testing.assert_array_equal(self.read(node, volume), sitk.GetArrayFromImage(image))

    def test_slicer_itself_sees_the_same_voxels(self):
        image = self.random_labels()
        node = show_labels(image, self.schema, self.volume)
        for label in self.schema.labels:
            found = slicer.util.arrayFromSegmentBinaryLabelmap(node, label.code, self.volume)
            np.testing.assert_array_equal(found != 0, sitk.GetArrayFromImage(image) == label.value)

    def test_a_segment_is_what_its_label_says(self):
        node = show_labels(self.random_labels(), self.schema, self.volume, name="Result")
        self.assertEqual(node.GetName(), "Result")
        self.assertEqual(node.GetSegmentation().GetNumberOfLayers(), 1)
        self.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(self.schema.codes))
        for label in self.schema.labels:
            segment = node.GetSegmentation().GetSegment(label.code)
            self.assertEqual(segment.GetName(), label.name)
            self.assertEqual(segment.GetLabelValue(), label.value)
            np.testing.assert_allclose(np.array(segment.GetColor()) * 255, label.color, atol=1e-4)
            parts = segment.GetTerminology().split("~")
            self.assertEqual(parts[2].split("^")[1], label.terminology.type.value)
        self.assertIsNotNone(node.GetDisplayNode())

    def test_the_tags_are_those_of_a_written_file(self):
        image = self.random_labels()
        node = show_labels(image, self.schema, self.volume)
        painted = new_roi_segmentation(self.schema, self.volume)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "labels.seg.nrrd"
            write_segmentation(image, self.schema, path)
            written = sitk.ReadImage(str(path))
        for number, label in enumerate(self.schema.labels):
            tags = written.GetMetaData(f"Segment{number}_Tags")
            for each in (node, painted):
                segment = each.GetSegmentation().GetSegment(label.code)
                self.assertEqual(f"TerminologyEntry:{segment.GetTerminology()}|", tags)

    def test_a_written_file_opens_as_the_same_segments(self):
        image = self.random_labels()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "labels.seg.nrrd"
            write_segmentation(image, self.schema, path)
            node = slicer.util.loadSegmentation(str(path))
        np.testing.assert_array_equal(self.read(node), sitk.GetArrayFromImage(image))

    def test_the_source_is_not_shared(self):
        image = self.labels(np.ones(SHAPE))
        node = show_labels(image, self.schema, self.volume)
        image[0, 0, 0] = 5
        self.assertTrue((self.read(node) == 1).all())
        read = labels_from_segmentation(node, self.volume, self.schema)
        read[0, 0, 0] = 5
        self.assertTrue((self.read(node) == 1).all())

    def test_observers_of_the_node_are_told_once(self):
        node = show_labels(self.random_labels(), self.schema, self.volume)
        seen = []
        for name in EVENTS:
            number = getattr(slicer.vtkSegmentation, name)
            node.AddObserver(number, lambda caller, event, name=name: seen.append(name))
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: seen.append("Modified"))
        image = self.random_labels()
        self.assertIs(show_labels(image, self.schema, self.volume, node), node)
        self.assertEqual(len(seen), len(set(seen)), seen)
        self.assertIn("SourceRepresentationModified", seen)
        np.testing.assert_array_equal(self.read(node), sitk.GetArrayFromImage(image))

    def test_the_display_of_a_segment_outlives_a_new_result(self):
        node = show_labels(self.random_labels(), self.schema, self.volume)
        node.GetDisplayNode().SetSegmentVisibility("fibrosis", False)
        show_labels(self.random_labels(), self.schema, self.volume, node)
        self.assertFalse(node.GetDisplayNode().GetSegmentVisibility("fibrosis"))

    def test_another_schema_takes_the_place_of_all_segments(self):
        node = show_labels(self.random_labels(), self.schema, self.volume)
        node.GetSegmentation().AddEmptySegment("mine", "Mine")
        other = load_schema("lungs")
        show_labels(self.labels(np.full(SHAPE, 2)), other, self.volume, node)
        self.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(other.codes))
        self.assertTrue((self.read(node, schema=other) == 2).all())

    def test_what_somebody_added_is_kept(self):
        """Beside the labels, whether it shared their memory or not; labels of before are not."""
        node = show_labels(self.random_labels(), self.schema, self.volume, name="Result")
        self.paint(node, "fibrosis", self.rng.integers(0, 2, SHAPE))
        added = {"Heart": self.rng.integers(0, 2, SHAPE), "Drain": self.rng.integers(0, 2, SHAPE)}
        self.paint_new(node, added)
        node.GetSegmentation().CollapseBinaryLabelmaps(False)
        expected = self.random_labels()
        show_labels(expected, self.schema, self.volume, node)
        np.testing.assert_array_equal(self.read(node), sitk.GetArrayFromImage(expected))
        others = slicer.util.getNode("Result, other segments")
        self.assert_holds(others, added)
        self.assertEqual(others.GetDisplayVisibility(), 1)
        self.paint_new(node, {"Heart": self.rng.integers(0, 2, SHAPE), "Empty": np.zeros(SHAPE)})
        show_labels(expected, load_schema("lungnet6"), self.volume, node)
        self.assertEqual(others.GetSegmentation().GetNumberOfSegments(), 3)
        self.assert_holds(others, {"Drain": added["Drain"]})
        self.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(load_schema("lungnet6").codes))

    def paint_new(self, node, arrays):
        for name, array in arrays.items():
            node.GetSegmentation().AddEmptySegment(name, name)
            self.paint(node, name, array)

    def assert_holds(self, node, arrays):
        for name, array in arrays.items():
            found = slicer.util.arrayFromSegmentBinaryLabelmap(node, name, self.volume)
            np.testing.assert_array_equal(found > 0, np.asarray(array) > 0)

    def test_surfaces_of_earlier_labels_are_dropped(self):
        node = show_labels(self.labels(np.ones(SHAPE)), self.schema, self.volume)
        node.CreateClosedSurfaceRepresentation()
        show_labels(self.labels(np.zeros(SHAPE)), self.schema, self.volume, node)
        self.assertFalse(node.GetSegmentation().ContainsRepresentation("Closed surface"))

    def test_edits_after_a_result_leave_other_segments_as_they_are(self):
        array = np.repeat([[[0, 1, 2, 3, 4, 5, 0]]], 6, axis=1).repeat(5, axis=0)
        node = show_labels(self.labels(array), self.schema, self.volume)
        wanted = (array == 4) & (np.arange(6) > 2)[None, :, None]
        self.paint(node, "fibrosis", wanted)
        np.testing.assert_array_equal(self.read(node), np.where((array == 4) & ~wanted, 0, array))

    def test_new_segments_are_ready_to_paint(self):
        node = new_roi_segmentation(self.schema, self.volume, "Drawn")
        self.assertEqual(node.GetName(), "Drawn")
        self.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(self.schema.codes))
        self.assertIs(node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()), self.volume)
        self.assertFalse(self.read(node).any())
        drawn = np.zeros(SHAPE)
        drawn[2, 1:4, 5:] = 1
        self.paint(node, "emphysema", drawn)
        np.testing.assert_array_equal(self.read(node), drawn * 2)

    def test_random_strokes_in_shared_and_separate_layers(self):
        for seed in range(20):
            with self.subTest(seed=seed):
                rng = np.random.default_rng(seed)
                node = new_roi_segmentation(self.schema, self.volume)
                expected = np.zeros(SHAPE, np.uint8)
                for label in rng.permutation(self.schema.labels)[:4]:
                    low = rng.integers(0, SHAPE)
                    high = [rng.integers(start, end) + 1 for start, end in zip(low, SHAPE, strict=True)]
                    box = np.zeros(SHAPE, bool)
                    box[tuple(map(slice, low, high))] = True
                    box &= expected == 0
                    expected[box] = label.value
                    self.paint(node, label.code, box)
                if seed % 2:
                    node.GetSegmentation().CollapseBinaryLabelmaps(True)
                np.testing.assert_array_equal(self.read(node), expected)

    def test_overlapping_segments_are_refused_by_name(self):
        node = new_roi_segmentation(self.schema, self.volume)
        one = np.zeros(SHAPE)
        one[1, 1, 1:4] = 1
        self.paint(node, "healthy", one)
        self.paint(node, "fibrosis", one)
        self.assertGreater(node.GetSegmentation().GetNumberOfLayers(), 1)
        sentence = self.refusal(node)
        self.assertIn("3 voxels", sentence)
        self.assertIn("Healthy", sentence)
        self.assertIn("Fibrosis", sentence)

    def test_segments_are_known_by_terminology_then_by_name(self):
        node = new_roi_segmentation(self.schema, self.volume)
        first, second, third = np.zeros((3, *SHAPE))
        first[0, 0, 0] = second[1, 1, 1] = third[2, 2, 2] = 1
        self.paint(node, "fibrosis", first)
        node.GetSegmentation().GetSegment("fibrosis").SetName("Healthy")  # the terminology says otherwise
        node.GetSegmentation().AddEmptySegment("Segment_7", "ground GLASS opacity ")
        self.paint(node, "Segment_7", second)
        node.GetSegmentation().AddEmptySegment("micronodules_of_mine", "Micronodules")
        self.paint(node, "micronodules_of_mine", third)
        np.testing.assert_array_equal(self.read(node), 4 * first + 3 * second + 5 * third)

    def test_an_unknown_segment_counts_only_if_something_is_in_it(self):
        node = new_roi_segmentation(self.schema, self.volume)
        node.GetSegmentation().AddEmptySegment("vessel", "Vessel")
        self.assertFalse(self.read(node).any())
        self.paint(node, "vessel", np.ones(SHAPE))
        sentence = self.refusal(node)
        self.assertIn('"Vessel"', sentence)
        self.assertIn("4 Fibrosis", sentence)

    def test_segments_drawn_on_another_volume_are_refused(self):
        shifted = OBLIQUE.copy()
        shifted[:3, 3] += 0.3
        other = self.add_volume(shifted)
        node = new_roi_segmentation(self.schema, other)
        self.paint(node, "fibrosis", np.ones(SHAPE), other)
        self.assertIn("another geometry", self.refusal(node))

    def test_a_segmentation_of_a_crop_lands_at_its_place(self):
        start = np.eye(4)
        start[:3, 3] = 2, 1, 3
        crop = self.add_volume(OBLIQUE @ start, (2, 3, 4))
        image = self.random_labels(crop)
        node = show_labels(image, self.schema, crop)
        expected = np.zeros(SHAPE)
        expected[3:5, 1:4, 2:6] = sitk.GetArrayFromImage(image)
        np.testing.assert_array_equal(self.read(node), expected)
        whole = show_labels(self.labels(np.ones(SHAPE)), self.schema, self.volume)
        self.assertIn("beyond", self.refusal(whole, volume=crop))

    def test_transforms_above_both_nodes(self):
        turn = np.eye(4)
        turn[:3, :3] = [[0, -1, 0], [0.6, 0, -0.8], [0.8, 0, 0.6]]
        turn[:3, 3] = 10, -20, 30
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Moved")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turn))
        self.volume.SetAndObserveTransformNodeID(transform.GetID())
        image = self.random_labels()
        node = show_labels(image, self.schema, self.volume)
        self.assertIs(node.GetParentTransformNode(), transform)
        np.testing.assert_array_equal(self.read(node), sitk.GetArrayFromImage(image))
        hardened = self.add_volume(turn @ OBLIQUE)
        np.testing.assert_array_equal(self.read(node, hardened), sitk.GetArrayFromImage(image))
        node.SetAndObserveTransformNodeID(None)
        self.assertIn("another geometry", self.refusal(node))

    def test_volumes_that_no_image_fits_are_refused(self):
        node = show_labels(self.random_labels(), self.schema, self.volume)
        for bad in (np.diag([1.0, 1.0, 0.0, 1.0]), np.eye(4) + np.diag([0.3, 0, 0], 1)):
            self.volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(bad))
            with self.assertRaisesRegex(InputError, "CT: has voxels"):
                self.read(node)

    def test_surfaces_alone_are_refused(self):
        node = show_labels(self.labels(np.ones(SHAPE)), self.schema, self.volume)
        node.CreateClosedSurfaceRepresentation()
        node.GetSegmentation().SetSourceRepresentationName("Closed surface")
        node.GetSegmentation().RemoveRepresentation("Binary labelmap")
        self.assertIn("surfaces", self.refusal(node))

    def test_a_volume_that_was_moved_meanwhile_is_noticed(self):
        image = self.random_labels()
        self.volume.SetOrigin(1, 2, 3)
        with self.assertRaisesRegex(InputError, "moved or changed since"):
            show_labels(image, self.schema, self.volume)
        self.assertIsNone(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode"))

    def test_large_label_maps_are_copied_in_steps(self):
        volume = self.add_volume(np.eye(4), (70, 512, 512))
        image = self.labels(np.ones((70, 512, 512)), volume)
        steps = labels_in_steps(image, self.schema, volume)
        next(steps)
        self.assertIsNone(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode"))
        self.assertEqual(list(steps)[-1], 1.0)
        self.assertIsNotNone(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode"))

    def test_everything_outlives_saving_and_loading_the_scene(self):
        self.volume.SetName("Other CT")
        self.volume = self.add_volume(TURNED)
        image = self.random_labels()
        show_labels(image, self.schema, self.volume, name="Result")
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "case.mrb")
            self.assertTrue(slicer.util.saveScene(path))
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(path)
        node, self.volume = slicer.util.getNode("Result"), slicer.util.getNode("CT")
        np.testing.assert_array_equal(self.read(node), sitk.GetArrayFromImage(image))
        self.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(self.schema.codes))
