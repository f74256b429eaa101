"""What a scan for CPA must show: both lungs from apex to base, and nothing but them."""

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_ct
from LungCAD.tasks.cpa.completeness import incomplete_regions, region_warnings, slice_warnings
from LungCAD.tasks.cpa_projections import ProjectionVolume
from Testing.slicer.cpa_chest import chest, small_volume

pytestmark = pytest.mark.usefixtures("without_shipped_signs")

ENDS = {"right_upper", "left_upper", "right_lower", "left_lower"}


def test_regions_that_are_not_there_are_named_and_withheld(reader):
    ct = chest([(62, 30, 78)], lungs=("left",), bottom=-60)
    result = reader(axes=("axial",)).read(ct)
    assert {"right_upper", "right_middle", "right_lower", "left_lower"} == set(result.incomplete)
    withheld = {reading.region: reading.withheld for reading in result.signs if reading.probability is None}
    assert withheld["right_upper"] == "the right lung is missing, airless or cut off at the scan's side"
    assert withheld["left_lower"] == "the scan ends within the left lung at its base"
    assert any("right upper, right middle, right lower" in warning for warning in result.warnings)
    heat = sitk.GetArrayFromImage(result.heat_map("fungus_ball"))
    assert heat[:, :, : heat.shape[2] // 2].max() == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"top": 60.0}, {"right_upper", "left_upper"}),
        ({"bottom": -60.0}, {"right_lower", "left_lower"}),
        ({"lungs": ("right",)}, {"left_upper", "left_middle", "left_lower"}),
        (
            {"size": (64, 56, 150), "top": 900, "bottom": -900},
            ENDS,
        ),
    ],
)
def test_incomplete_regions(changes, expected):
    assert set(incomplete_regions(small_volume(chest(**changes)))) == expected


def test_a_scan_that_reaches_far_beyond_the_lungs(reader):
    """Its thirds are not the lungs': a ball in their lower third is in the middle one of the scan."""
    low = np.array([62.0, 20.0, -58.0])
    result = reader(axes=("axial",)).read(chest([low], size=(64, 56, 120), top=140, bottom=-330))
    (peak,) = result.peaks
    assert peak.region == "left_middle"
    assert any("The lungs take up 5" in words and "Cut the scan" in words for words in result.warnings)
    for bottom in (-140, -170):  # as technicians set it
        ct = chest(size=(64, 56, 120), top=150, bottom=bottom)
        assert region_warnings(small_volume(ct)) == ()


@pytest.mark.parametrize(
    ("changes", "end", "third"), [({"bottom": 0}, "base", "upper"), ({"top": 0}, "apex", "lower")]
)
def test_a_scan_of_half_the_lungs_does_not_call_its_middle_theirs(reader, changes, end, third):
    """A ball in the outer third of the lungs that is there is in the middle third of the scan."""
    far = 50 if end == "base" else -50
    result = reader(axes=("axial",)).read(chest([(62.0, 20.0, far)], size=(64, 56, 48), **changes))
    assert [peak.region for peak in result.peaks] == ["left_middle"]
    about = [words for words in result.warnings if "ends within the lungs" in words]
    assert len(about) == 1 and f"at their {end}, and" in about[0] and f"the {third} third" in about[0]


def test_a_chest_beside_the_middle_of_the_scan(reader):
    """What lies in the left lung is named right where the scan's middle runs through that lung."""
    ball = (30.0, 20.0, 78.0)
    whole = chest([ball])
    aside = sitk.ConstantPad(whole, (0, 0, 0), (20, 0, 0), -1000.0)
    alone = chest([ball], lungs=("left",))[34:]
    for ct in (aside, alone):
        result = reader(axes=("axial",)).read(ct)
        assert {peak.region for peak in result.peaks} == {"right_upper"}
        assert any("named as the other's" in words for words in result.warnings)
    for ct in (whole, whole[3:], chest(lungs=("left",))):
        assert region_warnings(small_volume(ct)) == ()


def test_thick_slices():
    assert slice_warnings(chest(spacing=(5.2, 4.4, 1.0))) == ()
    assert "6 mm apart" in slice_warnings(chest())[0]
    with pytest.raises(InputError, match="slices 15 mm apart"):
        slice_warnings(chest(spacing=(5.2, 4.4, 15.0)))


@pytest.mark.slow
@pytest.mark.data
def test_real_scans_are_whole_until_they_are_cut(real_data):
    ct = read_ct(real_data / "ct_dicom" / "A0001_5mm_lung_kernel").image
    assert incomplete_regions(ProjectionVolume.of(ct)) == {}
    found = incomplete_regions(ProjectionVolume.of(ct[:, :, 12:]))
    assert {region: reason.split()[-1] for region, reason in found.items()} == {
        "right_lower": "base",
        "left_lower": "base",
    }
