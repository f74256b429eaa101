"""Disease painted into a CT of any orientation."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.images.geometry import same_geometry
from LungCAD.phantom.real_scan import paint_scan


@pytest.fixture(scope="module")
def chest():
    z, y, x = np.ogrid[:14, :70, :90]
    inside = ((z - 7) / 6.5) ** 2 + ((y - 35) / 30) ** 2 + ((np.abs(x - 45) - 22) / 19) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 15, inside.shape)
    ct = sitk.GetImageFromArray((np.where(inside, -870, 40) + noise).astype(np.int16))
    lungs = sitk.GetImageFromArray(inside.astype(np.uint8))
    for image in (ct, lungs):
        image.SetSpacing((2.0, 2.0, 8.0))
    return ct, lungs


def test_labels_lie_in_the_lungs_and_the_rest_stays(chest):
    ct, lungs = chest
    painted, labels = paint_scan(ct, lungs)
    assert same_geometry(painted, ct)
    assert same_geometry(labels, ct)
    before, after, truth, mask = (sitk.GetArrayFromImage(i) for i in (ct, painted, labels, lungs))
    assert np.array_equal(truth > 0, mask > 0)
    assert set(np.unique(truth)) == {0, 1, 2, 3, 4, 5}
    beyond_rim = ~ndimage.binary_dilation(mask, np.ones((1, 3, 3)))
    assert np.array_equal(after[beyond_rim], before[beyond_rim])


def test_orientation_does_not_matter(chest):
    straight = paint_scan(*chest)
    turned = [sitk.PermuteAxes(sitk.Flip(image, (True, False, True)), (2, 0, 1)) for image in chest]
    for expected, image in zip(straight, paint_scan(*turned), strict=True):
        assert same_geometry(image, turned[0])
        back = sitk.Flip(sitk.PermuteAxes(image, (1, 2, 0)), (True, False, True))
        assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(expected))


def test_sham_is_labelled_healthy(chest):
    ct, lungs = chest
    painted, labels = paint_scan(ct, lungs, sham=True)
    assert set(np.unique(sitk.GetArrayFromImage(labels))) == {0, 1}
    change = sitk.GetArrayFromImage(painted).astype(int) - sitk.GetArrayFromImage(ct)
    assert change.any()
    assert abs(np.median(change[change != 0])) < 15


def test_what_resembles_a_disease_has_no_label(chest):
    lungs = sitk.GetArrayFromImage(chest[1]) > 0

    def without_label(seed, mimics):
        _, labels = paint_scan(*chest, "ltrc5", seed, population=True, mimics=mimics)
        return int((lungs & (sitk.GetArrayFromImage(labels) == 0)).sum())

    assert max(without_label(seed, False) for seed in range(3)) == 0
    assert max(without_label(seed, True) for seed in range(3)) > 100


def test_bad_masks(chest):
    ct, lungs = chest
    with pytest.raises(InputError, match="empty"):
        paint_scan(ct, lungs * 0)
    other = sitk.Image(lungs)
    other.SetOrigin((5, 0, 0))
    with pytest.raises(InputError, match="geometry"):
        paint_scan(ct, other)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"schema": "geneva18"}, "schema: geneva18 has classes without a texture"),
        ({"mimics": True}, "mimics: are for a population"),
        ({"seed": -1}, "seed: -1 is negative"),
    ],
)
def test_what_cannot_be_painted(chest, asked, says):
    with pytest.raises(InputError, match=says):
        paint_scan(*chest, **asked)
