"""The review panel and the views: nothing is judged that is not on display."""

import unittest

import numpy as np
import slicer
from painted_scan import OBLIQUE
from review_panel_case import SHAPE, ReviewPanelCase, tearDownModule  # noqa: F401 - unittest calls it

from LungCAD.labels import load_schema
from LungCAD.mrml.reviewed_case import Subject
from LungCAD.mrml.segments import show_labels
from LungCAD.panels.views import show_film


class ReviewPanelDisplayTest(ReviewPanelCase):
    def test_before_shows_the_other_labels_and_goes_with_the_case(self):
        self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        self.panel.take_edits()
        self.panel.display.before.click()
        self.assertFalse(self.node.GetDisplayNode().GetVisibility())
        self.panel.close()
        self.assertTrue(self.node.GetDisplayNode().GetVisibility())
        self.assertEqual(len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")), 1)

    def test_before_goes_with_labels_that_leave_the_scene(self):
        self.open_case()
        self.panel.display.before.click()
        slicer.mrmlScene.RemoveNode(self.node)
        self.panel.slices.decide("accept")
        self.assertIsNone(self.panel.case)
        self.assertFalse(self.panel.display.before.checked)
        self.assertEqual(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), [])

    def test_labels_are_on_display_when_a_scene_is_loaded_that_was_saved_during_a_look_at_before(self):
        self.open_case()
        self.panel.display.before.click()
        volume, labels = self.save_and_load()
        self.panel.offer(volume, self.schema, labels)
        self.assertIs(self.panel.case.labels.node, labels)
        self.assertTrue(labels.GetDisplayVisibility())

    def test_nothing_is_decided_on_labels_that_are_not_on_display(self):
        case = self.open_case()
        self.hand().paint("fibrosis", self.voxels(4))
        self.panel.take_edits()
        self.panel.display.before.click()
        self.panel.slices.decide("accept")
        self.assertIn("labels of before", self.sentence())
        self.assertEqual(case.review.state.accepted, ())
        self.panel.display.before.click()
        self.panel.slices.decide("accept")
        self.assertEqual(case.review.state.accepted, (4,))

    def test_a_slice_that_was_scrolled_away_from_is_shown_before_it_is_judged(self):
        case = self.open_case()
        case.jump(2)  # as the wheel does: the panel still has slice 5
        self.panel.slices.decide("accept")
        self.assertIn("Slice 5: was not on display", self.sentence())
        self.assertEqual(case.review.state.judgements, {})
        self.assertTrue(case.is_seen(4))
        self.panel.slices.decide("accept")
        self.assertEqual(case.review.state.accepted, (4,))

    def test_a_slice_is_not_judged_while_the_views_show_another_scan(self):
        """Such as the one of last year, on the same grid."""
        self.open_case()
        other = slicer.util.addVolumeFromArray(np.full(SHAPE, -500, np.int16), ijkToRAS=OBLIQUE, name="Prior")
        layers = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        for each in layers:
            each.SetBackgroundVolumeID(other.GetID())
        self.panel.slices.decide("accept")
        self.assertIn("decide again", self.sentence())
        self.assertEqual(len(self.panel.case.review.entries), 1)
        for each in layers:
            self.assertEqual(each.GetBackgroundVolumeID(), self.volume.GetID())
        layers[0].SetBackgroundVolumeID(other.GetID())  # in one view, to compare with: that will do
        self.panel.slices.decide("accept")
        self.assertEqual(len(self.panel.case.review.entries), 2)

    @unittest.skipIf(slicer.util.mainWindow() is None, "keys belong to the main window")
    def test_a_film_is_not_judged_while_the_views_show_another_one(self):
        """Though it has one slice only."""
        pixels = np.random.default_rng(0).random((1, 40, 40)).astype(np.float32)
        upright = np.diag([-1.0, -1.0, 1.0, 1.0])
        self.volume, other = (
            slicer.util.addVolumeFromArray(pixels, ijkToRAS=upright, name=name) for name in ("Film", "Other")
        )
        labels = np.zeros(pixels.shape, np.uint8)
        labels[0, 5:30, 5:15], labels[0, 5:30, 25:35] = 1, 2
        schema, image = load_schema("lungs"), self.image(labels)
        node = show_labels(image, schema, self.volume, name="Lungs")
        subject = Subject(self.volume, node, schema, image, result=image, model="lungs on radiographs")
        self.panel.take_result(subject)
        show_film(other)
        self.panel.enter()
        self.press("A")
        self.assertIn("Slice 1: was not on display", self.sentence())
        self.assertEqual(self.panel.case.review.state.accepted, ())
        self.press("A")
        self.assertEqual(self.panel.case.review.state.accepted, (0,))

    def test_a_view_that_the_layout_does_not_have_shows_nothing(self):
        """It stays on the slice that the reader scrolled away from in the views before them."""
        manager = slicer.app.layoutManager()
        if manager is None:
            self.skipTest("there are no views")
        self.open_case()
        hidden = slicer.vtkMRMLSliceNode()
        hidden.SetLayoutName("Hidden")
        slicer.mrmlScene.AddNode(hidden)
        self.addCleanup(slicer.mrmlScene.RemoveNode, hidden)
        layers = slicer.vtkMRMLSliceCompositeNode()
        layers.SetLayoutName("Hidden")
        layers.SetBackgroundVolumeID(self.volume.GetID())
        slicer.mrmlScene.AddNode(layers)
        self.addCleanup(slicer.mrmlScene.RemoveNode, layers)
        self.panel.slices.jump(4)
        for name in manager.sliceViewNames():
            view = manager.sliceWidget(name).mrmlSliceNode()
            view.SetSliceOffset(view.GetSliceOffset() + 15)
        self.panel.slices.decide("accept")
        self.assertIn("Slice 5: was not on display", self.sentence())
        self.panel.slices.decide("accept")
        self.assertEqual(self.panel.case.review.state.accepted, (4,))
