"""Pixels of the pictures: right side, right shape, right colours."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.report.overlay import (
    draw_outlines,
    label_colors,
    overlay_labels,
    overlay_uncertainty,
    uncertainty_colors,
)
from LungCAD.report.pictures import SlicePainter, Style

GAO = load_schema("gao5")
CAPTION = 24


def painter_of(chest, orientation="LPS", **changes) -> SlicePainter:
    images = {
        name: chest.image(name, orientation) for name in ("ct", "lungs", "labels", "uncertainty", "rois")
    }
    return SlicePainter(**(images | {"schema": GAO} | changes))


def panels_of(picture, count=3) -> list[np.ndarray]:
    pixels = np.asarray(picture)
    width = (pixels.shape[1] - 6 * (count - 1)) // count
    return [pixels[CAPTION:, start : start + width] for start in range(0, pixels.shape[1], width + 6)]


def test_pictures_are_the_same_in_every_orientation(chest, orientation):
    expected, turned = painter_of(chest), painter_of(chest, orientation)
    below = slice(CAPTION, None)  # the caption names the stored slice
    assert np.array_equal(np.asarray(expected.picture(10))[below], np.asarray(turned.picture(10))[below])
    assert turned.title(10).endswith("of 14, S −60.0 mm")


def test_patients_right_is_on_the_left_and_anterior_up(chest):
    """The fibrosis lies right and anterior: it must show at the upper left."""
    _, labels, _ = panels_of(painter_of(chest, rois=None, style=Style(opacity=1.0)).picture(10))
    fibrosis = np.all(labels == GAO.by_code("fibrosis").color, axis=2)
    fibrosis[-40:] = False  # the legend
    rows, columns = np.nonzero(fibrosis)
    height, width = labels.shape[:2]
    assert rows.size > 500
    assert rows.max() < height / 2
    assert columns.max() < width / 2


def test_an_oblique_scan_keeps_its_sides(chest):
    turn = sitk.Euler3DTransform((0, 0, 0), *np.radians([15, -10, 20]))
    images = {name: chest.image(name, "RAI") for name in ("ct", "lungs", "labels", "uncertainty", "rois")}
    for image in images.values():
        direction = np.reshape(turn.GetMatrix(), (3, 3)) @ np.reshape(image.GetDirection(), (3, 3))
        image.SetDirection(direction.ravel())
    below = slice(CAPTION, None)
    oblique = np.asarray(SlicePainter(**images, schema=GAO).picture(10))
    assert np.array_equal(oblique[below], np.asarray(painter_of(chest).picture(10))[below])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 5.0), (0.5, 1.5, 5.0), (2.0, 0.7, 5.0)])
def test_a_round_lesion_stays_round(image_of, spacing):
    x, y = (
        np.arange(size) * step
        for size, step in ((int(90 / spacing[0]), spacing[0]), (int(90 / spacing[1]), spacing[1]))
    )
    disc = np.hypot(x[None] - 45, y[:, None] - 45) < 30
    labels = disc[None].astype(np.uint8) * 4
    ct = np.full(labels.shape, -800, np.int16)
    images = [image_of(array, spacing) for array in (ct, np.ones_like(labels), labels)]
    painter = SlicePainter(*images, GAO, style=Style(opacity=1.0))
    _, panel = panels_of(painter.picture(0), 2)
    rows, columns = np.nonzero(np.all(panel[:-40] == GAO.by_code("fibrosis").color, axis=2))
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), rel=0.05)
    assert np.ptp(rows) == pytest.approx(420 * 60 / 90, rel=0.05)


def test_the_box_leaves_out_what_lies_far_from_the_lungs(chest):
    wide = painter_of(chest, style=Style(margin_mm=1000)).picture(5)
    close = painter_of(chest, style=Style(margin_mm=0)).picture(5)
    assert close.height / close.width == pytest.approx((30 * 1.1) / (54 * 0.8) / 3, rel=0.25)
    assert close.size != wide.size


def test_opacity(chest):
    grey = np.array([[100, 200]], np.uint8)
    labels = np.array([[0, 4]], np.uint8)
    color = np.array(GAO.by_code("fibrosis").color)
    for opacity in (0.0, 0.25, 1.0):
        picture = overlay_labels(grey, labels, GAO, opacity)
        assert picture[0, 0].tolist() == [100, 100, 100]
        assert picture[0, 1] == pytest.approx((1 - opacity) * 200 + opacity * color, abs=0.51)
    with pytest.raises(ValueError, match="opacity"):
        overlay_labels(grey, labels, GAO, 1.01)


def test_label_colors_follow_the_schema():
    colors = label_colors(GAO)
    assert all(tuple(colors[label.value]) == tuple(label.color) for label in GAO.labels)
    assert not colors[[0, 255]].any()


def test_uncertainty_is_shown_in_the_lung_alone():
    grey = np.full((1, 3), 100, np.uint8)
    picture = overlay_uncertainty(grey, np.array([[0.0, 1.0, 1.0]]), np.array([[1, 2, 0]]))
    assert picture[0, 2].tolist() == [50, 50, 50]
    assert picture[0, 0] == pytest.approx(255 * uncertainty_colors(np.zeros(1))[0], abs=0.51)
    assert picture[0, 1].sum() > 600


def test_outlines_leave_the_inside_visible():
    picture = np.full((40, 40, 3), 90, np.uint8)
    rois = np.zeros((40, 40), np.uint8)
    rois[10:30, 10:30] = 3
    draw_outlines(picture, rois)
    assert (picture[20, 20] == 90).all()
    assert (picture[10, 20] == 255).all()
    assert (picture[9, 20] == 0).all()
    assert (picture[7, 20] == 90).all()


def test_touching_regions_have_outlines_of_their_own():
    colors = label_colors(GAO)
    picture = np.zeros((20, 40, 3), np.uint8)
    rois = np.zeros((20, 40), np.uint8)
    rois[2:18, 2:20], rois[2:18, 20:38] = 1, 4
    draw_outlines(picture, rois, colors, width=1)
    assert tuple(picture[10, 2]) == tuple(colors[1])
    assert tuple(picture[10, 37]) == tuple(colors[4])


def test_legend_names_what_the_slice_holds(chest):
    """Ground glass is on slice 2 only; its swatch must be in the legend there and not elsewhere."""
    color = np.array(GAO.by_code("ground_glass").color)
    painter = painter_of(chest)

    def swatches(index: int) -> int:
        return int(np.all(np.asarray(painter.picture(index))[-24:] == color, axis=2).sum())

    assert swatches(2) > 60
    assert swatches(10) == 0


def test_pictures_without_uncertainty_and_drawing(chest):
    picture = painter_of(chest, uncertainty=None, rois=None).picture(3)
    assert picture.width < painter_of(chest).picture(3).width * 0.7
    with pytest.raises(ValueError, match="rois"):
        painter_of(chest, rois=None).contact_sheet([0])


def test_contact_sheet_breaks_into_rows(chest):
    painter = painter_of(chest)
    three, four = painter.contact_sheet([4, 6, 10]), painter.contact_sheet([4, 6, 10, 11])
    assert four.width == three.width
    assert four.height > 1.5 * three.height
    drawn = np.all(np.asarray(three)[CAPTION:-24] == GAO.by_code("fibrosis").color, axis=2)
    assert drawn.sum() > 50


def test_a_case_without_lungs_can_be_painted(chest):
    chest.lungs[:] = 0
    assert painter_of(chest).picture(0).width > 100
