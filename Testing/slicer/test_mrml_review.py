"""The review in the scene: strokes and undo become edits, drawn voxels come back, results follow."""

import shutil
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from review_case import MOVED, OBLIQUE, SAGITTAL, SHAPE, TURNED, ReviewInSceneCase

from LungCAD.errors import InputError
from LungCAD.images import same_geometry
from LungCAD.labels import UNTOUCHED, Provenance
from LungCAD.mrml.review_texts import forget_shown
from LungCAD.mrml.reviewed_case import resume_review, review_result
from LungCAD.mrml.segments import labels_from_segmentation, show_labels
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.panels.views import show_over
from LungCAD.review import (
    Decision,
    Kind,
    worklist,
)
from LungCAD.steps import finish


class ReviewInSceneTest(ReviewInSceneCase):
    def test_strokes_and_undo_become_edits_on_every_grid(self):
        for matrix in (OBLIQUE, SAGITTAL, OBLIQUE @ TURNED, SAGITTAL @ TURNED):
            with self.subTest(matrix=matrix):
                shutil.rmtree(self.root, ignore_errors=True)
                case = self.make_case(matrix)
                hand = self.hand()
                place = self.voxels(4, slice(2, 5), slice(3, 7))
                hand.paint("fibrosis", place)
                edit = case.take_edits()
                self.assertEqual(edit.changed, np.count_nonzero(place & (self.array != 4)))
                expected = np.where(place, 4, self.array)
                np.testing.assert_array_equal(case.review.state.masks.labels, self.stack(expected))
                np.testing.assert_array_equal(self.painted(), expected)
                hand.erase("fibrosis", self.voxels(4, 2, 3))
                self.assertEqual(case.take_edits().changed, 1)
                hand.undo()
                hand.undo()
                case.take_edits()
                np.testing.assert_array_equal(case.review.state.masks.labels, self.stack(self.array))
                self.assertTrue((case.review.state.masks.corrections == UNTOUCHED).all())

    def test_what_was_drawn_comes_back(self):
        case = self.make_case()
        self.hand().paint("healthy", self.voxels(2))
        edit = case.take_edits()
        self.assertEqual(edit.drawn, np.count_nonzero(self.drawn & (self.array != 1)))
        painted = self.painted()
        np.testing.assert_array_equal(painted[self.drawn], self.array[self.drawn])
        self.assertTrue((painted[2][~self.drawn[2]] == 1).all())
        self.assertEqual(case.take_edits().changed, 0)

    def test_overlapping_segments_get_the_last_stroke(self):
        case = self.make_case()
        hand = self.hand()
        hand.editor_node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)
        place = self.voxels(4, slice(2, 5), slice(3, 7))
        hand.paint("fibrosis", place)
        expected = self.stack(np.where(place, 4, self.array))
        for _look in range(3):  # every stroke and every decision looks again
            case.take_edits()
            np.testing.assert_array_equal(case.review.state.masks.labels, expected)
        self.assertEqual(len(case.review.entries), 2)
        np.testing.assert_array_equal(self.painted(), np.where(place, 4, self.array))

    def test_everything_erased_is_an_edit_too(self):
        case = self.make_case()
        self.node.GetSegmentation().RemoveAllSegments()
        case.take_edits()
        self.assertFalse(case.review.state.masks.labels[~np.moveaxis(self.drawn, 0, 0)].any())
        np.testing.assert_array_equal(self.painted(), np.where(self.drawn, self.array, 0))

    def test_a_foreign_segment_is_named(self):
        case = self.make_case()
        self.node.GetSegmentation().AddEmptySegment("heart", "Heart")
        self.hand().paint("heart", self.voxels(4, 4, 4))
        with self.assertRaisesRegex(InputError, "Heart"):
            case.take_edits()

    def test_a_new_result_goes_on_in_the_same_review(self):
        case = self.make_case()
        case.decide(1, Decision.ACCEPT)
        constraints = finish(case.constraints_in_steps()).voxels
        self.assertEqual(constraints.dtype, np.int16)
        self.assertEqual(set(np.unique(constraints[0])), {UNTOUCHED})
        changed = self.array.copy()
        changed[4, 4, 4] = changed[4, 4, 4] % 5 + 1
        show_labels(self.image(changed), self.schema, self.volume, self.node)
        case = review_result(self.subject, self.root, "AB")
        kinds = [entry.kind for entry in case.review.entries]
        self.assertEqual(kinds, [Kind.PROPAGATE, Kind.DECISION, Kind.PROPAGATE])
        self.assertEqual(case.review.state.accepted, (1,))
        np.testing.assert_array_equal(case.review.before, self.array)

    def test_a_result_without_the_corrections_does_not_lose_them(self):
        case = self.make_case()
        place = self.voxels(4, slice(2, 5), slice(3, 7))
        self.hand().paint("fibrosis", place)
        self.hand().erase("healthy", self.voxels(1))
        case.take_edits()
        corrected = case.review.state.masks.labels.copy()
        kept = case.review.state.masks.corrections != UNTOUCHED
        other = np.where(self.array > 0, 5, 0).astype(np.uint8)
        other[self.drawn] = self.array[self.drawn]
        since = self.voxels(4, 3, 4)  # drawn after that: the reader's last word
        kept &= self.stack(since.astype(np.uint8)) == 0
        provenance = np.where(self.array > 0, Provenance.PROPAGATED, 0).astype(np.uint8)
        provenance[self.drawn | since] = Provenance.DRAWN
        subject = replace(self.subject, provenance=self.image(provenance), result=self.image(other))
        case = review_result(subject, self.root, "AB")
        expected = np.where(kept, corrected, self.stack(other))
        np.testing.assert_array_equal(case.review.state.masks.labels, expected)
        np.testing.assert_array_equal(self.stack(self.painted()), expected)
        np.testing.assert_array_equal(case.review.state.masks.corrections != UNTOUCHED, kept)
        again = resume_review(self.volume, self.schema, self.root, "AB", self.node).review
        np.testing.assert_array_equal(again.state.masks.labels, expected)

    def test_corrections_survive_a_crash_between_a_new_result_and_them(self):
        for again in ("resumed", "computed again"):
            with self.subTest(again):
                shutil.rmtree(self.root, ignore_errors=True)
                case = self.make_case()
                stroke = self.voxels(3, slice(2, 5), 4)
                self.hand().paint("healthy", stroke)
                case.take_edits()
                other = np.where(self.array > 1, 5, self.array).astype(np.uint8)
                masks = case.review.state.masks
                case.review.propagated(other, masks.result_provenance, case.review.facts)
                show_labels(self.image(other), self.schema, self.volume, self.node)
                forget_shown(self.node)
                if again == "resumed":
                    back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
                else:
                    subject = replace(self.subject, result=self.image(other))
                    back = review_result(subject, self.root, "AB")
                np.testing.assert_array_equal(self.painted(), np.where(stroke, 1, other))
                self.assertEqual(back.review.entries[-1].kind, Kind.EDIT)
                count = len(back.review.entries)
                back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
                self.assertEqual(len(back.review.entries), count)

    def test_a_scan_that_was_moved_is_reviewed_where_it_lies(self):
        case = self.make_case()
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(MOVED))
        self.volume.SetAndObserveTransformNodeID(transform.GetID())
        with self.assertRaisesRegex(InputError, "Result"):  # what is painted would land elsewhere
            case.decide(4, Decision.ACCEPT)
        self.node.SetAndObserveTransformNodeID(transform.GetID())
        self.hand().paint("healthy", self.voxels(2))
        self.assertGreater(case.take_edits().drawn, 0)
        np.testing.assert_array_equal(self.painted()[self.drawn], self.array[self.drawn])
        case.show_before(True)
        case.show_before(False)
        show_over(self.volume, None)
        case.jump(3)
        self.assertTrue(case.is_seen(3))
        self.assertFalse(case.is_seen(2))
        constraints = finish(case.constraints_in_steps())
        self.assertTrue(same_geometry(constraints.place, image_from_volume(self.volume)[:1, :1, :1]))

    def test_the_scenes_review_of_another_scan_or_reader_is_not_gone_on_with(self):
        case = self.make_case()
        case.decide(4, Decision.ACCEPT)
        other = slicer.util.addVolumeFromArray(np.full(SHAPE, -500, np.int16), ijkToRAS=OBLIQUE, name="New")
        with self.assertRaisesRegex(InputError, "another scan than New"):
            resume_review(other, self.schema, self.root, "AB", self.node)
        with self.assertRaisesRegex(InputError, "is that of AB"):
            resume_review(self.volume, self.schema, self.root, "CD", self.node)
        self.assertEqual([path.name for path in self.root.glob("*/*")], ["ab"])
        back = resume_review(self.volume, self.schema, self.root, " ab", self.node)
        self.assertEqual(back.review.state.accepted, (4,))

    def test_two_methods_do_not_share_a_review(self):
        """Each is gone on with by itself, from the folder and from the scene."""
        one = self.make_case()
        one.decide(4, Decision.ACCEPT)
        other = show_labels(self.image(self.array), self.schema, self.volume, name="Other")
        subject = replace(self.subject, labels=other, model="ILD segmentation, lungnet-gao")
        two = review_result(subject, self.root, "AB")
        two.decide(3, Decision.REJECT)
        two.decide(2, Decision.ACCEPT)
        self.assertEqual(len(one.review.entries), 2)
        for labels in ({"label propagation": None, "ILD segmentation": None}, {}):
            for case, model, node in (
                (one, "label propagation", self.node),
                (two, "ILD segmentation", other),
            ):
                node = labels.get(model, node)
                back = resume_review(self.volume, self.schema, self.root, "AB", node, model)
                self.assertEqual(back.review.entries, case.review.entries)
        shutil.rmtree(self.root)
        for case, model, node in ((two, "ILD segmentation", other), (one, "label propagation", self.node)):
            back = resume_review(self.volume, self.schema, self.root, "AB", node, model)
            self.assertEqual(back.review.entries, case.review.entries)

    def test_orderings_come_with_the_result(self):
        review = self.make_case().review
        free = np.where(self.drawn, 0, self.uncertainty).sum(axis=(1, 2))
        order = worklist(review.state, "uncertainty", review.facts.scores)
        self.assertEqual(order, np.argsort(-free).tolist())
        self.assertEqual(set(review.facts.scores), {"uncertainty", "disagreement"})

    def test_views_jump_to_the_slice_as_it_was_acquired(self):
        for matrix in (OBLIQUE, SAGITTAL, SAGITTAL @ TURNED):
            with self.subTest(matrix=matrix):
                shutil.rmtree(self.root, ignore_errors=True)
                case = self.make_case(matrix)
                inverse = np.linalg.inv(matrix)
                slices = 2 if matrix is OBLIQUE else 1  # index axis that runs along the body
                number = 3
                case.jump(number)
                normals = []
                for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
                    plane = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
                    index = inverse @ plane
                    normal = int(np.abs(index[:3, 2] / np.linalg.norm(index[:3, 2])).argmax())
                    normals.append(normal)
                    if normal == slices:
                        self.assertAlmostEqual(index[normal, 3], number, places=4)
                        self.assertLess(np.abs(np.delete(index[:3, 2], normal)).max(), 1e-6)
                self.assertIn(slices, normals)

    def test_before_and_after_do_not_mix(self):
        case = self.make_case()
        self.hand().paint("fibrosis", self.voxels(4))
        case.take_edits()
        case.show_before(True)
        self.assertFalse(self.node.GetDisplayNode().GetVisibility())
        before = slicer.util.getNode(f"{self.node.GetName()} before")
        shown = sitk.GetArrayFromImage(labels_from_segmentation(before, self.volume, self.schema))
        np.testing.assert_array_equal(shown, self.array)
        case.show_before(False)
        self.assertTrue(self.node.GetDisplayNode().GetVisibility())
        case.close()
        self.assertFalse(slicer.mrmlScene.IsNodePresent(before))
