"""The review in the scene: strokes and undo become edits, drawn voxels come back, .mrb carries it all."""

import shutil
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.errors import InputError
from LungCAD.images import place_on_grid, same_geometry
from LungCAD.labels import UNTOUCHED, Provenance, load_schema
from LungCAD.mrml.review_texts import forget_shown
from LungCAD.mrml.reviewed_case import Subject, resume_review, review_folder, review_result
from LungCAD.mrml.scan_order import as_loaded
from LungCAD.mrml.segments import labels_from_segmentation, show_labels
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.review import (
    Decision,
    Kind,
    Review,
    case_pseudonym,
    export_case,
    read_dataset,
    to_stack,
    worklist,
)
from LungCAD.steps import finish

OBLIQUE = np.array(
    [[0.56, 0.48, 0.0, -110.5], [-0.42, 0.64, 0.0, 87.25], [0.0, 0.0, 5.0, -360.2], [0.0, 0.0, 0.0, 1.0]]
)
SAGITTAL = np.array([[0.0, 0, 3, -90], [-0.7, 0, 0, 80], [0, -0.7, 0, 10], [0, 0, 0, 1]])
TURNED = np.diag([-1.0, 1, 1, 1])
"""After a matrix of those above, makes a left-handed one: Slicer turns such volumes when it loads them."""
MOVED = np.array([[0.0, -1, 0, 30], [1, 0, 0, 12], [0, 0, 1, -7], [0, 0, 0, 1]])
SHAPE = (5, 8, 9)


class ReviewInSceneTest(unittest.TestCase):
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

    def image(self, array):
        image = sitk.GetImageFromArray(np.ascontiguousarray(array))
        image.CopyInformation(image_from_volume(self.volume))
        return image

    def painter(self):
        sys.path.append(str(Path(__file__).resolve().parents[2]))
        from Testing.host.painting import Painter

        return Painter(self.node, self.volume)

    def voxels(self, *place):
        voxels = np.zeros(SHAPE, bool)
        voxels[place] = True
        return voxels

    def painted(self):
        return sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))

    def stack(self, array):
        """Slices of a left-handed volume are counted as Slicer will load it."""
        return to_stack(as_loaded(self.image(array), self.volume))

    def test_strokes_and_undo_become_edits_on_every_grid(self):
        for matrix in (OBLIQUE, SAGITTAL, OBLIQUE @ TURNED, SAGITTAL @ TURNED):
            with self.subTest(matrix=matrix):
                shutil.rmtree(self.root, ignore_errors=True)
                case = self.make_case(matrix)
                hand = self.painter()
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
        self.painter().paint("healthy", self.voxels(2))
        edit = case.take_edits()
        self.assertEqual(edit.drawn, np.count_nonzero(self.drawn & (self.array != 1)))
        painted = self.painted()
        np.testing.assert_array_equal(painted[self.drawn], self.array[self.drawn])
        self.assertTrue((painted[2][~self.drawn[2]] == 1).all())
        self.assertEqual(case.take_edits().changed, 0)

    def test_overlapping_segments_get_the_last_stroke(self):
        case = self.make_case()
        hand = self.painter()
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
        self.painter().paint("heart", self.voxels(4, 4, 4))
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
        self.painter().paint("fibrosis", place)
        self.painter().erase("healthy", self.voxels(1))
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
                self.painter().paint("healthy", stroke)
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
        self.painter().paint("healthy", self.voxels(2))
        self.assertGreater(case.take_edits().drawn, 0)
        np.testing.assert_array_equal(self.painted()[self.drawn], self.array[self.drawn])
        case.show_before(True)
        case.show_before(False)
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
        self.painter().paint("fibrosis", self.voxels(4))
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

    def test_a_saved_scene_brings_everything_back(self):
        case = self.make_case()
        self.painter().paint("fibrosis", self.voxels(4, slice(2, 5)))
        case.decide(4, Decision.ACCEPT)
        case.comment(3, "Größer als 3 mm?")
        expected = case.review
        path = str(self.folder / "review.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        slicer.mrmlScene.Clear(0)
        shutil.rmtree(self.root)
        slicer.util.loadScene(path)
        volume, labels = (slicer.util.getNode(name) for name in ("CT", "Result"))
        back = resume_review(volume, self.schema, self.root, "AB", labels)
        self.assertEqual(back.review.entries, expected.entries)
        np.testing.assert_array_equal(back.review.state.masks.labels, expected.state.masks.labels)
        np.testing.assert_array_equal(back.review.state.masks.provenance, expected.state.masks.provenance)
        self.assertEqual(back.review.state.comments[0].text, "Größer als 3 mm?")
        shown = sitk.GetArrayFromImage(labels_from_segmentation(labels, volume, self.schema))
        np.testing.assert_array_equal(to_stack(self.image_like(shown, volume)), expected.state.masks.labels)
        self.assertEqual(back.take_edits().changed, 0)

    def test_a_scan_that_slicer_turns_when_it_loads_it_keeps_its_review(self):
        """Left-handed volumes come back with their slices in reverse, along whichever axis of the body."""
        for matrix in (OBLIQUE @ TURNED, SAGITTAL @ TURNED):
            for root in (self.root, self.folder / "elsewhere"):  # the folder as it was; the scene alone
                with self.subTest(matrix=matrix, root=root.name):
                    slicer.mrmlScene.Clear(0)
                    for made in (self.root, self.folder / "elsewhere"):
                        shutil.rmtree(made, ignore_errors=True)
                    case = self.make_case(matrix)
                    self.painter().paint("fibrosis", self.voxels(4, slice(2, 5), slice(2, 6)))
                    case.decide(2, Decision.ACCEPT)
                    where = self.places(case, 2)
                    volume, labels = self.saved_and_loaded()
                    self.assertFalse(np.array_equal(slicer.util.arrayFromVolume(volume), self.hu))
                    back = resume_review(volume, self.schema, root, "AB", labels)
                    self.assertEqual(back.review.entries, case.review.entries)
                    self.assertEqual(back.take_edits().changed, 0)
                    back.restore()
                    self.assertEqual(back.take_edits().changed, 0)
                    self.assertEqual(self.places(back, 2), where)
                    written = export_case(
                        back.review,
                        image_from_volume(volume),
                        self.schema,
                        self.folder / root.name / "set",
                        patient="P1",
                        licence="none",
                    )
                    dataset = read_dataset(self.folder / root.name / "set")
                    exported, scan = dataset.labels(written), dataset.image(written)
                    shown = sitk.GetArrayFromImage(labels_from_segmentation(labels, volume, self.schema))
                    self.assertTrue(same_geometry(exported, scan))
                    there = sitk.GetArrayFromImage(place_on_grid(exported, image_from_volume(volume)))
                    accepted = there != 255
                    self.assertTrue(accepted.any())
                    np.testing.assert_array_equal(there[accepted], shown[accepted])
                    hu = sitk.GetArrayFromImage(place_on_grid(scan, image_from_volume(volume)))
                    np.testing.assert_array_equal(hu, slicer.util.arrayFromVolume(volume))

    def test_a_review_of_a_left_handed_volume_by_an_earlier_version_opens(self):
        """It counted slices as they were stored: so does whoever goes on with it."""
        case = self.make_case(OBLIQUE @ TURNED)
        case.decide(1, Decision.ACCEPT)
        where = self.places(case, 1)
        folder = case.review.folder
        labels = case.review.state.masks.labels[::-1]
        provenance = case.review.state.masks.result_provenance[::-1]
        earlier = case_pseudonym(sitk.GetImageFromArray(self.hu))
        self.assertNotEqual(earlier, case.review.case)
        shutil.rmtree(folder)
        old = Review.begin(
            review_folder(self.root, earlier, "AB"),
            labels,
            provenance,
            case.review.facts,
            case=earlier,
            reviewer="AB",
        )
        old.decide(3, Decision.ACCEPT)  # slice 1 from the other end
        back = resume_review(self.volume, self.schema, self.root, "AB")
        self.assertEqual(self.places(back, 3), where)
        self.node = back.labels.node
        np.testing.assert_array_equal(self.painted(), self.array)
        back = review_result(replace(self.subject, labels=self.node), self.root, "AB")
        self.assertEqual(back.review.state.accepted, (3,))
        volume, labels = self.saved_and_loaded()
        back = resume_review(volume, self.schema, self.root, "AB")
        self.assertEqual(self.places(back, 3), where)
        self.assertEqual(back.take_edits().changed, 0)

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

    def test_what_was_painted_while_no_review_was_open_is_recorded(self):
        """As in the Segment Editor, after a scene was loaded; what the folder has besides is not lost."""
        case = self.make_case()
        self.painter().paint("fibrosis", self.voxels(4, slice(2, 5)))
        case.decide(4, Decision.ACCEPT)
        self.volume, self.node = self.saved_and_loaded()
        further = Review.resume(case.review.folder, "AB")  # elsewhere the reader went on
        elsewhere = further.state.masks.labels.copy()
        elsewhere[1, 2:4, 2:4] = 5
        further.edit(elsewhere)
        stroke = self.voxels(3, slice(2, 5))
        self.painter().paint("healthy", stroke)
        expected = np.where(stroke, 1, elsewhere)
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        np.testing.assert_array_equal(back.review.state.masks.labels, expected)
        np.testing.assert_array_equal(self.painted(), expected)
        count = len(back.review.entries)
        self.volume, self.node = self.saved_and_loaded()
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertEqual(len(back.review.entries), count)
        show_labels(self.image(self.array), self.schema, self.volume, self.node)
        forget_shown(self.node)  # a new result, which nobody painted
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertEqual(len(back.review.entries), count)
        np.testing.assert_array_equal(self.painted(), expected)
        self.node.GetSegmentation().RemoveAllSegments()  # as where their file is lost
        resume_review(self.volume, self.schema, self.root, "AB", self.node)
        np.testing.assert_array_equal(self.painted(), expected)

    def test_what_the_reader_made_of_strokes_later_holds_when_the_same_scene_is_loaded_again(self):
        case = self.make_case()
        stroke = self.voxels(3, slice(2, 5), 4)
        self.painter().paint("healthy", stroke | self.drawn)  # and the scene is saved before anybody looks
        self.volume, self.node = self.saved_and_loaded()
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertEqual(len(back.review.entries), len(case.review.entries) + 1)
        self.painter().paint("fibrosis", stroke)
        back.decide(3, Decision.ACCEPT)
        expected, entries = back.review.state.masks.labels, back.review.entries
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(self.folder / "scene.mrb"))  # Slicer was left without saving
        self.volume, self.node = slicer.util.getNode("CT"), slicer.util.getNode("Result")
        again = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertEqual(again.review.entries, entries)
        self.assertEqual(again.review.state.accepted, (3,))
        np.testing.assert_array_equal(self.painted(), expected)

    def test_a_result_does_not_take_the_place_of_the_only_copy_of_a_review(self):
        """A scene on another computer: whoever applies there, what it carries is kept, and gone on with."""
        case = self.make_case()
        stroke = self.voxels(3, slice(2, 5), 4)
        self.painter().paint("healthy", stroke)
        case.decide(4, Decision.ACCEPT)
        self.saved_and_loaded()
        for reader in ("CD", "AB"):
            with self.subTest(reader=reader):
                shutil.rmtree(self.root)
                slicer.mrmlScene.Clear(0)
                slicer.util.loadScene(str(self.folder / "scene.mrb"))
                self.volume, self.node = slicer.util.getNode("CT"), slicer.util.getNode("Result")
                show_labels(self.image(self.array), self.schema, self.volume, self.node)
                subject = replace(self.subject, volume=self.volume, labels=self.node)
                new = review_result(subject, self.root, reader)
                kept = Review.resume(review_folder(self.root, case.review.case, "AB"), "AB")
                self.assertEqual(kept.entries[: len(case.review.entries)], case.review.entries)
                self.assertEqual(new.review.entries[0].reviewer, reader)
                self.assertEqual(bool((self.painted()[stroke] == 1).all()), reader == "AB")

    def test_a_review_beside_another_is_gone_on_with_where_it_is(self):
        """That of the scene and that of the folder have parted: a new result does not mix them."""
        case = self.make_case()
        case.decide(4, Decision.ACCEPT)
        self.volume, self.node = self.saved_and_loaded()
        shutil.rmtree(case.review.folder)
        subject = replace(self.subject, volume=self.volume)
        own = show_labels(self.image(self.array), self.schema, self.volume, name="Own")
        parted = review_result(replace(subject, labels=own), self.root, "AB").review
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertNotEqual(back.review.folder, parted.folder)
        other = self.image(np.where(self.array == 1, 2, self.array))
        new = review_result(replace(subject, labels=self.node, result=other), self.root, "AB")
        self.assertEqual(new.review.folder, back.review.folder)
        self.assertEqual(new.review.entries[: len(back.review.entries)], back.review.entries)
        self.assertEqual(Review.resume(parted.folder, "AB").entries, parted.entries)

    def image_like(self, array, volume):
        image = sitk.GetImageFromArray(array)
        image.CopyInformation(image_from_volume(volume))
        return image

    def test_a_review_is_resumed_from_its_folder_alone(self):
        case = self.make_case()
        case.decide(4, Decision.REJECT)
        slicer.mrmlScene.RemoveNode(self.node)
        back = resume_review(self.volume, self.schema, self.root, "AB")
        self.assertEqual(back.review.entries, case.review.entries)
        self.node = back.labels.node
        np.testing.assert_array_equal(self.painted(), self.array)
        with self.assertRaisesRegex(InputError, "holds no review"):
            resume_review(self.volume, self.schema, self.root, "CD")
        with self.assertRaisesRegex(InputError, "begun with the schema gao5, not lungnet6"):
            resume_review(self.volume, load_schema("lungnet6"), self.root, "AB")

    def test_a_folder_tells_the_reader_and_nothing_of_the_patient(self):
        self.assertEqual(review_folder(self.root, "case-1", " Dr. Müller ").name, "dr-müller")
        self.assertEqual(review_folder(self.root, "case-1", "../..").name, "reader")
        self.volume = None
        case = self.make_case()
        self.assertRegex(case.review.case, "^case-[0-9a-f]{12}$")
