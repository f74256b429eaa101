"""The phantom of aspergillosis: as often as in the cohort, signs where the sheet says, in truth and in HU."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom.aspergillosis import (
    BALL_IN_CAVITY,
    DISTRACTED,
    OCCURRENCE,
    SIGNS,
    STUDIES,
    Ticks,
    costal_surface,
    draw_ticks,
    place_lesions,
)
from LungCAD.phantom.aspergillosis_study import VERSION, AspergillosisParameters, make_aspergillosis
from LungCAD.phantom.distractors import DISTRACTORS, place_distractor
from LungCAD.phantom.lesions import LungSpace

SMALL = AspergillosisParameters((48, 48, 36), seed=4, studies=6, uniform=True)
CODES = load_schema("cpa3").codes

VOXELS_OF_SMALL = (521, 37, 2)
"""Of cavities, balls and thick pleura in all of its studies."""


@pytest.fixture(scope="module")
def studies():
    return list(make_aspergillosis(SMALL))


def arrays(study):
    return (sitk.GetArrayFromImage(image) for image in (study.ct, study.labels, study.lungs))


def regions_of(shape):
    z, _, x = np.indices(shape)
    return (x * 2 // shape[2]) * 3 + 2 - z * 3 // shape[0]


def test_frequencies_are_those_of_the_cohort():
    rng = np.random.default_rng(0)
    drawn = [draw_ticks(rng, disease=True, uniform=False) for _ in range(1500)]
    often = np.mean([[tick[:3] for tick in ticks] for ticks in drawn], axis=0)
    cohort = np.array([OCCURRENCE[sign] for sign in SIGNS]).T / STUDIES
    some = 1 - np.prod(
        (1 - cohort[:, 0]) * (1 - cohort[:, 2])
    )  # a diseased lung has a sign: drawn again if none
    np.testing.assert_allclose(often[:, [0, 2]], cohort[:, [0, 2]] / some, atol=0.045)
    balls = np.minimum(cohort[:, 1], BALL_IN_CAVITY * cohort[:, 0]) / some
    np.testing.assert_allclose(often[:, 1], balls, atol=0.045)
    empty = [tick for ticks in drawn for tick in ticks if not any(tick[:3])]
    assert np.mean([tick.distractor is not None for tick in empty]) == pytest.approx(DISTRACTED, abs=0.03)


def test_for_training_place_does_not_tell_and_half_of_the_cavities_have_a_ball():
    rng = np.random.default_rng(1)
    drawn = [draw_ticks(rng, disease=True, uniform=True) for _ in range(1500)]
    often = np.mean([[tick[:3] for tick in ticks] for ticks in drawn], axis=0)
    assert np.ptp(often, axis=0).max() < 0.06
    cavity, ball, _ = often.mean(axis=0)
    assert ball / cavity == pytest.approx(0.5, abs=0.03)


def test_a_healthy_lung_has_no_signs_but_may_be_distracted():
    ticks = [draw_ticks(np.random.default_rng(i), disease=False, uniform=True) for i in range(50)]
    assert not any(any(tick[:3]) for sheet in ticks for tick in sheet)
    assert {tick.distractor for sheet in ticks for tick in sheet} == {None, *DISTRACTORS}


def test_the_sheet_names_the_regions_that_show_signs(studies):
    seen = np.zeros(3, int)
    for study in studies:
        _, labels, lungs = arrays(study)
        region = regions_of(labels.shape)
        for sign, code in enumerate(CODES):
            inside = labels == sign + 1
            seen[sign] += inside.any()
            for number in np.flatnonzero(study.signs[:, SIGNS.index(code)]):
                assert (inside & (region == number)).any()
            if not study.signs[:, sign].any():
                assert inside.sum() < 100
        assert not labels[lungs == 0].any()
        assert study.disease == study.signs.any()
    assert (seen > 0).all()


def test_signs_look_like_what_they_are(studies):
    cavity, ball, rind = ([], [], [])
    for study in studies:
        ct, labels, _ = arrays(study)
        for values, value in ((cavity, 1), (ball, 2), (rind, 3)):
            values.append(ct[labels == value])
    cavity, ball, rind = (np.concatenate(values) for values in (cavity, ball, rind))
    assert np.mean(cavity < -900) > 0.25
    assert np.mean(cavity > -300) > 0.1
    assert np.median(ball) > -200
    assert np.median(rind) > -150


def test_no_dark_line_parts_thick_pleura_from_the_wall_behind_it():
    """Voxels outside the lung mask whose neighbours in it are all rind: part of them is lung."""
    rim = []
    for study in make_aspergillosis(AspergillosisParameters((96, 96, 48), seed=4, studies=12, uniform=True)):
        ct, labels, lungs = arrays(study)
        rind = labels == CODES.index("pleural_thickening") + 1
        healthy = (lungs > 0) & ~rind
        behind = ndimage.binary_dilation(rind) & (lungs == 0) & ~ndimage.binary_dilation(healthy)
        rim.append(ct[behind])
    rim = np.concatenate(rim)
    assert len(rim) > 100 and np.mean(rim > -150) > 0.95


def test_the_same_seed_makes_the_same_studies(studies):
    again = next(make_aspergillosis(SMALL))  # the thorax again, which takes longest
    np.testing.assert_array_equal(*(sitk.GetArrayViewFromImage(s.ct) for s in (again, studies[0])))
    assert (sitk.GetArrayFromImage(studies[0].ct) != sitk.GetArrayFromImage(studies[1].ct)).mean() > 0.5


def test_other_studies_are_of_another_version(studies):
    """Where this fails the phantom has changed: raise VERSION, for projections of it are kept by that."""
    voxels = [np.bincount(sitk.GetArrayViewFromImage(s.labels).ravel(), minlength=4)[1:] for s in studies]
    assert VERSION == 3
    np.testing.assert_allclose(np.sum(voxels, axis=0), VOXELS_OF_SMALL, rtol=0.02)


@pytest.mark.parametrize("name", DISTRACTORS)
def test_a_distractor_lies_in_the_lung_and_is_no_sign(name):
    lungs = np.zeros((30, 40, 40), np.uint8)
    lungs[4:26, 6:34, 4:18], lungs[4:26, 6:34, 22:36] = 1, 2
    space = LungSpace.of(lungs, (4.0, 4.0, 4.0))
    region = regions_of(lungs.shape).ravel()[space.index] == 1
    place, lesions = space.points[region][200], []
    free = place_distractor(
        name, space, place, region, lesions, np.ones(len(region), np.float32), np.random.default_rng(1)
    )
    assert [lesion.code for lesion in lesions] == [name]
    taken = 1 - free
    assert taken.sum() == pytest.approx(lesions[0].weight.sum(), rel=1e-4)
    left = space.points[:, 2] > 80
    assert taken[region].sum() > 0
    assert taken[left].sum() < 0.05 * taken.sum()


def test_a_region_without_lung_goes_without():
    lungs = np.zeros((30, 40, 40), np.uint8)
    lungs[4:26, 6:34, 22:36] = 2
    space = LungSpace.of(lungs, (4.0, 4.0, 4.0))
    regions = regions_of(lungs.shape).ravel()[space.index]
    rng = np.random.default_rng(3)
    ribs_everywhere = np.ones(len(regions), bool)
    sheet = place_lesions(space, regions, ribs_everywhere, draw_ticks(rng, True, True), 0.064, rng)
    assert not sheet.signs[:3].any()


def test_a_region_away_from_the_ribs_has_no_thick_pleura():
    lungs = np.zeros((30, 40, 40), np.uint8)
    lungs[4:26, 6:34, 22:36], lungs[4:26, 6:34, 4:18] = 2, 1
    space = LungSpace.of(lungs, (4.0, 4.0, 4.0))
    regions = regions_of(lungs.shape).ravel()[space.index]
    ticks = [Ticks(False, False, True, None)] * 6
    no_ribs = np.zeros(len(regions), bool)
    sheet = place_lesions(space, regions, no_ribs, ticks, 0.064, np.random.default_rng(3))
    assert not sheet.signs.any()


def hollow_ball() -> tuple[np.ndarray, LungSpace]:
    """The distance from the middle in voxels of 2 mm, and the lung between 7 and 18."""
    z, y, x = np.indices((40, 60, 60))
    ball = np.sqrt((z - 20.0) ** 2 + (y - 30) ** 2 + (x - 30) ** 2)
    return ball, LungSpace.of(((ball < 18) & (ball > 7)).astype(np.uint8), (2.0, 2.0, 2.0))


def test_the_costal_surface_looks_outwards():
    ball, space = hollow_ball()
    costal, radius = costal_surface(space, ball > 19), ball.ravel()[space.index]
    level = np.abs(space.points[:, 0] - 40) < 12
    assert costal[level & (radius > 15)].all()
    assert not costal[level & (radius < 9)].any()
    axial = np.hypot(*(space.points[:, 1:] - 60).T) < 10
    assert not costal[axial & (space.points[:, 0] < 16)].any()  # what faces down is the diaphragm
    assert costal[axial & (space.points[:, 0] > 66)].all()


def test_the_costal_surface_lies_along_the_ribs():
    ball, space = hollow_ball()
    ribs = np.zeros(ball.shape, bool)
    ribs[:, :, 49:] = True  # on the patient's left alone
    costal, radius = costal_surface(space, ribs), ball.ravel()[space.index]
    rim = (radius > 16) & (np.abs(space.points[:, 0] - 40) < 4)
    away = 2 * (49 - 30) - (space.points[:, 2] - 60)  # mm from a voxel's column to the ribs
    assert costal[rim & (away < 12)].all()
    assert not costal[away > 24].any()


def test_six_equal_regions_are_needed():
    with pytest.raises(InputError, match="six equal regions"):
        AspergillosisParameters((64, 64, 50))
