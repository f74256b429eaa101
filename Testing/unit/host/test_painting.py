"""Strokes, undo and their events, as they were observed in Slicer."""

import numpy as np
import pytest
import slicer
import vtk

from Testing import host

SHAPE = (5, 6, 7)
EVENTS = ("SourceRepresentationModified", "RepresentationModified", "SegmentModified")


@pytest.fixture
def scene(slicer_app):
    volume = slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="CT")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for name in "ab":
        node.GetSegmentation().AddEmptySegment(name, name.upper())
    return volume, node


@pytest.fixture
def events(scene):
    heard = []

    def listen(name):
        @vtk.calldata_type(vtk.VTK_STRING)
        def hear(caller, event, segment=None):
            heard.append((name, segment))

        return hear

    for name in EVENTS:
        scene[1].AddObserver(getattr(slicer.vtkSegmentation, name), listen(name))
    scene[1].AddObserver(vtk.vtkCommand.ModifiedEvent, listen("ModifiedEvent"))
    return heard


def block(*place):
    voxels = np.zeros(SHAPE, bool)
    voxels[place] = True
    return voxels


def read(scene, segment):
    return slicer.util.arrayFromSegmentBinaryLabelmap(scene[1], segment, scene[0]) > 0


def test_a_stroke_adds_exactly_its_voxels(scene, events):
    painter, stroke = host.Painter(scene[1], scene[0]), block(1, slice(2, 4))
    painter.paint("a", stroke)
    assert events == [(name, "a") for name in EVENTS]
    np.testing.assert_array_equal(read(scene, "a"), stroke)


def test_painting_over_another_segment_takes_its_voxels(scene, events):
    painter = host.Painter(scene[1], scene[0])
    painter.paint("a", block(1))
    events.clear()
    painter.paint("b", block(slice(1, 3), 3))
    assert events == [(name, "b") for name in EVENTS], "nothing names the segment that lost voxels"
    np.testing.assert_array_equal(read(scene, "a"), block(1) & ~block(1, 3))
    np.testing.assert_array_equal(read(scene, "b"), block(slice(1, 3), 3))


def test_undo_and_redo_fire_the_event_of_segments_alone(scene, events):
    painter = host.Painter(scene[1], scene[0])
    painter.paint("a", block(1))
    painter.paint("b", block(1, 3))
    events.clear()
    painter.undo()
    assert {name for name, _ in events} == {"SegmentModified"}
    assert None in {segment for _, segment in events}, "batched events carry no call data"
    np.testing.assert_array_equal(read(scene, "a"), block(1))
    assert not read(scene, "b").any()
    painter.redo()
    np.testing.assert_array_equal(read(scene, "b"), block(1, 3))


def test_erasing(scene):
    painter = host.Painter(scene[1], scene[0])
    painter.paint("a", block(1))
    painter.erase("a", block(slice(0, 2), 3))
    np.testing.assert_array_equal(read(scene, "a"), block(1) & ~block(1, 3))


def test_overwrite_mode_none_leaves_others_alone(scene):
    painter = host.Painter(scene[1], scene[0])
    painter.editor_node.SetOverwriteMode(painter.editor_node.OverwriteNone)
    painter.paint("a", block(1))
    painter.paint("b", block(1, 3))
    np.testing.assert_array_equal(read(scene, "a"), block(1))
    np.testing.assert_array_equal(read(scene, "b"), block(1, 3))


def test_the_widget_of_a_panel_is_painted_in(scene):
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    widget.setSegmentationNode(scene[1])
    widget.setSourceVolumeNode(scene[0])
    host.Painter(widget).paint("b", block(2))
    np.testing.assert_array_equal(read(scene, "b"), block(2))
    widget.undo()
    assert not read(scene, "b").any()


def test_what_was_saved_for_undo_comes_back(scene):
    widget = slicer.qMRMLSegmentEditorWidget()
    widget.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    widget.setSegmentationNode(scene[1])
    widget.setSourceVolumeNode(scene[0])
    host.Painter(widget).paint("a", block(2))
    widget.saveStateForUndo()
    slicer.util.updateSegmentBinaryLabelmapFromArray(block(0).astype(np.uint8), scene[1], "a", scene[0])
    widget.undo()
    np.testing.assert_array_equal(read(scene, "a"), block(2))


def test_strokes_of_another_shape_are_refused(scene):
    with pytest.raises(ValueError, match="shape"):
        host.Painter(scene[1], scene[0]).paint("a", np.zeros((2, 2, 2), bool))
