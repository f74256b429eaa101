"""Whose review the panel shows, and of which scan: readers, scenes, folders."""

import shutil
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from painted_scan import OBLIQUE
from review_panel_case import SHAPE, ReviewPanelCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.labels import load_schema
from LungCAD.mrml.segments import labels_from_segmentation, show_labels, were_painted_since
from LungCAD.panels.review import ReviewPanel
from LungCAD.review import Review


class ReviewPanelReadersTest(ReviewPanelCase):
    def test_the_same_result_again_keeps_what_the_reader_made_of_it(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        self.panel.take_edits()
        entries = self.panel.case.review.entries
        show_labels(self.image(self.array), self.schema, self.volume, self.node)
        self.panel.take_result(self.subject)
        self.assertEqual(self.panel.case.review.entries, entries)
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        self.assertTrue((shown[4] == 4).all())

    def test_another_reader_has_a_review_of_their_own(self):
        first = self.open_case().review
        self.panel.slices.decide("accept")
        self.hand().paint("fibrosis", self.voxels(1))
        self.panel.take_edits()
        self.panel.head.reader_edit.text = "CD"
        self.panel.head.reader_edit.editingFinished.emit()
        second = self.panel.case.review
        self.assertNotEqual(first.folder, second.folder)
        np.testing.assert_array_equal(second.state.masks.labels, self.array)
        self.assertEqual(len(second.entries), 1)
        self.panel.slices.jump(4)
        self.panel.slices.decide("accept")
        self.panel.second_reader.folder.currentPath = str(first.folder)
        self.panel.second_reader.button.click()
        self.assertIn("Slices accepted by you and AB: 1", self.panel.second_reader.message.text)
        self.assertIn("1.00", self.panel.second_reader.message.text)
        self.panel.head.reader_edit.text = "AB"
        self.panel.head.reader_edit.editingFinished.emit()
        self.assertEqual(self.panel.case.review.entries, self.again().entries)
        self.assertEqual(self.panel.case.review.entries[0].reviewer, "AB")
        self.assertTrue((self.panel.case.review.state.masks.labels[1][self.array[1] > 0] == 4).all())

    def test_another_reader_does_not_go_on_in_a_review_that_was_resumed(self):
        first = self.open_case().review
        self.panel.close()
        self.assertIsNotNone(self.panel.resume(self.volume, self.schema))
        self.rename("CD")
        self.assertIsNone(self.panel.case)
        self.panel.slices.decide("accept")
        self.assertEqual(Review.resume(first.folder, "AB").entries, first.entries)
        self.rename("AB")
        self.assertIsNone(self.panel.case)  # the button resumes it

    def test_nobody_decides_under_the_name_of_a_reader_who_has_left(self):
        """They entered theirs in another panel."""
        first = self.open_case().review
        other = ReviewPanel("ILD segmentation")
        self.addCleanup(other.widget.deleteLater)
        other.head.reader_edit.text = "CD"
        other.head.reader_edit.editingFinished.emit()
        self.hand().paint("fibrosis", self.voxels(1))
        self.panel.enter()
        self.assertEqual(self.panel.head.reader, "CD")
        self.panel.slices.decide("accept")
        self.assertEqual([entry.reviewer for entry in self.panel.case.review.entries], ["CD", "CD"])
        entries = Review.resume(first.folder, "AB").entries
        self.assertEqual([entry.kind.value for entry in entries], ["propagate", "edit"])

    def test_nothing_is_recorded_without_a_name(self):
        self.open_case(reader="  ")
        self.assertIsNone(self.panel.case)
        self.assertIn("name or initials", self.sentence())
        self.assertFalse((self.folder / "reviews").exists())
        self.panel.head.reader_edit.text = "AB"
        self.panel.head.reader_edit.editingFinished.emit()
        self.assertIsNotNone(self.panel.case)
        self.assertEqual(self.sentence(), "")

    def test_what_was_painted_before_the_reader_gave_a_name_is_recorded(self):
        """By whoever gives it first; the next reader begins with the result."""
        self.open_case(reader="")
        stroke = self.voxels(5, 3, slice(3, 6))
        self.hand().paint("fibrosis", stroke)
        fibrosis = self.schema.find(None, "fibrosis").value
        self.rename("AB")
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        np.testing.assert_array_equal(shown, np.where(stroke, fibrosis, self.array))
        np.testing.assert_array_equal(self.panel.case.review.state.masks.labels, shown)
        self.rename("")
        self.rename("CD")
        np.testing.assert_array_equal(self.panel.case.review.state.masks.labels, self.array)

    def shown(self):
        return sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))

    def test_what_was_painted_while_the_name_was_gone_is_recorded_when_it_comes_back(self):
        """Also where a correction is painted over with the label that the result had there."""
        self.open_case()
        correction, stroke = self.voxels(1), self.voxels(1, slice(2, 6), slice(3, 8))
        self.hand().paint("fibrosis", correction)
        self.rename("")
        hand, changed = self.hand(), stroke & (self.array > 0)
        for code, value in zip(self.schema.codes, self.schema.values, strict=True):
            hand.paint(code, changed & (self.array == value))
        self.wait()
        before = self.shown()
        np.testing.assert_array_equal(before[changed], self.array[changed])
        self.rename("AB")
        np.testing.assert_array_equal(self.shown(), before)
        np.testing.assert_array_equal(self.again().state.masks.labels, before)

    def test_who_comes_next_gets_what_was_painted_without_a_name_and_nothing_else(self):
        """Not what the reader before corrected."""
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(1))
        self.rename("")
        stroke = self.voxels(5, 3, slice(3, 6))
        self.hand().paint("fibrosis", stroke)
        self.rename("CD")
        expected = np.where(stroke, self.schema.find(None, "fibrosis").value, self.array)
        np.testing.assert_array_equal(self.panel.case.review.state.masks.labels, expected)
        np.testing.assert_array_equal(self.shown(), expected)

    def paint_while_another_program_writes(self):
        """Return the stroke, which the ledger did not take."""
        Review.resume(self.panel.case.review.folder, "AB").comment(0, "elsewhere")
        stroke = self.voxels(5, 3, slice(3, 6))
        self.hand().paint("fibrosis", stroke)
        self.wait()
        self.assertIn("open it here again", self.sentence())
        return stroke

    def test_a_review_that_another_program_wrote_to_is_opened_again_with_what_was_painted(self):
        """Whether it began with a result, or was resumed."""
        self.open_case()
        self.assertTrue(self.panel.head.resume_button.isHidden())
        for _ in range(2):
            stroke = self.paint_while_another_program_writes()
            self.assertFalse(self.panel.head.resume_button.isHidden())
            self.panel.head.resume_button.click()
            self.assertTrue(self.panel.head.resume_button.isHidden())
            self.assertEqual(self.sentence(), "")
            review = self.panel.case.review
            self.assertIn("elsewhere", [comment.text for comment in review.state.comments])
            self.assertTrue((review.state.masks.labels[stroke] == 4).all())
            self.assertTrue((self.shown()[stroke] == 4).all())
            self.hand().paint("emphysema", stroke)
            self.wait()
            self.panel.close()
            self.panel.offer(self.volume, self.schema, self.node)

    def test_what_the_disk_did_not_take_outlives_the_next_result(self):
        self.open_case()
        stroke = self.paint_while_another_program_writes()
        (copy,) = self.give_another_result()
        self.assert_kept(copy, stroke)
        self.assertTrue(self.panel.case.review.is_current)

    def test_what_the_disk_did_not_take_outlives_a_result_that_fails_to_come(self):
        self.open_case()
        stroke = self.paint_while_another_program_writes()
        with self.assertRaises(RuntimeError), self.panel.awaiting_result(self.node):
            raise RuntimeError
        self.assert_kept(slicer.util.getNode("Result as painted"), stroke)

    def test_another_reader_does_not_get_what_the_disk_did_not_take(self):
        self.open_case()
        stroke = self.paint_while_another_program_writes()
        self.rename("CD")
        np.testing.assert_array_equal(self.panel.case.review.state.masks.labels, self.array)
        self.assert_kept(slicer.util.getNode("Result as painted"), stroke)

    def give_another_result(self):
        """Let a module write the same labels anew; return the segmentations that this adds."""
        before = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(self.array), self.schema, self.volume, self.node)
            self.panel.take_result(self.make_subject(self.array, np.zeros(SHAPE, np.float32)))
        after = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        return [node for node in after if node not in before]

    def assert_kept(self, copy, stroke):
        kept = sitk.GetArrayFromImage(labels_from_segmentation(copy, self.volume, self.schema))
        fibrosis = self.schema.find(None, "fibrosis").value
        np.testing.assert_array_equal(kept, np.where(stroke, fibrosis, self.array))
        self.assertFalse(copy.GetDisplayNode().GetVisibility())
        self.assertIn(f"is now in {copy.GetName()}", self.sentence())

    def test_what_was_painted_without_a_name_outlives_the_next_result(self):
        """Also a second time, and where the panel has turned to other labels; else there is no copy."""
        self.open_case(reader="")
        for number, name in ((5, "Result as painted"), (4, "Result as painted_1")):
            stroke = self.voxels(number, 3, slice(3, 6))
            self.hand().paint("fibrosis", stroke)
            other = show_labels(self.image(self.array), self.schema, self.volume, name=f"Other {number}")
            self.panel.take_result(replace(self.subject, labels=other))
            (copy,) = self.give_another_result()
            self.assertEqual(copy.GetName(), name)
            self.assert_kept(copy, stroke)
        self.assertEqual(self.give_another_result(), [])

    def test_a_segment_that_somebody_named_like_a_label_outlives_the_next_result(self):
        """It takes nothing from the others, as with the masking that overwrites none."""
        self.open_case(reader="")
        segment = self.node.GetSegmentation().AddEmptySegment("Segment_1", "Fibrosis")
        self.assertFalse(were_painted_since(self.node))
        stroke = self.voxels(5, 3, slice(3, 6))
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            stroke.astype(np.uint8), self.node, segment, self.volume
        )
        (copy,) = self.give_another_result()
        kept = slicer.util.arrayFromSegmentBinaryLabelmap(copy, segment, self.volume) > 0
        np.testing.assert_array_equal(kept, stroke)
        self.assertIn(f"is now in {copy.GetName()}", self.sentence())
        self.assertEqual(self.give_another_result(), [])

    def test_what_was_painted_after_the_scene_was_loaded_outlives_the_next_result(self):
        """When nobody knows the result any more."""
        self.open_case(reader="")
        self.panel.close()
        stroke = self.voxels(5, 3, slice(3, 6))
        self.hand().paint("fibrosis", stroke)
        (copy,) = self.give_another_result()
        self.assert_kept(copy, stroke)

    def test_what_was_painted_while_the_review_was_not_open_outlives_the_next_result(self):
        """The review keeps the strokes before, not those after the panel went to another scan."""
        self.open_case()
        recorded, unrecorded = self.voxels(5, 3, slice(3, 6)), self.voxels(4, 2, slice(2, 6))
        self.hand().paint("fibrosis", recorded)
        self.wait()
        self.panel.close()
        self.assertFalse(were_painted_since(self.node))
        self.hand().paint("fibrosis", unrecorded)
        (copy,) = self.give_another_result()
        self.assert_kept(copy, recorded | unrecorded)

    def test_labels_under_a_review_are_not_copied(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(5, 3, slice(3, 6)))
        self.wait()
        self.assertEqual(self.give_another_result(), [])
        self.panel.close()
        self.assertEqual(self.give_another_result(), [])

    def test_what_was_painted_before_a_result_could_be_reviewed_is_recorded(self):
        """The reader's own review cannot be gone on with: they follow the advice and take another name."""
        first = self.open_case()
        self.panel.close()
        ledger = first.review.folder / "ledger.jsonl"
        ledger.write_text(ledger.read_text() * 2)
        slicer.mrmlScene.Clear(0)
        self.open_case()
        self.assertIn("was altered", self.sentence())
        stroke = self.voxels(5, 3, slice(3, 6))
        self.hand().paint("fibrosis", stroke)
        self.rename("CD")
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        fibrosis = self.schema.find(None, "fibrosis").value
        np.testing.assert_array_equal(shown, np.where(stroke, fibrosis, self.array))
        np.testing.assert_array_equal(self.panel.case.review.state.masks.labels, shown)

    def test_readers_of_two_methods_are_compared(self):
        """Where the other reader has no review of this method, that in the chosen folder is meant."""
        first = self.open_case().review
        self.panel.slices.decide("accept")
        self.rename("")
        self.panel.head.reader_edit.text = "CD"
        self.panel.take_result(replace(self.subject, model="ILD segmentation, lungnet-gao"))
        self.panel.slices.jump(4)
        self.panel.slices.decide("accept")
        self.panel.second_reader.folder.currentPath = str(first.folder)
        self.panel.second_reader.button.click()
        self.assertIn("Slices accepted by you and AB: 1", self.panel.second_reader.message.text)

    def test_closing_the_scene_or_removing_the_labels_is_safe(self):
        for leave in (lambda: slicer.mrmlScene.RemoveNode(self.node), lambda: slicer.mrmlScene.Clear(0)):
            case = self.open_case()
            self.hand().paint("fibrosis", self.voxels(4))
            leave()
            self.wait()
            self.panel.slices.decide("accept")
            self.assertIsNone(self.panel.case)
            self.assertEqual(self.rows(), [])
            self.assertEqual(len(Review.resume(case.review.folder, "AB").entries), 1)
            shutil.rmtree(self.folder / "reviews")

    def test_a_review_is_resumed_on_the_scan_alone(self):
        self.open_case()
        self.panel.slices.decide("reject")
        entries = self.panel.case.review.entries
        self.panel.close()
        slicer.mrmlScene.RemoveNode(self.node)
        node = self.panel.resume(self.volume, self.schema)
        self.assertEqual(self.panel.case.review.entries, entries)
        shown = sitk.GetArrayFromImage(labels_from_segmentation(node, self.volume, self.schema))
        np.testing.assert_array_equal(shown, self.array)
        self.panel.close()
        self.panel.head.reader_edit.text = "CD"
        self.assertIsNone(self.panel.resume(self.volume, self.schema))
        self.assertIn("holds no review", self.sentence())

    def test_labels_that_have_left_the_scene_are_not_exported(self):
        self.open_case()
        self.panel.slices.decide("accept")
        slicer.mrmlScene.RemoveNode(self.node)
        self.panel.export.folder.currentPath = str(self.folder / "set")
        self.panel.export.button.click()
        self.assertIn("left the scene", self.panel.export.message.text)
        self.assertFalse((self.folder / "set").exists())

    def test_a_loaded_scene_offers_its_review(self):
        self.open_case()
        self.panel.slices.decide("accept")
        entries = self.panel.case.review.entries
        path = str(self.folder / "scene.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        self.panel.close()
        slicer.mrmlScene.Clear(0)
        shutil.rmtree(self.folder / "reviews")
        slicer.util.loadScene(path)
        volume, labels = (slicer.util.getNode(name) for name in ("CT", "Result"))
        other = slicer.util.addVolumeFromArray(np.full(SHAPE, -500, np.int16), ijkToRAS=OBLIQUE, name="New")
        self.panel.offer(other, self.schema, labels)
        self.assertIsNone(self.panel.case)
        self.assertIn("another scan than New", self.sentence())
        self.rename("")  # as on a computer that this reader has never used
        self.panel.offer(volume, self.schema, labels)
        self.assertIn("name or initials", self.sentence())
        self.rename("CD")
        self.assertIsNone(self.panel.case)
        self.assertIn("is that of AB", self.sentence())
        self.rename("AB")
        self.assertEqual(self.panel.case.review.entries, entries)
        self.assertEqual(self.rows()[0][2], "Accept")

    def open_two_scans(self):
        """Take results of two scans under review, and return volume and labels of each, the open one last."""
        self.open_case()
        first = self.volume, self.node
        hu = slicer.util.arrayFromVolume(self.volume) - 5
        self.volume = slicer.util.addVolumeFromArray(hu, ijkToRAS=OBLIQUE, name="Second CT")
        self.node = show_labels(self.image(self.array), self.schema, self.volume, name="Second result")
        self.panel.take_result(self.make_subject(self.array, np.zeros(SHAPE, np.float32)))
        return first, (self.volume, self.node)

    def test_the_brush_of_one_module_does_not_paint_into_the_labels_of_another(self):
        """Each has its own scan, also when the reader comes back to the first."""
        self.open_case()
        first, labels, volume = self.panel, self.node, self.volume
        first.enter()
        first.editor.widget.collapsed = False
        first.exit()
        self.panel = ReviewPanel("ILD segmentation")
        self.addCleanup(self.panel.widget.deleteLater)
        self.open_case()
        self.addCleanup(self.panel.close)
        self.panel.enter()
        self.panel.editor.widget.collapsed = False
        editors = first.editor.editor, self.panel.editor.editor
        self.assertEqual([each.segmentationNode() for each in editors], [labels, self.node])
        self.panel.exit()
        editors[0].mrmlSegmentEditorNode().SetAndObserveSegmentationNode(self.node)  # as a loaded scene may
        editors[0].mrmlSegmentEditorNode().SetAndObserveSourceVolumeNode(self.volume)
        first.enter()
        self.assertIs(editors[0].segmentationNode(), labels)
        self.assertIs(editors[0].sourceVolumeNode(), volume)
        self.assertIs(editors[1].segmentationNode(), self.node)

    def test_the_review_of_the_chosen_scan_opens_again_after_a_result_of_another(self):
        """Which may come while the reader has turned to the second."""
        (first, labels), (second, others) = self.open_two_scans()
        self.panel.offer(first, self.schema, labels)
        self.panel.offer(second, self.schema, others)
        self.assertIs(self.panel.case.labels.volume, second)
        self.panel.take_result(self.subject)
        self.assertIs(self.panel.case.labels.volume, first)
        self.panel.offer(second, self.schema, others)
        self.assertIs(self.panel.case.labels.node, others)
        self.assertEqual([node.GetDisplayVisibility() for node in (labels, others)], [0, 1])

    def test_a_review_of_another_schema_opens_when_that_is_chosen(self):
        (first, labels), _ = self.open_two_scans()
        self.panel.offer(first, load_schema("lungnet6"), labels)
        self.assertIn("Choose that schema", self.sentence())
        self.panel.offer(first, self.schema, labels)
        self.assertIs(self.panel.case.labels.node, labels)
