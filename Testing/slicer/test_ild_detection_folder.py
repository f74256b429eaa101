"""Folders of scans in the panel of ILD detection."""

import csv
import unittest
import unittest.mock

import numpy as np
import SimpleITK as sitk
import slicer
from scan_case import BRIGHT, SPOTS, PanelTestCase
from spot_network import chest, chest_image


def write_series(image, folder, uid):
    """Write an image as a DICOM series, one file per slice."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number in range(image.GetDepth()):
        piece = sitk.Cast(image[:, :, number], sitk.sitkInt16)
        tags = {
            "0008|0008": "ORIGINAL\\PRIMARY\\AXIAL",
            "0008|0060": "CT",
            "0020|000e": uid,
            "0008|0018": f"{uid}.{number + 1}",
            "0020|0013": str(number + 1),
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0020|0032": "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, number)))),
        }
        for tag, text in tags.items():
            piece.SetMetaData(tag, text)
        writer.SetFileName(str(folder / f"{uid}.{number}.dcm"))
        writer.Execute(piece)


class FolderTest(PanelTestCase):
    def test_a_folder_of_scans(self):
        for name, hu in (("a", chest(SPOTS)), ("b", np.zeros((3, 64, 64), np.int16))):
            (self.folder / "scans" / name).mkdir(parents=True)
            sitk.WriteImage(chest_image(hu), self.folder / "scans" / name / "ct.nii.gz")
        self.assertFalse(self.panel.folder.button.enabled)
        self.panel.folder.source.currentPath = str(self.folder / "scans")
        self.panel.folder.output.currentPath = str(self.folder / "out")
        self.panel.folder.button.click()
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        outcome = self.panel.folder.outcome.text
        self.assertIn("1 of 2 scans", outcome)
        self.assertIn("single value", outcome)
        with (self.folder / "out" / "scans.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row[BRIGHT] for row in rows], ["1", ""])
        self.assertTrue((self.folder / "out" / "a" / "report.html").is_file())

    def test_a_folder_that_cannot_be_used(self):
        """It is said until another is chosen or run; the chosen scan has nothing to do with it."""
        folder = self.panel.folder
        (self.folder / "scans").mkdir()
        folder.source.currentPath = str(self.folder / "scans")
        folder.output.currentPath = str(self.folder / "out")
        self.node.ct = self.scan()
        self.settle()
        folder.button.click()
        self.wait_for_job()
        self.assertIn(str(self.folder / "scans"), self.sentence("folder"))
        self.assertTrue(self.panel.jobBar.apply_button.enabled)
        folder.source.currentPath = str(self.folder / "nowhere")
        self.assertEqual(self.sentence("folder"), "")
        folder.button.click()
        self.wait_for_job()
        self.assertIn(str(self.folder / "nowhere"), self.sentence("folder"))
        (self.folder / "nowhere" / "a").mkdir(parents=True)
        folder.button.click()
        self.assertEqual(self.sentence("folder"), "")
        self.wait_for_job()
        self.assertEqual(self.sentence("folder"), "")

    def test_nothing_else_starts_while_a_result_is_shown(self):
        folder = self.panel.folder
        folder.source.currentPath = folder.output.currentPath = str(self.folder)
        self.node.ct = self.scan()
        self.settle()
        self.assertTrue(folder.button.enabled)
        self.apply()
        self.wait(lambda: self.panel.jobBar.status == "Showing the result")
        self.assertFalse(folder.button.enabled)
        self.assertTrue(self.panel.jobBar.cancel_button.enabled)
        self.wait_for_job()
        self.assertTrue(folder.button.enabled)
        self.assertIsNotNone(self.node.findings)

    def test_a_folder_of_scans_with_several_series(self):
        """None is used and all are named; then the panel takes one by its UID, or the largest."""
        series = {"1.2.826.0.1.11": 1, "1.2.826.0.1.12": 2}
        for uid, step in series.items():
            write_series(chest_image(chest(SPOTS))[:, :, ::step], self.folder / "scans" / "a", uid)
        folder = self.panel.folder
        folder.source.currentPath = str(self.folder / "scans")
        folder.output.currentPath = str(self.folder / "out")
        folder.button.click()
        self.wait_for_job()
        for words in ("0 of 1 scans", "2 axial CT series", *series):
            self.assertIn(words, folder.outcome.text)
        folder._series.currentIndex = 1
        self.assertEqual(folder.series, "largest")
        folder._series.setCurrentText("1.2.826.0.1.12")
        folder.button.click()
        slicer.mrmlScene.Clear(0)  # files have nothing to do with the scene: the job goes on
        self.assertTrue(self.panel.jobBar.is_running)
        self.wait_for_job()
        self.assertIn("1 of 1 scans", folder.outcome.text)
        with (self.folder / "out" / "scans.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        self.assertEqual(row["slices"], "12")
        folder._series.currentIndex = 1
        folder.button.click()
        self.wait_for_job()
        self.assertIn("another series", folder.outcome.text)  # that of 12 slices is not taken for the largest


if __name__ == "__main__":
    unittest.main()
