from __future__ import annotations

import numpy as np

from LungCAD.unary.regions import drawn_regions


def test_touching_pixels_of_a_class_are_one_region():
    rois = np.zeros((4, 12, 12), np.uint8)
    rois[0, 2:4, 2:4] = 5
    rois[1, 4, 4] = 5  # touches at a corner of the next slice
    rois[3, 2:4, 2:4] = 5
    rois[0, 2:4, 4:6] = 2  # touches, but is another class
    regions = drawn_regions(rois)
    assert [(region.value, len(region.pixels[0])) for region in regions] == [(2, 4), (5, 5), (5, 4)]
    rebuilt = np.zeros_like(rois)
    for region in regions:
        rebuilt[region.pixels] = region.value
    assert np.array_equal(rebuilt, rois)


def test_no_drawing_no_regions():
    assert drawn_regions(np.zeros((2, 3, 3), np.uint8)) == []
