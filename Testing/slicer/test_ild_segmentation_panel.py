"""The panel of ILD segmentation, with a network that tells classes by density."""

import unittest
from dataclasses import replace
from unittest import mock

import numpy as np
import SimpleITK as sitk
import slicer
from density_network import DenseLungs, save_density_network
from ild_case import IJK_TO_RAS, NAME, IldTestCase, tearDownModule  # noqa: F401 - unittest calls it
from panel_case import PanelCase

from LungCAD.labels import load_schema, schema_reference
from LungCAD.mrml.result_nodes import ResultNodes
from LungCAD.mrml.segments import show_labels
from LungCAD.mrml.volumes import image_from_volume
from LungCAD.panels.labels_logic import SAID, TEXTS
from LungCAD.panels.views import show_over
from LungCAD.weights.shipped import shipped_files


class PanelTest(PanelCase, IldTestCase):
    MODULE = NAME

    def setUp(self):
        super().setUp()
        self.node.weights, self.node.device = self.weights, "cpu"

    def test_says_what_to_do_next(self):
        self.settle()
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose a CT")
        self.node.ct = self.ct
        self.settle()
        self.assertTrue(self.panel.jobBar.apply_button.enabled)

    def test_labels_table_and_review(self):
        self.node.ct, self.node.lungs = self.ct, self.mask
        self.apply()
        self.wait_for_job()
        self.assert_labelled(self.node.labels)
        summary = self.panel.ui.resultSummary.text
        self.assertIn("Ground glass opacity", summary)
        self.assertIn("synthetic data only", summary)
        self.assertNotIn("drawn", summary)
        self.assertFalse(self.panel.ui.resultCollapsibleButton.isHidden())
        self.assertEqual(self.node.labels_schema, "lungnet6")

        review = self.panel.review
        self.assertEqual(len(review.case.review.state.masks.labels), 3)
        mask = self.scan.truth == 4
        mask[:, 5:9, 5:9] = True
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            mask.astype(np.uint8), self.node.labels, "consolidation", self.ct
        )
        review.take_edits()
        self.assertTrue((review.case.review.state.masks.labels[:, 5:9, 5:9] == 4).all())

        before = self.node.labels, slicer.mrmlScene.GetNumberOfNodes()
        self.apply()
        self.wait_for_job()
        self.assertEqual((self.node.labels, slicer.mrmlScene.GetNumberOfNodes()), before)

    def test_two_scans(self):
        """Each keeps one result, with its classes, numbers and review, whichever is computed again."""
        self.node.ct = self.ct
        self.compute()
        first, review = self.panel.logic.resultNodes(self.node), self.panel.review
        said, entries = self.node.summary, review.case.review.entries
        scan = DenseLungs(slices=3, seed=1)
        other = slicer.util.addVolumeFromArray(scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        self.node.ct = other
        self.settle()
        self.assertEqual((self.node.labels, self.node.labels_schema, self.node.summary), (None, "", ""))
        self.compute()
        second = self.panel.logic.resultNodes(self.node)
        self.assertIsNot(second.measurements, first.measurements)
        count = slicer.mrmlScene.GetNumberOfNodes()
        self.node.ct = self.ct
        self.settle()
        self.assertEqual(self.panel.logic.resultNodes(self.node), first)
        self.assertEqual((self.node.labels_schema, self.node.summary), ("lungnet6", said))
        self.assertEqual(review.case.review.entries, entries)
        self.assertIs(review.case.labels.volume, self.ct)
        self.compute()
        self.assertEqual(self.panel.logic.resultNodes(self.node), first)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), count)
        self.apply()
        self.node.ct = other  # while the job on the first runs
        self.wait_for_job()
        self.settle()
        self.assertEqual(self.panel.logic.resultNodes(self.node), second)
        self.assertIs(review.case.labels.node, second.labels)
        self.assertEqual([each.labels.GetDisplayVisibility() for each in (first, second)], [0, 1])

    def test_another_ct_is_chosen_while_the_job_runs(self):
        """The views stay with it; the result is there when its CT is chosen again."""
        other = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        self.node.ct, self.node.lungs = self.ct, self.mask
        self.apply()
        self.node.ct = other
        show_over(other, None)
        self.wait_for_job()
        self.assertIsNone(self.panel.review.case)
        if slicer.app.layoutManager() is not None:
            layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
            self.assertEqual(layers.GetBackgroundVolumeID(), other.GetID())
        labels = slicer.util.getNode("Chest CT labels")
        self.assertFalse(labels.GetDisplayVisibility())
        self.node.ct = self.ct
        self.settle()
        self.assertIs(self.node.labels, labels)
        self.assertTrue(labels.GetDisplayVisibility())
        self.assert_labelled(labels)
        self.assertIn("Ground glass opacity", self.panel.ui.resultSummary.text)
        self.assertIs(self.panel.review.case.labels.node, labels)

    def test_strokes_while_the_result_of_another_ct_comes(self):
        """They stay, and so does the review that they are in."""
        other = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        self.node.ct = other
        self.compute()
        review, labels = self.panel.review, self.node.labels
        self.node.ct = self.ct
        self.apply()
        self.node.ct = other
        self.wait(lambda: self.panel.jobBar.status == "Showing the result")
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(labels, "consolidation", other)
        mask[:, 5:9, 5:9] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, labels, "consolidation", other)
        self.wait_for_job()
        self.assertIs(review.case.labels.node, labels)
        review.take_edits()
        self.assertTrue((review.case.review.state.masks.labels[:, 5:9, 5:9] == 4).all())

    def test_a_result_again_while_another_ct_is_chosen(self):
        """It joins the review of its own CT, open or not, and what the reader had corrected there stays."""
        self.node.ct, self.node.slices = self.ct, "1-2"
        self.compute()
        labels, review = self.node.labels, self.panel.review
        mask = slicer.util.arrayFromSegmentBinaryLabelmap(labels, "consolidation", self.ct)
        mask[:2, 5:9, 5:9] = 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(mask, labels, "consolidation", self.ct)
        other = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        for slices, is_left in (("", False), ("1-2", True)):
            self.node.slices = slices
            self.apply()
            self.node.ct = other
            if is_left:
                review.take_edits()
                review.close()
            self.wait_for_job()
            self.node.ct = self.ct
            self.settle()
            self.assertIs(review.case.labels.node, labels)
            shown = review.case.review.state.masks.labels
            self.assertTrue((shown[:2, 5:9, 5:9] == 4).all())
            self.assertEqual(bool(shown[2].any()), not slices)

    def test_the_uncertainty_stays_on_display(self):
        if slicer.app.layoutManager() is None:
            self.skipTest("there are no views")
        self.node.ct = self.ct
        self.compute()
        layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
        self.assertFalse(layers.GetForegroundVolumeID())
        self.panel.ui.uncertaintyCheckBox.checked = True
        self.compute()
        self.assertTrue(self.panel.ui.uncertaintyCheckBox.checked)
        self.assertEqual(layers.GetForegroundVolumeID(), self.node.uncertainty.GetID())

    def test_labels_of_a_review_that_was_resumed(self):
        """Beside those of another reader, which are older: they are shown when the scan is chosen again."""
        empty = image_from_volume(self.ct) * 0
        older, resumed = (
            show_labels(sitk.Cast(empty, sitk.sitkUInt8), load_schema("lungnet6"), self.ct) for _ in range(2)
        )
        self.node.ct = self.ct
        self.panel.logic.keepOf(self.ct, self.node, ResultNodes(older), summary="Of the older")
        self.panel.onResumed(resumed, load_schema("lungnet6"))
        self.assertEqual((self.node.summary, self.node.labels_schema), ("", "lungnet6"))
        self.assertEqual(self.panel.logic.resultNodes(self.node), ResultNodes(resumed))
        self.node.ct = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        self.settle()
        self.assertIsNone(self.node.labels)
        self.node.ct = self.ct
        self.settle()
        self.assertIs(self.node.labels, resumed)
        self.panel.onResumed(older, load_schema("lungnet6"))
        self.assertEqual((self.node.labels, self.node.summary), (older, "Of the older"))
        self.node.ct = None
        self.settle()
        self.node.ct = self.ct
        self.settle()
        self.assertIs(self.node.labels, older)

    def test_a_scene_that_is_added_takes_nothing_from_what_is_said_of_a_scan(self):
        """Its parameter node takes the place of that of the scene."""

        def made(ct, summary, schema):
            empty = sitk.Cast(image_from_volume(ct) * 0, sitk.sitkUInt8)
            labels = show_labels(empty, load_schema(schema), ct)
            said = {"summary": summary, "labels_schema": schema, "measured": f"Digest of {schema}"}
            self.node.ct = ct
            self.panel.logic.keepOf(ct, self.node, ResultNodes(labels), **said)
            self.settle()

        made(self.ct, "Of the first\nNote: one.", "gao5")
        path = str(self.folder / "added.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        slicer.mrmlScene.Clear(0)
        self.panel.enter()
        self.node = self.panel.node
        ct = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=IJK_TO_RAS, name="Second CT")
        made(ct, "Of the second\nNote: two.", "lungnet6")
        slicer.util.loadScene(path)
        self.settle()
        node = self.panel.node
        self.assertEqual((node.ct.GetName(), node.labels_schema), ("Chest CT", "gao5"))
        expected = {
            ct: ("Of the second\nNote: two.", "lungnet6", "Digest of lungnet6"),
            node.ct: ("Of the first\nNote: one.", "gao5", "Digest of gao5"),
        }
        for chosen, said in expected.items():
            node.ct = chosen
            self.settle()
            self.assertEqual((node.summary, node.labels_schema, node.measured), said)

    def test_numbers_follow_corrections(self):
        """What a reader has corrected is measured again, and compared with counting by hand."""
        self.node.ct, self.node.lungs = self.ct, self.mask
        self.apply()
        self.wait_for_job()
        remeasure = self.panel.remeasure
        self.assertTrue(remeasure.button.isHidden() and remeasure.note.isHidden())
        labels = np.where(self.scan.lungs == 2, 6, self.scan.truth)
        for label in load_schema("lungnet6").labels:
            mask = (labels == label.value).astype(np.uint8)
            slicer.util.updateSegmentBinaryLabelmapFromArray(mask, self.node.labels, label.code, self.ct)
        self.panel.review.take_edits()
        self.assertFalse(remeasure.button.isHidden() or remeasure.note.isHidden())
        nodes, notes = slicer.mrmlScene.GetNumberOfNodes(), self.node.summary.split("\n")[1:]
        remeasure.button.click()
        self.wait_for_job()
        rows = {
            tuple(self.node.measurements.GetCellText(row, column) for column in (0, 1)): row
            for row in range(self.node.measurements.GetNumberOfRows())
        }
        for region, side in (("Right lung", 1), ("Left lung", 2)):
            for label in load_schema("lungnet6").labels:
                shown = float(self.node.measurements.GetCellText(rows[region, label.name], 3))
                share = 100 * (labels[self.scan.lungs == side] == label.value).mean()
                self.assertAlmostEqual(shown, share, delta=0.01)
        self.assertIn("as you corrected them: Honeycombing 5", self.node.summary)
        self.assertEqual(self.node.summary.split("\n")[1:], notes)
        for name in TEXTS:
            self.assertEqual(self.node.labels.GetAttribute(SAID + name), getattr(self.node, name))
        self.assertTrue(remeasure.button.isHidden() and remeasure.note.isHidden())
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), nodes)
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            (labels == 1).astype(np.uint8), self.node.labels, "consolidation", self.ct
        )
        self.panel.review.take_edits()
        self.assertFalse(remeasure.button.isHidden())

    def test_cancel_leaves_nothing_behind(self):
        self.node.ct, self.node.lungs = self.ct, self.mask
        self.apply()
        before = slicer.mrmlScene.GetNumberOfNodes()
        self.panel.jobBar.cancel_button.click()
        self.wait_for_job()
        self.assertIsNone(self.node.labels)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)

    def test_classes_are_those_of_the_weights(self):
        self.settle()
        self.assertIn("Honeycombing", self.panel.ui.weightsLegend.text)
        codes = tuple(label.code for label in load_schema("gao5").labels)
        other = save_density_network(self.folder / "gao.safetensors", schema="gao5", classes=codes)
        self.node.weights = str(other)
        self.settle()
        self.assertIn("Emphysema", self.panel.ui.weightsLegend.text)
        self.assertEqual(self.panel.ui.weightsBox.currentText, "gao.safetensors")
        self.node.weights = "lungnet-six"
        self.settle()
        self.assertIn("Reticulation", self.panel.ui.weightsLegend.text)

    def test_a_network_with_a_schema_of_its_own(self):
        own = replace(load_schema("lungnet6"), name="hospital6")
        weights = save_density_network(self.folder / "own.safetensors", schema=schema_reference(own))
        self.node.weights, self.node.ct, self.node.lungs = str(weights), self.ct, self.mask
        self.settle()
        self.assertIn("Honeycombing", self.panel.ui.weightsLegend.text)
        self.apply()
        self.wait_for_job()
        self.assertEqual(load_schema(self.node.labels_schema), own)
        self.assertEqual(self.panel.review.case.review.facts.schema, "hospital6")
        lost = save_density_network(self.folder / "lost.safetensors", schema="hospital7")
        self.node.weights = str(lost)
        self.assertIn("hospital7", self.sentence("weights"))
        for name, words in (("xray-", "slices of a lung"), ("cnnf-", "architecture cnn_f")):
            self.node.weights = str(next(iter(shipped_files(name))))
            self.assertIn(words, self.sentence("weights"))
        self.assertEqual(self.panel.ui.weightsLegend.text, "")

    def test_labels_and_numbers_are_of_one_result_where_the_review_refuses_it(self):
        """As it does that of a network with other classes."""
        self.node.ct, self.node.lungs, self.node.slices = self.ct, self.mask, "1-2"
        self.compute()
        classes = tuple(replace(each, code=f"h_{each.code}") for each in load_schema("lungnet6").labels)
        own = replace(load_schema("lungnet6"), name="hospital6", labels=classes)
        path = self.folder / "own.safetensors"
        weights = save_density_network(path, schema=schema_reference(own), classes=own.codes)
        self.node.weights, self.node.slices = str(weights), ""
        self.compute()
        self.assertEqual(load_schema(self.node.labels_schema), own)
        segments = self.node.labels.GetSegmentation().GetSegmentIDs()
        self.assertEqual(set(segments), set(own.codes))
        found = [
            slicer.util.arrayFromSegmentBinaryLabelmap(self.node.labels, each, self.ct) for each in segments
        ]
        self.assertTrue(np.any(found, axis=(0, 2, 3)).all())
        self.assertIn("Chest CT labels as reviewed", self.panel.review.head.sentence)

    def test_what_the_scan_says_of_itself_reaches_the_method(self):
        """As DICOM tells them, thin slices that lie far apart are not thick."""
        self.node.ct, self.node.lungs = self.ct, self.mask
        facts = {"slice_thickness_mm": 5.0, "kernel": "B30f"}
        with mock.patch("LungCAD.mrml.scan_facts.known_facts", return_value=facts):
            self.apply()
        self.wait_for_job()
        self.assertIn("5 mm thick", self.panel.ui.resultSummary.text)

    def test_what_is_wrong_stands_beside_its_field(self):
        self.node.ct = slicer.util.addVolumeFromArray(np.zeros((4, 64, 64)), name="Nothing")
        self.assertIn("Nothing", self.sentence("ct"))
        self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.node.ct, self.node.lungs = self.ct, self.mask
        letter = self.folder / "letter.safetensors"
        letter.write_bytes(b"Dear colleague")
        for name, words in ((letter, "holds no network"), (self.folder / "no.safetensors", "cannot be read")):
            self.node.weights = str(name)
            self.assertIn(words, self.sentence("weights"))
            self.assertFalse(self.panel.jobBar.apply_button.enabled)
        self.node.weights = "no-such-network"
        self.assertIn("cannot be read", self.sentence("weights"))

    def test_pixels_unlike_those_of_training_are_refused(self):
        coarse = np.diag([-4.0, -4.0, 1.5, 1.0])
        self.node.ct = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=coarse, name="Coarse CT")
        self.apply()
        self.wait_for_job()
        self.assertIn("far from the 0.5 to 1.2 mm", self.sentence("ct"))

    def test_what_a_job_says_of_another_ct_does_not_stand_beside_the_chosen_one(self):
        coarse = np.diag([-4.0, -4.0, 1.5, 1.0])
        self.node.ct = slicer.util.addVolumeFromArray(self.scan.hu, ijkToRAS=coarse, name="Coarse CT")
        self.apply()
        self.node.ct = self.ct
        self.wait_for_job()
        self.assertIn("far from the 0.5 to 1.2 mm", self.panel.jobBar.status)
        self.assertEqual((self.sentence("ct"), self.sentence("job")), ("", ""))
        self.assertTrue(self.panel.jobBar.apply_button.enabled)

    def test_a_folder_of_cts(self):
        from LungCAD.images import write_image, write_segmentation

        cases, out = self.folder / "cases", self.folder / "out"
        for name in ("a", "b"):
            (cases / name).mkdir(parents=True)
            write_image(self.scan.image(self.scan.hu), cases / name / "ct.nrrd")
            mask = self.scan.image(self.scan.lungs)
            write_segmentation(mask, load_schema("lungs"), cases / name / "lungs.seg.nrrd")
        (cases / "c").mkdir()
        self.settle()
        self.assertFalse(self.panel.folder.button.enabled)
        self.panel.folder.source.currentPath = str(cases)
        self.panel.folder.output.currentPath = str(out)
        self.panel.folder.button.click()
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        outcome = self.panel.folder.outcome.text
        self.assertIn("2 of 3 CTs", outcome)
        self.assertIn("Not used", outcome)
        self.assertTrue((out / "a" / "report.html").is_file())
        self.assertTrue((out / "manifest.csv").is_file())
        data = slicer.util.getModuleLogic(NAME).segmentFolder(cases, out, **self.method)
        self.assertEqual((data["scans"], list(data["failed"])), (3, ["c"]))


if __name__ == "__main__":
    unittest.main()
