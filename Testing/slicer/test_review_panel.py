"""The review panel: what a click, a key, a stroke and an undo do, and that nothing gets lost."""

import unittest
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from painted_scan import OBLIQUE
from review_panel_case import SHAPE, ReviewPanelCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.images import same_geometry
from LungCAD.labels import ACCEPTED, UNTOUCHED, Provenance, load_schema
from LungCAD.mrml.segments import labels_from_segmentation, show_labels, were_painted_since
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.review import Decision, Kind, Review, read_dataset
from LungCAD.steps import finish


class ReviewPanelTest(ReviewPanelCase):
    def test_slices_are_listed_by_doubt_and_the_first_is_shown(self):
        self.open_case()
        self.assertEqual([row[0] for row in self.rows()], ["5", "2", "1", "4", "6", "3"])
        self.assertEqual(self.panel.slices.present, 4)
        self.assertIn("Slice 5 of 6", self.panel.slices.decision.title.text)
        self.assertEqual(self.panel.slices.worklist.progress_bar.format, "0 of 6 slices, 1 ml left")
        self.panel.slices.worklist.ordering_box.currentIndex = 1
        self.assertEqual([row[0] for row in self.rows()], list("123456"))

    def test_the_chosen_order_stays(self):
        """Through results and reviews that have it; one that lacks it does not make it forgotten."""
        self.open_case()
        box, certain = self.panel.slices.worklist.ordering_box, np.zeros(SHAPE, np.float32)
        self.assertEqual(box.currentText, "Least certain first")
        box.currentIndex = 1
        self.panel.take_result(self.make_subject(self.array, certain))
        self.assertEqual(box.currentText, "From first to last slice")
        self.assertEqual(self.panel.slices.worklist.order, list(range(len(self.array))))
        self.panel.close()
        self.open_case()
        self.assertEqual(box.currentText, "From first to last slice")
        box.currentIndex = 0
        self.panel.close()
        self.assertEqual(box.count, 1)
        self.open_case()
        self.assertEqual(box.currentText, "Least certain first")

    def test_a_decision_is_on_the_disk_and_the_next_slice_is_shown(self):
        self.open_case()
        self.panel.slices.decision.buttons["accept"].click()
        self.assertEqual(self.again().state.decision(4), Decision.ACCEPT)
        self.assertEqual(self.panel.slices.present, 1)
        self.assertEqual(self.rows()[0][2], "Accept")
        self.assertEqual(self.panel.slices.worklist.progress_bar.value, 1)
        self.panel.slices.decision.buttons["needs edit"].click()
        self.panel.slices.decision.buttons["reject"].click()
        self.assertEqual([row[2] for row in self.rows()[:3]], ["Accept", "Needs edit", "Reject"])

    @unittest.skipIf(slicer.util.mainWindow() is None, "keys belong to the main window")
    def test_keys_work_while_the_panel_is_shown_and_only_then(self):
        self.open_case()
        self.panel.enter()
        self.press("A")
        self.press("X")
        self.press("N")
        self.press("P")
        self.press("E")
        review = self.again()
        self.assertEqual([e.decision.value for e in review.entries[1:]], ["accept", "reject", "needs edit"])
        self.assertEqual([e.slice for e in review.entries[1:]], [4, 1, 0])
        self.press("O")
        self.assertTrue(self.panel.display.outline.checked)
        self.panel.exit()
        self.assertEqual(self.panel._keys.shortcuts, [])

    @unittest.skipIf(slicer.util.mainWindow() is None, "keys belong to the main window")
    def test_no_key_is_one_that_slicer_uses(self):
        taken = {*"0123456789", "Esc", "Space", *"ZYQWI/*,.<>`", *"RFBGTV"}
        self.panel.enter()
        used = [shortcut.key.toString() for shortcut in self.panel._keys.shortcuts]
        self.assertEqual(len(used), 7)
        self.assertFalse(taken & set(used))

    def test_a_stroke_and_its_undo_are_recorded_when_the_hand_rests(self):
        case = self.open_case()
        hand = self.hand()
        place = self.voxels(4, slice(2, 6), slice(3, 8))
        hand.paint("fibrosis", place)
        self.wait()
        self.assertEqual(case.review.entries[-1].kind, Kind.EDIT)
        self.assertTrue(self.panel.repropagation.widget.enabled)
        hand.undo()
        self.wait()
        np.testing.assert_array_equal(case.review.state.masks.labels, self.array)
        self.assertTrue((case.review.state.masks.corrections == UNTOUCHED).all())
        self.assertFalse(self.panel.repropagation.widget.enabled)

    def test_what_is_painted_counts_even_if_the_decision_comes_at_once(self):
        case = self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        self.panel.slices.decision.buttons["accept"].click()
        kinds = [entry.kind for entry in case.review.entries]
        self.assertEqual(kinds, [Kind.PROPAGATE, Kind.EDIT, Kind.DECISION])
        self.assertEqual(case.review.state.accepted, (4,))
        self.wait()
        self.assertEqual(len(case.review.entries), 3)

    def test_painting_over_a_drawn_region_is_taken_back_and_said(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(2))
        self.wait()
        self.assertIn("regions that you drew", self.sentence())
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        drawn = self.provenance == Provenance.DRAWN
        np.testing.assert_array_equal(shown[drawn], self.array[drawn])

    def test_repropagation_gets_corrections_and_accepted_slices(self):
        case = self.open_case()
        self.panel.slices.decide("accept")
        place = self.voxels(1, slice(2, 6), slice(3, 8))
        self.hand().paint("fibrosis", place)
        self.panel.take_edits()
        self.panel.repropagation.widget.click()
        (steps,) = self.asked
        constraints = finish(steps)
        array = constraints.voxels
        self.assertEqual(array.dtype, np.int16)
        self.assertTrue(same_geometry(constraints.place, self.image(self.array)[:1, :1, :1]))
        np.testing.assert_array_equal(
            array[4], np.where(self.array[4] > 0, ACCEPTED + self.array[4].astype(int), UNTOUCHED)
        )
        self.assertTrue((array[place & (self.array != 4)] == 4).all())
        self.assertTrue((array[[0, 2, 3, 5]] == UNTOUCHED).all())
        kept = np.where(array >= ACCEPTED, array - ACCEPTED, array)
        after = np.where(array >= 0, kept, np.where(self.array > 0, 1, 0)).astype(np.uint8)
        drawn = self.provenance == Provenance.DRAWN
        after[drawn] = self.array[drawn]
        self.provenance[(array >= 0) & ~drawn] = Provenance.CORRECTED
        self.panel.take_result(self.make_subject(after, np.zeros(SHAPE, np.float32)))
        self.assertEqual(self.panel.case.review.entries[:3], case.review.entries[:3])
        self.assertEqual(self.panel.case.review.state.accepted, (4,))
        self.assertFalse(self.panel.repropagation.widget.enabled)
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        np.testing.assert_array_equal(shown, after)

    def test_who_takes_their_name_away_leaves_their_review(self):
        first = self.open_case().review
        self.hand().paint("fibrosis", self.voxels(1))
        self.rename("")
        self.assertIsNone(self.panel.case)
        self.assertIn("name or initials", self.sentence())
        self.panel.slices.decide("accept")
        left = Review.resume(first.folder, "AB")
        self.assertEqual(left.entries, first.entries)
        self.assertTrue((left.state.masks.labels[1][self.array[1] > 0] == 4).all())
        self.rename("AB")
        self.assertEqual(self.panel.case.review.entries, self.again().entries)

    def test_comments_stay_with_their_slice(self):
        self.open_case()
        self.panel.slices.decision.comment_edit.text = "<b>Motion</b>?"
        self.panel.slices.decision.comment_edit.returnPressed.emit()
        self.assertEqual(self.panel.slices.decision.comments.text, "AB: <b>Motion</b>?")
        self.assertEqual(self.rows()[0][3], "yes")
        self.panel.slices.step(1)
        self.assertEqual(self.panel.slices.decision.comments.text, "")
        self.assertEqual(self.again().state.comments[0].text, "<b>Motion</b>?")

    def test_a_comment_that_is_still_typed_is_on_the_slice_that_is_left(self):
        self.open_case()
        slices, field = self.panel.slices, self.panel.slices.decision.comment_edit
        acts = [
            slices.decision.buttons["accept"].click,
            lambda: slices.step(1),
            lambda: slices.jump(2),
            lambda: slices.jump(2),
        ]
        said = []
        for number, act in enumerate(acts):
            said.append((slices.present, f"Remark {number}"))
            field.text = said[-1][1]
            act()
        self.assertEqual(field.text, "Remark 3")  # the slice was not left
        field.returnPressed.emit()
        self.assertEqual([(each.slice, each.text) for each in self.again().state.comments], said)
        self.assertEqual(len({number for number, _ in said}), 4)

    def test_a_comment_that_cannot_be_recorded_stays_with_its_slice(self):
        self.open_case()
        slices, field = self.panel.slices, self.panel.slices.decision.comment_edit
        field.text = "Motion"
        self.again().comment(0, "elsewhere")
        slices.step(1)
        self.assertIn("was changed by another program", self.sentence())
        self.assertEqual((slices.present, field.text), (4, "Motion"))
        self.rename("CD")
        self.assertEqual(field.text, "")

    def test_a_comment_that_is_still_typed_goes_with_its_scan(self):
        self.open_case()
        field = self.panel.slices.decision.comment_edit
        field.text = "Motion"
        self.panel.take_result(self.make_subject(self.array, np.zeros(SHAPE, np.float32)))
        self.assertEqual(field.text, "Motion")
        hu = slicer.util.arrayFromVolume(self.volume) - 5
        self.volume = slicer.util.addVolumeFromArray(hu, ijkToRAS=OBLIQUE, name="Second CT")
        self.node = show_labels(self.image(self.array), self.schema, self.volume, name="Second result")
        self.panel.take_result(self.make_subject(self.array, np.zeros(SHAPE, np.float32)))
        self.assertEqual(field.text, "")
        self.panel.slices.step(1)
        self.assertEqual(self.panel.case.review.state.comments, ())

    def test_export_says_what_it_did_or_why_not(self):
        self.open_case()
        export = self.panel.export
        self.assertFalse(export.button.enabled)
        self.panel.slices.decide("accept")
        export.folder.currentPath = ""
        export.button.click()
        self.assertIn("Dataset: is not chosen", export.message.text)
        export.folder.currentPath = str(self.folder / "set")
        export.licence.text = ""
        self.export()
        self.assertIn("licence: is not stated", export.message.text)
        export.licence.text = "CC BY 4.0"
        self.export()
        (case,) = read_dataset(self.folder / "set").cases
        self.assertEqual(case.accepted, (4,))
        self.assertIn(case.id, export.message.text)
        export.overwrite.checked = True
        export.patient.text = "patient-7"
        self.export()
        export.patient.text = ""  # as after a new start
        self.export()
        export.overwrite.checked = False
        (case,) = read_dataset(self.folder / "set").cases
        self.assertEqual(case.patient, "patient-7")
        ((_, image, _),) = read_dataset(self.folder / "set")
        self.assertTrue(same_geometry(image, image_from_volume(self.volume)))
        self.export()
        self.assertIn("already", export.message.text)
        export.overwrite.checked = True
        self.export()
        self.assertIn("Written to", export.message.text)

    def test_a_full_disk_shows_as_a_sentence(self):
        self.open_case()
        ledger = self.panel.case.review.folder / "ledger.jsonl"
        with ledger.open("a") as file:
            file.write("somebody else\n")
        self.panel.slices.decide("accept")
        self.assertIn("was changed by another program", self.sentence())
        self.assertEqual(self.panel.slices.present, 4)

    def test_the_segment_editor_is_made_when_it_is_opened(self):
        self.open_case()
        self.panel.enter()
        self.assertIsNone(self.panel.editor.editor)
        self.panel.editor.widget.collapsed = False
        self.assertIs(self.panel.editor.editor.segmentationNode(), self.node)
        self.assertIs(self.panel.editor.editor.sourceVolumeNode(), self.volume)
        self.panel.exit()

    def test_labels_that_a_module_writes_are_no_edits(self):
        case = self.open_case()
        other = np.where(self.array > 0, 1, 0).astype(np.uint8)
        other[self.provenance == Provenance.DRAWN] = self.array[self.provenance == Provenance.DRAWN]
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(other), self.schema, self.volume, self.node)
            self.wait()
            self.panel.slices.decide("accept")
            self.assertFalse(self.panel.contents.enabled)
            self.panel.take_result(self.make_subject(other, np.zeros(SHAPE, np.float32)))
        self.wait()
        kinds = [entry.kind for entry in self.panel.case.review.entries]
        self.assertEqual(kinds, [Kind.PROPAGATE, Kind.PROPAGATE])
        self.assertTrue(self.panel.contents.enabled)
        self.assertIsNotNone(self.panel.slices.present)
        self.assertIsNot(self.panel.case, case)

    def test_a_stroke_in_the_last_moment_before_a_result_is_kept(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        other = np.where(self.array > 0, 1, 0).astype(np.uint8)
        other[self.provenance == Provenance.DRAWN] = self.array[self.provenance == Provenance.DRAWN]
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(other), self.schema, self.volume, self.node)
            self.panel.take_result(self.make_subject(other, np.zeros(SHAPE, np.float32)))
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        changed = self.array[4] != 4
        self.assertTrue((shown[4][changed] == 4).all())
        np.testing.assert_array_equal(shown[[0, 1, 2, 3, 5]], other[[0, 1, 2, 3, 5]])

    def test_a_segment_that_is_no_label_is_set_aside_and_the_strokes_beside_it_count(self):
        self.open_case()
        hand = self.hand()
        self.node.GetSegmentation().AddEmptySegment("heart", "Heart")
        heart, stroke = self.voxels(4, 3, 3), self.voxels(5, 3, slice(3, 6))
        hand.paint("heart", heart)
        hand.paint("fibrosis", stroke)
        other = np.where(self.array > 0, 1, 0).astype(np.uint8)
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(other), self.schema, self.volume, self.node)
            self.panel.take_result(self.make_subject(other, np.zeros(SHAPE, np.float32)))
        self.assertIn("Heart: no label", self.sentence())
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        self.assertTrue((shown[stroke] == self.schema.find(None, "fibrosis").value).all())
        others = slicer.util.getNode("Result, other segments")
        found = slicer.util.arrayFromSegmentBinaryLabelmap(others, "heart", self.volume) > 0
        np.testing.assert_array_equal(found, heart)
        self.panel.slices.decide("accept")
        self.assertNotIn("Heart", self.sentence())

    def test_a_result_that_fails_to_come_leaves_the_labels_as_they_were(self):
        self.open_case()
        with self.assertRaises(RuntimeError), self.panel.awaiting_result(self.node):
            show_labels(self.image(self.array * 0), self.schema, self.volume, self.node)
            raise RuntimeError
        self.wait()
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, self.schema))
        np.testing.assert_array_equal(shown, self.array)
        self.assertEqual(len(self.panel.case.review.entries), 1)

    def test_why_a_result_cannot_be_reviewed_stays_in_the_panel(self):
        self.open_case()
        ledger = self.panel.case.review.folder / "ledger.jsonl"
        ledger.write_text(ledger.read_text(encoding="utf-8").replace("propagate", "propagade"))
        other = np.where(self.array > 0, 1, 0).astype(np.uint8)
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(other), self.schema, self.volume, self.node)
            self.panel.take_result(self.make_subject(other, np.zeros(SHAPE, np.float32)))
        self.assertIn("damaged: line 1", self.sentence())
        self.assertIn("now in Result as reviewed", self.sentence())
        reviewed = slicer.util.getNode("Result as reviewed")
        for node, labels in ((self.node, other), (reviewed, self.array)):
            shown = sitk.GetArrayFromImage(labels_from_segmentation(node, self.volume, self.schema))
            np.testing.assert_array_equal(shown, labels)
        self.assertEqual([node.GetDisplayVisibility() for node in (self.node, reviewed)], [1, 0])
        self.assertIsNone(self.panel.case)
        self.assertFalse(were_painted_since(self.node))

    def test_a_review_goes_on_in_its_own_labels_after_a_result_of_another_schema(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        entries = len(self.panel.case.review.entries)
        self.panel.display.before.click()
        other, array = load_schema("lungnet6"), np.where(self.array > 0, 6, 0).astype(np.uint8)
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(array), other, self.volume, self.node)
            self.panel.take_result(
                replace(self.make_subject(array, np.zeros(SHAPE, np.float32)), schema=other)
            )
        self.assertIn("was begun with the schema gao5", self.sentence())
        shown = sitk.GetArrayFromImage(labels_from_segmentation(self.node, self.volume, other))
        np.testing.assert_array_equal(shown, array)
        reviewed = slicer.util.getNode("Result as reviewed")
        self.assertEqual([node.GetDisplayVisibility() for node in (self.node, reviewed)], [1, 0])
        self.panel.offer(self.volume, other, self.node)
        self.assertIsNone(self.panel.case)
        self.panel.resume(self.volume, self.schema, reviewed)
        self.assertEqual(len(self.panel.case.review.entries), entries + 1)
        self.assertTrue((self.panel.case.review.state.masks.labels[4][self.array[4] > 0] == 4).all())
