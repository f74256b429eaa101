"""Blur and noise of the scanner, and the radiograph, against closed forms."""

import numpy as np
import pytest
from scipy.special import erf

from LungCAD.errors import InputError
from LungCAD.phantom.anatomy import ThoraxParameters, make_thorax
from LungCAD.phantom.radiograph import WATER, attenuation, project_radiograph
from LungCAD.phantom.scanner import KERNELS, scanner_blur, scanner_noise


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("spacing", [(0.7, 0.7, 1.0), (0.9, 0.6, 5.0)])
def test_noise_has_the_level_asked_for(kernel, spacing):
    noise = scanner_noise((6, 200, 231), spacing, 25.0, kernel, np.random.default_rng(0))
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(25.0, rel=0.02)
    assert abs(noise.mean()) < 0.5


def test_noise_is_correlated_as_its_kernel_says():
    spacing = (0.65, 0.65, 1.0)
    neighbour = {}
    for kernel in KERNELS:
        noise = scanner_noise((8, 256, 256), spacing, 10.0, kernel, np.random.default_rng(1))
        neighbour[kernel] = (noise[:, :, 1:] * noise[:, :, :-1]).mean() / 100
        # the autocovariance of the power spectrum |f| MTF(f)^2, by an independent sum
        f = np.hypot(*np.meshgrid(np.fft.fftfreq(256, 0.65), np.fft.fftfreq(256, 0.65)))
        blur, edge = KERNELS[kernel].blur, KERNELS[kernel].edge
        mtf = np.exp(-2 * (np.pi * blur * f) ** 2)
        mtf = mtf * (1 + edge * (1 - np.exp(-6 * (np.pi * blur * f) ** 2)))
        covariance = np.fft.ifft2(f * mtf**2).real
        assert neighbour[kernel] == pytest.approx(covariance[0, 1] / covariance[0, 0], abs=0.02)
        assert abs((noise[1:] * noise[:-1]).mean()) / 100 < 0.02  # slices are independent
    assert neighbour["soft"] > neighbour["standard"] > neighbour["sharp"]


def test_noise_is_seeded_and_zero_when_none_is_asked_for():
    args = ((2, 40, 41), (0.7, 0.7, 1.0))
    first, again = (scanner_noise(*args, 20.0, "soft", np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not scanner_noise(*args, 0.0, "soft", np.random.default_rng(3)).any()
    assert scanner_noise((1, 1, 1), (1.0, 1.0, 1.0), 5.0, "soft", np.random.default_rng(3)).shape == (1, 1, 1)


@pytest.mark.parametrize("kernel", ["soft", "standard"])
def test_an_edge_blurs_to_the_error_function(kernel):
    x = (np.arange(101) - 50) * 0.25
    edge = np.where(x < 0, -1000.0, 0.0)
    edge[x == 0] = -500
    hu = np.broadcast_to(edge, (1, 5, 101))
    blurred = scanner_blur(hu, (0.25, 0.9, 3.0), kernel)[0, 2]
    exact = 500 * erf(x / (np.sqrt(2) * KERNELS[kernel].blur)) - 500
    np.testing.assert_allclose(blurred, exact, atol=15)


def test_a_sharp_kernel_overshoots_and_keeps_the_mean():
    hu = np.zeros((1, 60, 60), np.float32)
    hu[:, 20:40, 20:40] = 1000
    sharp, soft = scanner_blur(hu, (0.6, 0.6, 1.0), "sharp"), scanner_blur(hu, (0.6, 0.6, 1.0), "soft")
    assert sharp.max() > 1020 > soft.max()
    assert sharp.mean() == pytest.approx(hu.mean(), rel=1e-3)


def test_an_unknown_kernel_is_refused():
    with pytest.raises(InputError, match="kernel"):
        scanner_noise((1, 8, 8), (1.0, 1.0, 1.0), 10.0, "B70f", np.random.default_rng(0))


def test_a_slab_of_water_attenuates_by_its_thickness():
    hu = np.full((4, 60, 10), -1000, np.int16)
    hu[:, 10:40] = 0
    np.testing.assert_allclose(attenuation(hu, (1.0, 2.0, 3.0)), WATER * 60.0, rtol=1e-5)
    hu[:, 10:40] = -500
    np.testing.assert_allclose(attenuation(hu, (1.0, 2.0, 3.0)), WATER * 30.0, rtol=1e-5)


@pytest.fixture(scope="module")
def film():
    thorax = make_thorax(ThoraxParameters((120, 104, 60), (3.1, 3.1, 5.0), seed=2, thickness=2.0))
    return thorax, *project_radiograph(thorax.hu, thorax.lungs, thorax.spacing)


def test_a_radiograph_looks_at_the_patient_from_the_front(film):
    _, image, mask, pixel = film
    assert pixel == 3.1
    assert image.shape == mask.shape == (round(60 * 5.0 / 3.1), 120)
    assert image.dtype == np.float32
    assert 0 <= image.min() < 0.2 < 0.7 < image.max() <= 1
    columns = [np.nonzero(mask == side)[1].mean() for side in (1, 2)]
    assert columns[0] < 60 < columns[1]  # the patient's right on the left
    rows = np.nonzero(mask)[0]
    below = image[rows.max() - 8 : rows.max(), 55:65].mean()  # spine and abdomen
    lung = image[(rows.min() + rows.max()) // 2, :][mask[(rows.min() + rows.max()) // 2] == 1].mean()
    assert below > lung + 0.2  # the head is up, bone is bright


def test_the_shadow_of_the_lungs_has_their_breadth(film):
    thorax, _, mask, _ = film
    shadow, lungs = (np.flatnonzero(m.any(axis=0)) for m in (mask, (thorax.lungs > 0).any(axis=0)))
    assert abs(shadow.min() - lungs.min()) <= 2
    assert abs(shadow.max() - lungs.max()) <= 2


def test_the_table_casts_no_shadow():
    parameters = {"size": (120, 104, 6), "spacing": (3.1, 3.1, 30.0), "seed": 2, "thickness": 1.0}
    films = []
    for table in (True, False):
        thorax = make_thorax(ThoraxParameters(**parameters, table=table))
        films.append(project_radiograph(thorax.hu, thorax.lungs, thorax.spacing)[0])
    assert np.abs(films[0] - films[1]).max() < 0.02


def test_a_scan_without_a_body_gives_a_black_film():
    empty = np.full((3, 20, 20), -1000.0)
    image, mask, _ = project_radiograph(empty, np.zeros(empty.shape, np.uint8), (2.0, 2.0, 2.0))
    assert not image.any()
    assert not mask.any()
