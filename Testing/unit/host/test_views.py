"""Slices and panels are really drawn."""

import numpy as np
import pytest
import qt
import slicer
from PIL import Image

from Testing import host


def add_ball(radius=20, shape=(64, 64, 64)):
    """A bright ball in a dark volume, voxels of 1 mm."""
    z, y, x = np.indices(shape) - 32
    inside = x**2 + y**2 + z**2 < radius**2
    node = slicer.util.addVolumeFromArray(np.where(inside, 400, -1000).astype(np.int16), name="ball")
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetWindowLevelMinMax(-1000, 400)
    return node, inside


def picture(tmp_path, **keywords):
    return np.asarray(Image.open(host.slice_view(tmp_path / "slice.png", **keywords)).convert("RGB"))


@pytest.mark.parametrize("size", [(400, 400), (600, 300), (300, 500)])
def test_a_ball_stays_round_in_every_window(slicer_app, tmp_path, size):
    node, _ = add_ball()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    bright = picture(tmp_path, size=size)[..., 0] > 128
    assert bright.shape == size[::-1]
    rows, columns = bright.any(1).sum(), bright.any(0).sum()
    assert rows == pytest.approx(columns, rel=0.06)
    assert bright.sum() == pytest.approx(np.pi / 4 * rows * columns, rel=0.06)


def test_segments_are_drawn_over_the_volume(slicer_app, tmp_path):
    node, inside = add_ball()
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
    segmentation.GetSegmentation().AddEmptySegment("red", "Red", (1, 0, 0))
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    before = picture(tmp_path)
    half = inside & (np.indices(inside.shape)[2] > 32)
    slicer.util.updateSegmentBinaryLabelmapFromArray(half.astype(np.uint8), segmentation, "red", node)
    after = picture(tmp_path)
    reddish = (after[..., 0].astype(int) - after[..., 1]) > 60
    assert not ((before[..., 0].astype(int) - before[..., 1]) > 60).any()
    bright = before[..., 0] > 128
    assert reddish[bright].mean() == pytest.approx(0.5, abs=0.05)
    assert (after[..., 0] > 128)[bright].mean() > 0.95, "the volume must stay visible below"


def test_the_slice_follows_its_offset(slicer_app, tmp_path):
    node, _ = add_ball()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    red = slicer_app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    areas = []
    for offset in (32, 44, 60):
        red.SetSliceOffset(offset)
        areas.append(int((picture(tmp_path)[..., 0] > 128).sum()))
    assert areas[0] > areas[1] > areas[2] == 0


def test_views_drawn_before_there_was_a_volume(slicer_app, tmp_path):
    assert not picture(tmp_path).any()
    node, _ = add_ball()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    assert (picture(tmp_path)[..., 0] > 128).any()


def test_panels_are_drawn_in_both_themes(slicer_app, tmp_path):
    panel = qt.QWidget()
    layout = qt.QFormLayout(panel)
    layout.addRow("Smoothing", qt.QDoubleSpinBox())
    layout.addRow(qt.QPushButton("Apply"))
    brightness = {}
    for theme in ("light", "dark"):
        path = host.grab(panel, tmp_path / f"{theme}.png", width=400, theme=theme)
        pixels = np.asarray(Image.open(path).convert("L"))
        assert pixels.shape[1] == 400
        brightness[theme] = np.median(pixels)
    assert brightness["light"] > 200
    assert brightness["dark"] < 80


def test_panel_and_slice_side_by_side(slicer_app, tmp_path):
    node, _ = add_ball()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    panel = qt.QTextEdit()
    panel.setMinimumHeight(300)
    image = Image.open(host.side_by_side(panel, tmp_path / "both.png", width=350))
    assert image.height >= 300
    assert image.width == 350 + image.height


def test_slice_nodes_tell_whether_the_layout_has_their_view(slicer_app):
    manager, layouts = slicer_app.layoutManager(), slicer.vtkMRMLLayoutNode
    views = {name: manager.sliceWidget(name).mrmlSliceNode() for name in manager.sliceViewNames()}
    for layout, expected in (
        (layouts.SlicerLayoutConventionalView, {"Red", "Green", "Yellow"}),
        (layouts.SlicerLayoutOneUpRedSliceView, {"Red"}),
        (layouts.SlicerLayoutOneUp3DView, set()),
        (layouts.SlicerLayoutFourUpPlotTableView, {"Red", "Green", "Yellow"}),
    ):
        manager.setLayout(layout)
        slicer.mrmlScene.Clear(0)
        assert {name for name, view in views.items() if view.IsMappedInLayout()} == expected
