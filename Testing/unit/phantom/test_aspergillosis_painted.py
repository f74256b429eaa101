"""Signs of aspergillosis painted into a CT of any orientation."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.images.geometry import same_geometry, to_axial
from LungCAD.labels import load_schema
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.phantom.aspergillosis_painted import paint_aspergillosis

STUDIES = 6
NOISE_HU = 15.0


@pytest.fixture(scope="module")
def chest():
    """Two lungs in soft tissue, with a rib along either side of them in every second slice."""
    z, y, x = np.ogrid[:24, :70, :90]
    reach = ((z - 12) / 11.5) ** 2 + ((y - 35) / 30) ** 2
    lungs = reach + ((np.abs(x - 45) - 22) / 19) ** 2 < 1
    ribs = (reach < 0.5) & (np.abs(np.abs(x - 45) - 43) < 1.5) & (z % 4 < 2)
    hu = np.where(lungs, -870, np.where(ribs, 700, 40)) + np.random.default_rng(0).normal(
        0, NOISE_HU, lungs.shape
    )
    images = [sitk.GetImageFromArray(array) for array in (hu.astype(np.int16), lungs.astype(np.uint8))]
    for image in images:
        image.SetSpacing((3.0, 3.0, 9.0))
    return images


@pytest.fixture(scope="module")
def studies(chest):
    return list(paint_aspergillosis(*chest, seed=2, studies=STUDIES, uniform=True))


def arrays(study):
    return (sitk.GetArrayFromImage(image) for image in (study.ct, study.labels, study.lungs))


def test_signs_are_told_where_they_are_and_look_like_what_they_are(studies):
    looks = {code: [] for code in SIGNS}
    for study in studies:
        hu, labels, lungs = arrays(study)
        z, _, x = np.indices(labels.shape)
        region = (x * 2 // labels.shape[2]) * 3 + 2 - z * 3 // labels.shape[0]
        for number, sign in np.argwhere(study.signs):
            assert ((labels == sign + 1) & (region == number)).any()
        assert not labels[lungs == 0].any()
        for label in load_schema("cpa3").labels:
            looks[label.code].append(hu[labels == label.value])
    cavity, ball, rind = (np.concatenate(values) for values in looks.values())
    assert np.mean(cavity < -900) > 0.1 and np.mean(cavity > -300) > 0.1
    assert -150 < np.median(ball) < 100 and -150 < np.median(rind) < 100


def test_lung_between_lesions_and_all_beyond_the_lungs_stay_as_scanned(chest, studies):
    ct, lungs = chest
    before, mask = sitk.GetArrayFromImage(ct), sitk.GetArrayFromImage(lungs)
    beyond_rim = ~ndimage.binary_dilation(mask, np.ones((1, 3, 3)))
    for study in studies:
        after, *_ = arrays(study)
        assert same_geometry(study.ct, ct)
        assert np.array_equal(after[beyond_rim], before[beyond_rim])
        assert study.disease == study.signs.any()
        assert (after != before)[mask > 0].mean() < 0.5
    assert any(study.signs.any() for study in studies)


def test_noise_of_the_scan_goes_on_in_what_is_painted(chest, studies):
    for study in studies:
        after, labels, _ = arrays(study)
        inside = ndimage.binary_erosion(labels == SIGNS.index("pleural_thickening") + 1, np.ones((1, 3, 3)))
        if inside.sum() > 20:
            assert 0.5 * NOISE_HU < after[inside].std() < 3 * NOISE_HU
            return
    pytest.fail("no rind is thick enough to measure")


def test_orientation_does_not_matter(chest, studies):
    turned = [sitk.PermuteAxes(sitk.Flip(image, (True, False, True)), (2, 0, 1)) for image in chest]
    assert not same_geometry(turned[0], chest[0])
    again = next(paint_aspergillosis(*turned, seed=2, studies=STUDIES, uniform=True))
    assert np.array_equal(again.signs, studies[0].signs)
    assert same_geometry(again.ct, to_axial(turned[0]))
    for image, expected in zip(arrays(again), arrays(studies[0]), strict=True):
        assert np.array_equal(image, expected)


def test_bad_masks(chest):
    ct, lungs = chest
    with pytest.raises(InputError, match="empty"):
        next(paint_aspergillosis(ct, lungs * 0))
    other = sitk.Image(lungs)
    other.SetOrigin((5, 0, 0))
    with pytest.raises(InputError, match="geometry"):
        next(paint_aspergillosis(ct, other))
