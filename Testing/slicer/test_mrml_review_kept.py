"""What becomes of a review when its scene is saved and loaded, and what its folder alone brings back."""

import shutil
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from review_case import OBLIQUE, SAGITTAL, TURNED, ReviewInSceneCase

from LungCAD.errors import InputError
from LungCAD.images import place_on_grid, same_geometry
from LungCAD.labels import load_schema
from LungCAD.mrml.review_texts import forget_shown
from LungCAD.mrml.reviewed_case import resume_review, review_folder, review_result
from LungCAD.mrml.segments import labels_from_segmentation, show_labels
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.review import (
    Decision,
    Review,
    case_pseudonym,
    export_case,
    read_dataset,
    to_stack,
)


class ReviewKeptTest(ReviewInSceneCase):
    def test_a_saved_scene_brings_everything_back(self):
        case = self.make_case()
        self.hand().paint("fibrosis", self.voxels(4, slice(2, 5)))
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
                    self.hand().paint("fibrosis", self.voxels(4, slice(2, 5), slice(2, 6)))
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

    def test_what_was_painted_while_no_review_was_open_is_recorded(self):
        """As in the Segment Editor, after a scene was loaded; what the folder has besides is not lost."""
        case = self.make_case()
        self.hand().paint("fibrosis", self.voxels(4, slice(2, 5)))
        case.decide(4, Decision.ACCEPT)
        self.volume, self.node = self.saved_and_loaded()
        further = Review.resume(case.review.folder, "AB")  # elsewhere the reader went on
        elsewhere = further.state.masks.labels.copy()
        elsewhere[1, 2:4, 2:4] = 5
        further.edit(elsewhere)
        stroke = self.voxels(3, slice(2, 5))
        self.hand().paint("healthy", stroke)
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
        self.hand().paint("healthy", stroke | self.drawn)  # and the scene is saved before anybody looks
        self.volume, self.node = self.saved_and_loaded()
        back = resume_review(self.volume, self.schema, self.root, "AB", self.node)
        self.assertEqual(len(back.review.entries), len(case.review.entries) + 1)
        self.hand().paint("fibrosis", stroke)
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
        self.hand().paint("healthy", stroke)
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
