"""Nothing that was painted is lost: without a reader, beside a ledger that refuses, before a result."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from review_panel_case import SHAPE, ReviewPanelCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.mrml.segments import labels_from_segmentation, show_labels, were_painted_since
from LungCAD.review import Review


class ReviewPanelStrokesTest(ReviewPanelCase):
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

    def test_nothing_is_exported_while_the_disk_does_not_take_the_last_strokes(self):
        """The slice that was accepted is not the one on display."""
        self.open_case()
        self.panel.slices.decide("accept")
        Review.resume(self.panel.case.review.folder, "AB").comment(0, "from elsewhere")
        self.hand().paint("fibrosis", self.voxels(4))
        self.panel.export.folder.currentPath = str(self.folder / "set")
        self.panel.export.licence.text = "CC BY 4.0"
        self.panel.export.button.click()
        self.assertIn("The last strokes: could not be recorded", self.panel.export.message.text)
        self.assertIn("was changed by another program", self.sentence())
        self.assertFalse((self.folder / "set").exists())
        self.panel.head.resume_button.click()
        self.assertNotIn(4, self.panel.case.review.state.accepted)

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
