"""What is no frontal radiograph of a chest is flagged, and a chest of another kind of image is not."""

import numpy as np
import pytest
import SimpleITK as sitk
import skimage.data
from skimage.color import rgb2gray

from LungCAD.images import film_from_values, read_ct
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.phantom.radiograph import project_radiograph
from LungCAD.tasks.xray_quality import Flag

PICTURES = "astronaut brick camera cell chelsea clock coffee coins grass gravel horse moon page rocket text"
"""Of the pictures that come with scikit-image."""

LUNG_WINDOW = (-1350, 150)


def flags(segmenter, picture):
    film = film_from_values(np.asarray(picture, float), (1.0, 1.0), "picture")
    (result,) = segmenter.segment([film])
    return set(result.flags)


def projections(ct, lungs):
    """A frontal and a lateral radiograph of a CT."""
    x, y, z = ct.GetSpacing()
    hu, mask = (sitk.GetArrayFromImage(image) for image in (ct, lungs))
    frontal, _, _ = project_radiograph(hu, mask, (x, y, z))
    lateral, _, _ = project_radiograph(hu.transpose(0, 2, 1), mask.transpose(0, 2, 1), (y, x, z))
    return frontal, lateral


@pytest.mark.parametrize("name", PICTURES.split())
def test_a_photograph(xray_segmenter, name):
    picture = getattr(skimage.data, name)()
    assert flags(xray_segmenter, picture if picture.ndim == 2 else rgb2gray(picture))


@pytest.mark.parametrize(
    "picture", [np.random.default_rng(0).random((300, 300)), np.indices((200, 150)).sum(0)]
)
def test_noise_and_a_ramp(xray_segmenter, picture):
    assert flags(xray_segmenter, picture)


def test_a_lateral_film_of_the_phantom(xray_segmenter):
    study = make_study(StudyParameters(size=(144, 120, 48), spacing=(2.4, 2.4, 6.0), disease=False))
    frontal, lateral = projections(study.ct, study.lungs)
    assert flags(xray_segmenter, frontal) == set()
    assert flags(xray_segmenter, lateral) & {Flag.ONE_LUNG, Flag.NOT_FRONTAL}


@pytest.mark.data
@pytest.mark.parametrize("series", ["A0001_5mm_lung_kernel", "A0002_8mm_B70f"])
def test_a_real_ct(xray_segmenter, real_data, series):
    ct = read_ct(real_data / "ct_dicom" / series).image
    frontal, lateral = projections(ct, sitk.Image(ct.GetSize(), sitk.sitkUInt8))
    assert flags(xray_segmenter, frontal) == set()
    assert flags(xray_segmenter, lateral) & {Flag.ONE_LUNG, Flag.NOT_FRONTAL}
    for number, axial in enumerate(sitk.GetArrayViewFromImage(ct)[::3]):
        for shown in (axial, np.clip(axial, *LUNG_WINDOW)):
            assert flags(xray_segmenter, shown), f"slice {3 * number}"
