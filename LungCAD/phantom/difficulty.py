"""How hard the phantom is: what density alone tells of the classes, what texture tells, how real it looks.

`measure_difficulty` is the gate that every change of the phantom has to pass: what methods reach on the
phantom means nothing where a threshold would do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.labels import load_schema
from LungCAD.phantom.comparison import emphysema_patches, normal_lung
from LungCAD.phantom.patches import PatchStatistics, histogram_overlap, patch_statistics
from LungCAD.phantom.reference import REAL_OVERLAP_WITH_NORMAL, REAL_PATCHES, REAL_SCANS
from LungCAD.phantom.separability import histogram_accuracy, lda_accuracy, lung_mean, texture_accuracy
from LungCAD.phantom.study import BENCHMARK, StudyParameters, make_study
from LungCAD.progress import Progress, each, part, silent

MEAN_WINDOW_PX = 15
TEXTURE_MARGIN = 0.10
"""Least lead of a simple texture classifier over density alone: the phantom must be hard, not hopeless."""

MEAN_TOLERANCE_HU = 20.0
SPREAD_TOLERANCE = 0.25
CORRELATION_TOLERANCE = 0.10
OVERLAP_TOLERANCE = 0.10


@dataclass(frozen=True)
class Check:
    """One condition of the gate: `value` must lie from `least` to `most`."""

    name: str
    value: float
    least: float = -np.inf
    most: float = np.inf

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return bool(self.least <= self.value <= self.most)


def measure_difficulty(
    parameters: StudyParameters = BENCHMARK,
    seeds: Sequence[int] = (0, 1, 2),
    patch_seeds: Sequence[int] = tuple(range(8)),
    progress: Progress = silent,
) -> dict:
    """Measure the gate on studies of `seeds`, and on patches from phantoms of `patch_seeds`.

    Returns
    -------
    Plain data: "density", one dict per seed of the balanced accuracies of classifiers on HU and on texture;
    "patches", phantom beside real; "texture", of interstitial classes; "scans", normal lung beside real
    series, not judged; "checks", one dict per condition with name, value, least, most, passed; "passed",
    whether all hold.
    """
    density = measure_density(parameters, seeds, part(progress, 0.0, 0.4))
    patches = emphysema_patches(patch_seeds, progress=part(progress, 0.4, 0.75))
    texture = measure_interstitial(parameters, seeds, part(progress, 0.75, 0.95))
    scans = {
        name: normal_lung(name, seeds[:2])
        for name in each(REAL_SCANS, part(progress, 0.95, 1.0), "Real scans")
    }
    statistics = {name: patch_statistics(p) for name, p in patches.items()}
    overlaps = {name: histogram_overlap(patches[name], patches["NT"]) for name in REAL_OVERLAP_WITH_NORMAL}
    checks = density_checks(density) + patch_checks(statistics, overlaps) + interstitial_checks(texture)
    return {
        "density": density,
        "patches": {
            name: {"phantom": asdict(statistics[name]), "real": asdict(real)}
            for name, real in REAL_PATCHES.items()
        },
        "overlap_with_normal": {
            name: {"phantom": overlaps[name], "real": real} for name, real in REAL_OVERLAP_WITH_NORMAL.items()
        },
        "texture": texture,
        "scans": {
            name: {"phantom": asdict(measured), "real": asdict(REAL_SCANS[name].normal)}
            for name, measured in scans.items()
        },
        "checks": [{**asdict(check), "passed": check.passed} for check in checks],
        "passed": all(check.passed for check in checks),
    }


def measure_density(
    parameters: StudyParameters, seeds: Sequence[int], progress: Progress = silent
) -> list[dict[str, float]]:
    """Return, per seed, the balanced accuracy of classifiers on the HU, on its mean, on texture."""
    results = []
    for seed in each(seeds, progress, "Measuring what density tells"):
        hu, labels, lungs = _arrays(replace(parameters, seed=seed))
        known = labels > 0
        pixel, mean = hu[known], lung_mean(hu, lungs, MEAN_WINDOW_PX)[known]
        results.append(
            {
                "seed": seed,
                "pixel_histogram": histogram_accuracy(pixel, labels[known]),
                "pixel_lda": lda_accuracy(pixel, labels[known]),
                "mean_histogram": histogram_accuracy(mean, labels[known]),
                "mean_lda": lda_accuracy(mean, labels[known]),
                "texture": texture_accuracy(hu, labels, lungs, np.random.default_rng(seed)),
                "overlap_micronodules": _overlap(hu, labels, parameters.schema, "micronodules", "healthy"),
            }
        )
    return results


def measure_interstitial(
    parameters: StudyParameters, seeds: Sequence[int], progress: Progress = silent
) -> list[dict[str, float]]:
    """Return, per seed, how far reticulation and honeycombing differ in mean HU, in the schema lungnet6."""
    schema = load_schema("lungnet6")
    results = []
    for seed in each(seeds, progress, "Measuring interstitial textures"):
        hu, labels, _ = _arrays(replace(parameters, seed=seed, schema="lungnet6"))
        net, cysts = (
            hu[labels == schema.by_code(code).value].mean() for code in ("reticulation", "honeycombing")
        )
        results.append(
            {
                "seed": seed,
                "reticulation": float(net),
                "honeycombing": float(cysts),
                "overlap_micronodules": _overlap(hu, labels, "lungnet6", "micronodules", "healthy"),
            }
        )
    return results


def density_checks(density: Sequence[Mapping[str, float]]) -> list[Check]:
    """Return the conditions on classifiers, by the worst seed, and on the overlap of nodules, by the mean."""
    worst = {name: max(result[name] for result in density) for name in density[0]}
    overlaps = [result["overlap_micronodules"] for result in density]
    lead = min(result["texture"] - result["mean_lda"] for result in density)
    return [
        Check("HU of a pixel, histogram classifier", worst["pixel_histogram"], most=0.65),
        Check("HU of a pixel, LDA", worst["pixel_lda"], most=0.65),
        Check("mean HU of 15 px, histogram classifier", worst["mean_histogram"], most=0.80),
        Check("mean HU of 15 px, LDA", worst["mean_lda"], most=0.80),
        Check("texture above LDA on the mean", lead, least=TEXTURE_MARGIN),
        Check("overlap micronodules, healthy", float(np.mean(overlaps)), least=0.85),
    ]


def patch_checks(statistics: Mapping[str, PatchStatistics], overlaps: Mapping[str, float]) -> list[Check]:
    """Return the conditions that patches of the phantom look like the real ones."""
    checks = []
    for name, real in REAL_PATCHES.items():
        if name == "PS":  # half of such a patch is chest wall; its overlap with normal lung is judged below
            continue
        measured = statistics[name]
        checks += [
            _near(f"{name} mean", measured.mean, real.mean, MEAN_TOLERANCE_HU),
            _near(f"{name} SD between", measured.between, real.between, SPREAD_TOLERANCE * real.between),
            _near(f"{name} SD within", measured.within, real.within, SPREAD_TOLERANCE * real.within),
            _near(f"{name} r(1 px)", measured.r1, real.r1, CORRELATION_TOLERANCE),
            _near(f"{name} r(3 px)", measured.r3, real.r3, CORRELATION_TOLERANCE),
        ]
    for name, real_overlap in REAL_OVERLAP_WITH_NORMAL.items():
        checks.append(_near(f"overlap {name}, NT", overlaps[name], real_overlap, OVERLAP_TOLERANCE))
    return checks


def interstitial_checks(texture: Sequence[Mapping[str, float]]) -> list[Check]:
    """Return the conditions on the textures of interstitial disease, on the mean over the seeds."""
    difference = np.mean([result["reticulation"] - result["honeycombing"] for result in texture])
    return [Check("reticulation - honeycombing, mean HU", float(difference), least=-30, most=30)]


def difficulty_report(result: Mapping) -> str:
    """Return the result of `measure_difficulty` as a table to print."""
    lines = [f"{'':36s}{'phantom':>9s}{'least':>9s}{'most':>9s}"]
    for check in result["checks"]:
        verdict = "" if check["passed"] else "   FAILED"
        lines.append(f"{check['name']:36s}{_row(check['value'], check['least'], check['most'])}{verdict}")
    lines.append("")
    lines.append(f"{'Normal lung beside real series':36s}{'phantom':>9s}{'real':>9s}")
    for name, scan in result["scans"].items():
        for field, value in scan["phantom"].items():
            lines.append(f"{name + ', ' + field:36s}{_row(value, scan['real'][field])}")
    lines.append("")
    lines.append(f"Difficulty gate: {'passed' if result['passed'] else 'FAILED'}")
    return "\n".join(lines)


def _row(*values: float) -> str:
    return "".join("        -" if np.isinf(v) else f"{v:9.2f}" if abs(v) < 2 else f"{v:9.0f}" for v in values)


def _near(name: str, value: float, truth: float, tolerance: float) -> Check:
    return Check(name, value, least=truth - tolerance, most=truth + tolerance)


def _arrays(parameters: StudyParameters) -> tuple[NDArray[np.float32], NDArray, NDArray]:
    study = make_study(parameters)
    hu, labels, lungs = (sitk.GetArrayFromImage(image) for image in (study.ct, study.labels, study.lungs))
    return hu.astype(np.float32), labels, lungs


def _overlap(hu: NDArray, labels: NDArray, schema: str, first: str, second: str) -> float:
    values = [load_schema(schema).by_code(code).value for code in (first, second)]
    return histogram_overlap(*(hu[labels == value] for value in values))
