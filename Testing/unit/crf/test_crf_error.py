"""The error of the engine against all pairs in float64, in every kind of field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.crf import CRFParameters, mean_field

SLICE = CRFParameters(mode="slice")
VOLUME = CRFParameters(mode="volume")


def assert_close(case, parameters, constraints=None, mean=1.5e-4, largest=5e-3, differing=2, **options):
    arguments = (case.probabilities, case.hu, case.mask, case.spacing, constraints, parameters)
    ours = mean_field(*arguments, device="cpu", **options)
    exact = mean_field(*arguments, device="cpu", backend="exact", **options)
    error = np.abs(ours - exact)[:, case.mask]
    assert error.mean() <= mean
    assert error.max() <= largest
    assert (ours.argmax(0) != exact.argmax(0))[case.mask].sum() <= max(differing, 0.0005 * case.mask.sum())
    return exact


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slice(make_case, seed):
    case = make_case(seed=seed)
    exact = assert_close(case, SLICE)
    moved = (exact.argmax(0) != case.probabilities.argmax(0))[case.mask]
    assert moved.mean() > 0.01, "the CRF has to do something for the comparison to mean anything"


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (1.25, 0.8, 0.8), (2.5, 0.6, 0.9), (9.0, 0.7, 0.7)])
def test_volume_with_any_spacing(make_case, spacing):
    assert_close(make_case((5, 20, 26), spacing=spacing), VOLUME)


@pytest.mark.parametrize("spacing", [(1.0, 0.7, 0.7), (3.0, 0.5, 0.9)])
def test_thetas_in_millimetres(make_case, spacing):
    in_mm = CRFParameters(mode="volume", unit="mm", theta_alpha=30, theta_gamma=2.1)
    assert_close(make_case((5, 20, 26), spacing=spacing), in_mm)


@pytest.mark.parametrize("classes", [1, 2, 9, 21])
def test_number_of_classes(make_case, classes):
    assert_close(make_case((1, 32, 38), classes=classes), SLICE)


@pytest.mark.parametrize("theta_gamma", [0.5, 1.0, 2.2, 2.3, 4.0, 6.0, 11.0])
def test_every_width_of_the_smoothness_kernel(make_case, theta_gamma):
    assert_close(make_case((1, 34, 40)), replace(SLICE, theta_gamma=theta_gamma))


@pytest.mark.parametrize(("theta_alpha", "theta_beta"), [(3, 13), (8, 30), (20, 5), (300, 13)])
def test_every_width_of_the_appearance_kernel(make_case, theta_alpha, theta_beta):
    assert_close(make_case((1, 34, 40)), replace(SLICE, theta_alpha=theta_alpha, theta_beta=theta_beta))


@pytest.mark.parametrize("normalization", ["before", "after"])
def test_other_normalizations(case, normalization):
    assert_close(case, replace(SLICE, normalization=normalization))


def test_raw_kernels_with_messages_in_the_hundreds(case):
    raw = replace(SLICE, normalization="none", appearance_weight=0.01, smoothness_weight=0.5)
    assert_close(case, raw, mean=1e-3, largest=0.2, differing=8)


@pytest.mark.parametrize(("appearance", "smoothness"), [(0, 0), (0, 1), (1, 0), (0.3, 2)])
def test_weights(case, appearance, smoothness):
    assert_close(case, replace(SLICE, appearance_weight=appearance, smoothness_weight=smoothness))


def test_constraints(case):
    constraints = case.free
    constraints[0, 15:25, 8:14] = 3
    constraints[0, 20:30, 36:42] = 0
    constraints[~case.mask] = -1
    assert_close(case, SLICE, constraints)


def test_uncoupled_lungs(case):
    assert_close(case, replace(SLICE, couple_lungs=False), lungs=case.lungs)


def test_scattered_mask(case):
    case.mask &= np.random.default_rng(3).random(case.mask.shape) < 0.15
    assert_close(case, SLICE)


def test_dense_tissue_and_air(case):
    case.hu[:] = np.random.default_rng(4).choice([-1024, -950, -160, 200, 240, 3000], case.hu.shape)
    assert_close(case, SLICE)


def test_one_grey_level_only(case):
    case.hu[:] = -700
    assert_close(case, SLICE)


def test_acceleration_reaches_the_same_with_half_the_iterations(case):
    arguments = (case.probabilities, case.hu, case.mask, case.spacing, None)
    exact = mean_field(*arguments, SLICE, backend="exact", device="cpu")
    fast = mean_field(*arguments, replace(SLICE, accelerate=True, iterations=5), device="cpu")
    error = np.abs(fast - exact)[:, case.mask]
    assert error.mean() <= 1.5e-4
    assert error.max() <= 5e-3


def test_colour_channels(make_case):
    case = make_case((1, 34, 40))
    channels = [90 * (plane - plane.min()) / np.ptp(plane) for plane in case.probabilities[:3]]
    case.hu = np.stack(channels).astype(np.float32)
    assert_close(case, SLICE)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("slices", "parameters"), [(slice(32, 33), SLICE), (slice(28, 33), VOLUME)])
def test_real_lungs(make_case, real_data, slices, parameters):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(real_data / "ct_dicom" / "A0001_5mm_lung_kernel")))
    image = reader.Execute()
    step = 3 if parameters.mode == "slice" else 6
    hu = sitk.GetArrayFromImage(image)[slices, ::step, ::step].clip(-1024).astype(np.float32)
    case = make_case(hu.shape)
    case.spacing = (image.GetSpacing()[2], image.GetSpacing()[1] * step, image.GetSpacing()[0] * step)
    case.hu = hu
    air, _ = ndimage.label(hu < -400)
    outside = np.unique(np.concatenate([air[:, 0].ravel(), air[:, -1].ravel()]))
    case.mask = (air > 0) & ~np.isin(air, outside)
    assert case.mask.sum() > 3000
    assert_close(case, parameters)
