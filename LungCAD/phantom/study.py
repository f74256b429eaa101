"""A whole synthetic study: a thorax with disease, scanned, and its true labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom.anatomy import ThoraxParameters, make_thorax
from LungCAD.phantom.cavities import plan_aspergillosis
from LungCAD.phantom.disease import TEXTURES, VARIED_TEXTURES, paint_disease, paint_sham, true_labels
from LungCAD.phantom.lesions import Lesion, LungSpace, plan_lesions
from LungCAD.phantom.population import plan_population
from LungCAD.phantom.scanner import scanner_blur, scanner_noise
from LungCAD.progress import Progress, part, silent

DISEASED = (0.44, 0.56)
"""Range of the part of the lung that is diseased."""

HEAVILY_DISEASED = (0.72, 0.82)

PARENCHYMA_HU = (-892.0, 10.0)
"""Density of the parenchyma at full inspiration: mean and standard deviation over patients."""

LEAST_SHARE = 0.075
"""No class has less of the lung, where there are at most five of them."""


def require_paintable(schema: str, seed: int, population: bool, mimics: bool) -> None:
    """Raise InputError where no disease can be painted as asked for; arguments as in `StudyParameters`."""
    unknown = set(load_schema(schema).codes) - set(TEXTURES)
    if unknown:
        raise InputError("schema", f"{schema} has classes without a texture: {sorted(unknown)}")
    if mimics and not population:
        raise InputError("mimics", "are for a population", "Ask for one, or leave them out")
    if seed < 0:
        raise InputError("seed", f"{seed} is negative", "Give 0 or more")


@dataclass(frozen=True)
class StudyParameters:
    """What study to make.

    Parameters
    ----------
    size : voxels along x, y, z. spacing : of them in mm.
    thickness : of a slice in mm; less than the spacing along z leaves gaps, as sequential HRCT does. None for
        slices that touch.
    seed : of patient, disease and noise.
    schema : label schema whose classes to paint.
    disease : False for a healthy lung. heavy : disease in three quarters of the lung instead of half.
    population : disease as in one of many patients, from none to much; `heavy` has no effect then.
    mimics : some of a population also have what has a disease's densities but another structure (`MIMICS`).
    sham : paint healthy parenchyma through the lesions instead of disease; all labels are healthy.
    varied : codes of classes that look in more ways than in the benchmark (`VARIED_TEXTURES`); to learn from,
        not to score.
    noise : standard deviation in HU. kernel : of the scanner, "soft", "standard" or "sharp".
    """

    size: tuple[int, int, int] = (384, 320, 40)
    spacing: tuple[float, float, float] = (0.9, 0.9, 6.5)
    thickness: float | None = 1.25
    seed: int = 0
    schema: str = "gao5"
    disease: bool = True
    heavy: bool = False
    population: bool = False
    mimics: bool = False
    sham: bool = False
    varied: tuple[str, ...] = ()
    noise: float = 13.0
    kernel: str = "sharp"

    def __post_init__(self) -> None:
        require_paintable(self.schema, self.seed, self.population, self.mimics)
        if unknown := set(self.varied) - set(VARIED_TEXTURES):
            raise InputError("varied", f"has classes that look in one way only: {sorted(unknown)}")
        if self.noise < 0:
            raise InputError("noise", f"{self.noise} HU is negative", "Give 0 or more")


BENCHMARK = StudyParameters()
"""The study on which methods are measured: sequential HRCT of the whole lung, as ILD was long scanned."""


@dataclass(frozen=True)
class PhantomStudy:
    """A scan and its truth.

    ct : int16 HU. labels : uint8, values of the schema, 0 outside the lung and in mimics.
    lungs : uint8, 1 right, 2 left.
    parameters : what it was made from.
    """

    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image
    parameters: StudyParameters

    @property
    def schema(self) -> str:
        """Name of the label schema."""
        return self.parameters.schema

    @property
    def seed(self) -> int:
        """Seed of the study."""
        return self.parameters.seed


def make_study(parameters: StudyParameters = BENCHMARK, progress: Progress = silent) -> PhantomStudy:
    """Return the study of a seed. Same parameters, same study, bit for bit."""
    p = parameters
    plan_rng, paint_rng, noise_rng = np.random.default_rng([p.seed, 7]).spawn(3)
    thickness = p.spacing[2] if p.thickness is None else min(p.thickness, p.spacing[2])
    anatomy = ThoraxParameters(p.size, p.spacing, p.seed, thickness=thickness)
    thorax = make_thorax(anatomy, part(progress, 0.0, 0.4))

    progress(0.4, "Planning the disease")
    spacing = p.spacing[::-1]
    space = LungSpace.of(thorax.lungs, spacing)
    schema = load_schema(p.schema)
    amount = {"heavy": p.heavy, "population": p.population, "mimics": p.mimics}
    lesions = plan_disease(space, schema.codes, plan_rng, **amount) if p.disease else []

    progress(0.5, "Painting the disease")
    textures = {**TEXTURES, **{code: VARIED_TEXTURES[code] for code in p.varied}}
    paint = paint_sham if p.sham else partial(paint_disease, textures=textures)
    level = paint_rng.normal(*PARENCHYMA_HU)
    scan = {"thickness": thickness, "blur": 0.0, "level": level, "healthy": True}
    hu = paint(thorax.hu, space, lesions, spacing, paint_rng, **scan)

    progress(0.8, "Scanning")
    hu = scanner_blur(hu, p.spacing, p.kernel)
    hu += scanner_noise(hu.shape, p.spacing, p.noise, p.kernel, noise_rng)
    values = {label.code: label.value for label in schema.labels}
    labels = true_labels(space, [] if p.sham else lesions, values)
    ct = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    progress(1.0, "Study made")
    images = (_image(array, p.spacing, thorax.origin) for array in (ct, labels, thorax.lungs))
    return PhantomStudy(*images, parameters=replace(p))


def plan_disease(
    space: LungSpace,
    codes: Sequence[str],
    rng: np.random.Generator,
    heavy: bool = False,
    population: bool = False,
    mimics: bool = False,
) -> list[Lesion]:
    """Place all classes but "healthy" in the lung, each with a share of its own; the rest stays healthy.

    heavy, population, mimics : as in `StudyParameters`.
    """
    if population:
        return plan_population(space, codes, rng, mimics)
    if "cavity" in codes:
        return plan_aspergillosis(space, rng)
    diseases = [code for code in codes if code != "healthy"]
    total = rng.uniform(*(HEAVILY_DISEASED if heavy else DISEASED))
    least = min(LEAST_SHARE, total / len(diseases))
    rest = rng.dirichlet(np.full(len(diseases), 4.0)) * (total - least * len(diseases))
    return plan_lesions(space, dict(zip(diseases, least + rest, strict=True)), rng)


def _image(
    array: NDArray, spacing: tuple[float, float, float], origin: tuple[float, float, float]
) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image
