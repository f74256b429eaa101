"""Whose review the panel shows, and of which scan: readers, scenes, folders."""

import shutil
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import slicer
from painted_scan import OBLIQUE
from review_panel_case import SHAPE, ReviewPanelCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.labels import load_schema
from LungCAD.mrml.segments import labels_from_segmentation, show_labels
from LungCAD.panels.review import ReviewPanel
from LungCAD.panels.views import show_over
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

    def test_a_result_that_comes_while_a_name_is_typed_is_the_present_readers(self):
        first = self.open_case().review
        self.panel.head.reader_edit.text = "Ch"
        array = np.where(self.array > 0, 2, 0).astype(np.uint8)
        with self.panel.awaiting_result(self.node):
            show_labels(self.image(array), self.schema, self.volume, self.node)
            self.panel.take_result(self.make_subject(array, np.zeros(SHAPE, np.float32)))
        self.assertEqual(self.panel.head.reader_edit.text, "Ch")
        self.assertEqual([entry.reviewer for entry in self.panel.case.review.entries], ["AB", "AB"])
        self.rename("Charlie")
        self.assertEqual(self.panel.case.review.reviewer, "Charlie")
        folders = {path.parent.name for path in (self.folder / "reviews").rglob("ledger.jsonl")}
        self.assertEqual(folders, {first.folder.name, "charlie"})

    def test_nobody_goes_on_in_a_folder_that_holds_the_review_of_another(self):
        """As earlier versions left copies of AB's reviews where those of a reader AB 2 belong."""
        self.open_case()
        self.panel.slices.decide("accept")
        own = self.panel.case.review.folder
        copy = own.with_name("ab-2")
        shutil.copytree(own, copy)
        self.rename("AB 2")
        self.assertIsNone(self.panel.case)
        self.assertIn("holds the review of AB, not of AB 2", self.sentence())
        self.assertIsNone(self.panel.resume(self.volume, self.schema))
        self.assertIn("holds the review of AB, not of AB 2", self.sentence())
        shutil.rmtree(copy)
        self.rename("")
        self.rename("AB 2")
        self.assertEqual([entry.reviewer for entry in self.panel.case.review.entries], ["AB 2"])

    def test_nothing_is_recorded_without_a_name(self):
        self.open_case(reader="  ")
        self.assertIsNone(self.panel.case)
        self.assertIn("name or initials", self.sentence())
        self.assertFalse((self.folder / "reviews").exists())
        self.panel.head.reader_edit.text = "AB"
        self.panel.head.reader_edit.editingFinished.emit()
        self.assertIsNotNone(self.panel.case)
        self.assertEqual(self.sentence(), "")

    def test_readers_of_two_methods_are_compared(self):
        """Where the other reader has no review of this method, that in the chosen folder is meant."""
        first = self.open_case().review
        self.panel.slices.decide("accept")
        self.rename("")
        self.rename("CD")
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
        self.rename("CD")
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

    def test_before_does_not_stay_over_the_next_scan(self):
        (first, labels), (second, others) = self.open_two_scans()
        self.panel.offer(first, self.schema, labels)
        self.panel.display.before.click()
        self.panel.offer(second, self.schema, others)
        self.assertFalse(self.panel.display.before.checked)
        self.assertEqual([node.GetDisplayVisibility() for node in (labels, others)], [0, 1])
        self.assertEqual(len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")), 2)

    def test_a_scan_without_labels_is_not_taken_for_the_one_under_review(self):
        """Yesterday the second was reviewed, and the scene was not saved; now the first is."""
        (first, labels), (second, others) = self.open_two_scans()
        show_over(second, None)
        self.panel.slices.decide("accept")
        self.panel.offer(first, self.schema, labels)
        slicer.mrmlScene.RemoveNode(others)
        self.panel.slices.jump(0)
        self.panel.slices.decide("accept")
        self.assertTrue(self.panel.export.button.enabled)
        self.assertEqual(self.panel.head.elsewhere, "")
        self.panel.offer(second, self.schema)
        self.assertIs(self.panel.case.labels.volume, first)
        self.assertIn("review is of CT.", self.panel.head.elsewhere)
        self.assertFalse(self.panel.export.button.enabled)
        self.assertTrue(self.panel.head.resume_button.visible)
        self.panel.head.resume_button.click()
        self.assertIs(self.panel.case.labels.volume, second)
        self.assertEqual(self.panel.head.elsewhere, "")
        self.assertTrue(self.panel.export.button.enabled)
        self.assertFalse(self.panel.head.resume_button.visible)
        self.assertFalse(labels.GetDisplayVisibility())

    def test_two_readers_take_turns_in_a_loaded_scene(self):
        """Each goes on in labels of their own, seen alone, and reaches them where the folder is not."""
        self.open_case()
        self.rename("CD")
        self.panel.slices.decide("accept")
        self.rename("AB")
        volume, labels = self.save_and_load()
        self.panel.offer(volume, self.schema, labels)
        found = {"AB": labels}
        for reader in ("CD", "AB", "CD", "AB"):
            if reader == "AB":
                shutil.rmtree(self.folder / "reviews")
            self.rename(reader)
            self.panel.head.resume_button.click()
            review = self.panel.case.review
            self.assertEqual((review.reviewer, len(review.state.accepted)), (reader, int(reader == "CD")))
            self.assertIs(self.panel.case.labels.node, found.setdefault(reader, self.panel.case.labels.node))
            nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
            self.assertEqual([node for node in nodes if node.GetDisplayVisibility()], [found[reader]])
            self.assertEqual(len(nodes), 2)

    def test_labels_that_nobody_reviewed_take_the_place_of_those_under_review(self):
        """As they came while no reader had given a name."""
        (first, labels), (second, _) = self.open_two_scans()
        self.panel.offer(first, self.schema, labels)
        entries = self.panel.case.review.entries
        unread = show_labels(self.image(self.array), self.schema, second, name="Unread")
        self.panel.offer(second, self.schema, unread)
        self.assertIsNone(self.panel.case)
        self.assertTrue(self.panel.head.resume_button.visible)
        self.panel.offer(first, self.schema, labels)
        self.assertEqual(self.panel.case.review.entries, entries)
        self.assertTrue(labels.GetDisplayVisibility())

    def test_labels_of_two_methods_do_not_lie_over_each_other(self):
        """Each module shows its own when it is opened; copies that somebody keeps stay."""
        self.open_case()
        first, labels = self.panel, self.node
        copy = show_labels(self.image(self.array), self.schema, self.volume, name="Kept")
        self.panel = ReviewPanel("ILD segmentation")
        self.addCleanup(self.panel.widget.deleteLater)
        self.addCleanup(self.panel.close)
        others = show_labels(self.image(self.array), self.schema, self.volume, name="ILD labels")
        self.panel.enter()
        self.panel.take_result(replace(self.subject, labels=others, model="ILD segmentation, lungnet-gao"))
        nodes = labels, others, copy
        self.assertEqual([node.GetDisplayVisibility() for node in nodes], [0, 1, 1])
        self.panel.exit()
        first.enter()
        self.assertEqual([node.GetDisplayVisibility() for node in nodes], [1, 0, 1])

    def test_labels_of_another_reader_do_not_hide_the_way_back(self):
        (first, labels), (second, others) = self.open_two_scans()
        show_over(second, None)
        self.panel.slices.decide("accept")
        self.rename("CD")  # whose review the scene carries from now on
        self.panel.close()
        self.rename("AB")
        self.panel.offer(first, self.schema, labels)
        self.panel.offer(second, self.schema, others)
        self.assertIn("is that of CD", self.sentence())
        self.assertTrue(self.panel.head.resume_button.visible)
        self.panel.head.resume_button.click()
        self.assertIs(self.panel.case.labels.volume, second)
        self.assertEqual(len(self.panel.case.review.state.accepted), 1)

    def test_a_review_of_another_schema_opens_when_that_is_chosen(self):
        (first, labels), _ = self.open_two_scans()
        self.panel.offer(first, load_schema("lungnet6"), labels)
        self.assertIn("Choose that schema", self.sentence())
        self.panel.offer(first, self.schema, labels)
        self.assertIs(self.panel.case.labels.node, labels)
