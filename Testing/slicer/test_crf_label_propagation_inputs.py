"""What the panel of CRF label propagation says of inputs that cannot be used."""

from pathlib import Path

import numpy as np
import slicer
import vtk
from propagation_case import GROUND_GLASS, HEALTHY, IJK_TO_RAS, PanelTestCase


def tearDownModule():
    from LungCAD.panels.job import shared_runner

    shared_runner().stop()


class PanelInputTest(PanelTestCase):
    def volume(self, array, name="Odd CT"):
        return slicer.util.addVolumeFromArray(array, ijkToRAS=IJK_TO_RAS, name=name)

    def test_grey_levels(self):
        grey = self.volume(np.clip((self.scan.hu + 1000) // 5, 0, 255).astype(np.int16))
        self.choose(ct=grey)
        self.assert_refused("ct", "Odd CT", "grey levels", "Hounsfield")

    def test_offset(self):
        self.choose(ct=self.volume((self.scan.hu + 1024).astype(np.int16)))
        self.assert_refused("ct", "negative", "subtract 1024")

    def test_mask_in_place_of_a_ct(self):
        self.choose(ct=self.volume(self.scan.lungs.astype(np.int16)))
        self.assert_refused("ct", "mask")

    def test_not_a_number(self):
        values = self.scan.hu.astype(np.float32)
        values[2, 30:60, 30:60] = np.nan
        self.choose(ct=self.volume(values))
        self.assert_refused("ct", "no numbers")

    def test_empty_volume(self):
        self.choose(ct=slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing"))
        self.assert_refused("ct", "Nothing", "no voxels")

    def test_bent_by_a_transform(self):
        bend = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Bend")
        bend.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
        self.choose()
        self.scan.ct.SetAndObserveTransformNodeID(bend.GetID())
        self.panel.refresh()
        self.assert_refused("ct", "Bend")

    def test_nothing_drawn(self):
        self.choose(rois=self.scan.segmentation("Empty regions", "gao5", np.zeros_like(self.scan.drawn)))
        self.assert_refused("rois", "Empty regions", "is empty")

    def test_one_class_drawn(self):
        only = self.scan.drawn * (self.scan.drawn == GROUND_GLASS)
        self.choose(rois=self.scan.segmentation("One class", "gao5", only))
        self.assert_refused("rois", "only one class", "Ground glass")

    def test_painting_a_second_class_mends_it(self):
        only = self.scan.drawn * (self.scan.drawn == GROUND_GLASS)
        rois = self.scan.segmentation("One class", "gao5", only)
        self.choose(rois=rois)
        self.assert_refused("rois", "only one class")
        self.scan.paint(rois, "healthy", self.scan.drawn == HEALTHY)
        self.wait(lambda: self.panel.jobBar.apply_button.enabled, seconds=5)
        self.assertEqual(self.sentence("rois"), "")

    def test_segment_of_another_schema(self):
        self.scan.rois.GetSegmentation().AddEmptySegment("tumour", "Tumour")
        self.scan.paint(self.scan.rois, "tumour", self.scan.drawn == HEALTHY)
        self.choose()
        self.assert_refused("rois", "Tumour", "gao5")

    def test_regions_wholly_outside_the_lung(self):
        outside = np.zeros_like(self.scan.drawn)
        outside[1, :5, :5], outside[1, :5, 10:15] = HEALTHY, GROUND_GLASS
        self.choose(rois=self.scan.segmentation("Outside", "gao5", outside))
        self.apply()
        self.wait_for_job()
        self.assert_refused("rois", "wholly outside the lung")

    def test_regions_on_another_grid(self):
        other = slicer.util.addVolumeFromArray(
            self.scan.hu, ijkToRAS=IJK_TO_RAS @ np.diag([1.3, 1.3, 1, 1]), name="Other"
        )
        labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(other, "Regions elsewhere")
        slicer.util.updateVolumeFromArray(labels, self.scan.drawn)
        self.choose(rois=labels)
        self.assert_refused("rois", "Regions elsewhere", "geometry")

    def test_lung_mask_without_lungs(self):
        self.choose(lungs=self.scan.segmentation("No lungs", "lungs", np.zeros_like(self.scan.lungs)))
        self.assert_refused("lungs", "No lungs", "is empty")

    def test_no_lung_in_view(self):
        soft = np.clip(np.random.default_rng(0).normal(40, 20, self.scan.hu.shape), -200, 200)
        self.choose(ct=self.volume(soft.astype(np.int16)))
        self.node.lungs = None
        self.apply()
        self.wait_for_job()
        self.assert_refused("ct", "no aerated lung")

    def test_network(self):
        self.choose()
        self.settle()
        self.assertTrue(self.panel.ui.networkWidget.isHidden())
        self.node.unary = "both"
        self.settle()
        self.assertFalse(self.panel.ui.networkWidget.isHidden())
        self.assertEqual(self.panel.jobBar.apply_button.toolTip, "Choose the file of the network")
        self.panel.ui.networkPath.currentPath = "/nowhere/network.safetensors"
        self.assertEqual(self.node.network, "/nowhere/network.safetensors")
        self.assert_refused("network", "/nowhere/network.safetensors", "is no file")
        self.panel.ui.networkPath.currentPath = __file__
        self.apply()
        self.wait_for_job()
        self.assert_refused("network", Path(__file__).name)

    def test_schema_that_is_none(self):
        file = Path(slicer.app.temporaryPath) / "schema.json"
        file.write_text("{}")
        self.choose()
        self.panel.schemas._take(str(file))
        self.assertIn("no valid label schema", self.sentence("schema"))
        self.assertEqual(self.node.schema, "gao5")
        self.assertTrue(self.panel.jobBar.apply_button.enabled)
        self.panel.schemas._take("gao5")
        self.assertEqual(self.sentence("schema"), "")
