"""What a CT scanner adds to the anatomy: its blur and its noise, both set by the reconstruction kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from LungCAD.errors import InputError


@dataclass(frozen=True)
class Kernel:
    """A reconstruction kernel: `blur`, standard deviation of its point spread in mm; overshoot `edge`."""

    blur: float
    edge: float


KERNELS = {"soft": Kernel(0.75, 0.0), "standard": Kernel(0.55, 0.0), "sharp": Kernel(0.40, 0.35)}


def find_kernel(name: str) -> Kernel:
    """Return the kernel of that name; raises InputError for an unknown one."""
    if name not in KERNELS:
        raise InputError("kernel", f"{name!r} is unknown", f"Choose one of {', '.join(KERNELS)}")
    return KERNELS[name]


def frequency_response(
    shape: tuple[int, int], spacing: tuple[float, ...], kernel: str
) -> NDArray[np.float64]:
    """Return the kernel's modulation transfer (Y, X // 2 + 1) at the frequencies of `scipy.fft.rfft2`.

    spacing : x, y (and z) in mm.
    """
    chosen = find_kernel(kernel)
    f = radial_frequency(shape, spacing)
    gaussian = np.exp(-2 * (np.pi * chosen.blur * f) ** 2)
    wide = np.exp(-2 * (np.pi * 2 * chosen.blur * f) ** 2)
    return gaussian * (1 + chosen.edge * (1 - wide))


def radial_frequency(shape: tuple[int, int], spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the spatial frequency (Y, X // 2 + 1) in cycles per mm of `scipy.fft.rfft2`."""
    fx = fft.rfftfreq(shape[1], spacing[0])
    fy = fft.fftfreq(shape[0], spacing[1])[:, None]
    return np.hypot(fx, fy)


def scanner_blur(
    hu: NDArray, spacing: tuple[float, float, float], kernel: str = "standard"
) -> NDArray[np.float32]:
    """Return `hu` (z, y, x) as a scanner with that kernel resolves its slices; `spacing` x, y, z in mm."""
    chosen = find_kernel(kernel)
    sigma = np.array([chosen.blur / spacing[1], chosen.blur / spacing[0]])
    blurred = np.empty(hu.shape, np.float32)
    for source, target in zip(hu, blurred, strict=True):
        ndimage.gaussian_filter(np.asarray(source, np.float32), sigma, output=target, truncate=3)
        if chosen.edge:
            target += np.float32(chosen.edge) * (
                target - ndimage.gaussian_filter(target, 1.732 * sigma, truncate=3)
            )
    return blurred


def scanner_noise(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    level_hu: float,
    kernel: str,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return quantum noise (z, y, x) of standard deviation `level_hu`, independent from slice to slice.

    Its power spectrum is that of filtered back projection, |f| MTF(f)^2 (Riederer, Pelc and Chesler, Physics
    in Medicine and Biology 23, 1978): little power at low frequencies, none above the kernel's. `spacing` is
    x, y, z in mm.
    """
    plane = (int(shape[1]), int(shape[2]))
    f = radial_frequency(plane, spacing)
    filter_ = np.sqrt(f) * frequency_response(plane, spacing, kernel)
    doubled = np.full(f.shape[1], 2.0)  # rfft2 keeps one of each pair of conjugate columns
    doubled[0] = 1
    if plane[1] % 2 == 0:
        doubled[-1] = 1
    power = (filter_**2 * doubled).sum() / (plane[0] * plane[1])
    filter_ *= level_hu / np.sqrt(power) if power > 0 else 0.0
    noise = np.empty(shape, np.float32)
    for layer in noise:
        white = fft.rfft2(rng.standard_normal(plane, np.float32))
        layer[:] = fft.irfft2(white * filter_.astype(np.float32), plane)
    return noise
