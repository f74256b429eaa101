"""Slices of synthetic patients who have the diseases of LTRC about as often as its patients have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.study import PhantomStudy, StudyParameters, make_study
from LungCAD.progress import Progress, silent
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.label_volumes import SCHEMA
from LungCAD.train.detection.slices import SliceSet, cut_slices, unlabelled

FIRST_SEED = 40_000
"""Studies to train on; no benchmark scores them."""

BENCHMARK_SEED = 70_000
"""Studies to score; nothing is trained or chosen on them."""

BENCHMARK = StudyParameters(
    size=(312, 260, 32),
    spacing=(1.1, 1.1, 8.0),
    schema=SCHEMA,
    population=True,
    kernel="standard",
)
"""One scanner and, over many seeds, LTRC's prevalence."""

VARIED = ("healthy", "ground_glass", "reticulation")
"""Classes that look in more ways than on the benchmark, lest networks learn its looks by heart."""

EXTENT_MM = (343.0, 286.0, 256.0)
LEAST_GAP_MM = 0.5
KERNELS = {"sharp": 0.35, "standard": 0.4, "soft": 0.25}


def benchmark_study(seed: int) -> StudyParameters:
    """Return the patient of that seed on the benchmark's scanner."""
    return replace(BENCHMARK, seed=seed)


def benchmark_patient(seed: int, mimics: bool = False) -> PhantomStudy:
    """Return the scan of the benchmark's patient of that seed, with its truth."""
    return make_study(replace(benchmark_study(seed), mimics=mimics))


def varied_study(seed: int) -> StudyParameters:
    """Return the patient of that seed on a scanner of its own; disease looks in more ways than elsewhere."""
    rng = np.random.default_rng([seed, 23])
    pixel, gap = float(rng.uniform(1.0, 1.5)), float(rng.uniform(7.0, 12.0))
    return StudyParameters(
        size=(round(EXTENT_MM[0] / pixel), round(EXTENT_MM[1] / pixel), round(EXTENT_MM[2] / gap)),
        spacing=(pixel, pixel, gap),
        thickness=float(rng.choice([1.25, rng.uniform(0.6, 5.0)], p=[0.8, 0.2])),
        seed=seed,
        schema=SCHEMA,
        population=True,
        varied=VARIED,
        noise=float(rng.uniform(4, 30)),
        kernel=str(rng.choice(list(KERNELS), p=list(KERNELS.values()))),
    )


def usual_study(seed: int) -> StudyParameters:
    """Return the patient of that seed on the scanner of `varied_study`; disease looks as on the benchmark."""
    return replace(varied_study(seed), varied=())


def with_gaps(study: Callable[[int], StudyParameters], gap_mm: float, seed: int) -> StudyParameters:
    """Return a patient of `study` with one slice in so many mm, as thick as it was.

    Time for slices of one patient, who are alike, goes to more patients. Raises InputError where the patient
    would have no slice.
    """
    patient = study(seed)
    height_mm = patient.size[2] * patient.spacing[2]
    if not LEAST_GAP_MM <= gap_mm <= height_mm:
        remedy = f"Give {LEAST_GAP_MM:g} to {height_mm:.0f} mm"
        raise InputError("--gap", f"is {gap_mm:g} mm", remedy)
    size, spacing = (*patient.size[:2], round(height_mm / gap_mm)), (*patient.spacing[:2], gap_mm)
    return replace(patient, size=size, spacing=spacing)


def with_mimics(study: Callable[[int], StudyParameters], seed: int) -> StudyParameters:
    """Return a patient of `study` who may also have what only resembles a disease."""
    return replace(study(seed), mimics=True)


def phantom_slices(
    seeds: Sequence[int],
    study: Callable[[int], StudyParameters] = varied_study,
    prepare: DetectionInput | None = None,
    progress: Progress = silent,
    workers: int = 1,
) -> Iterator[SliceSet]:
    """Yield the slices of the synthetic patient of each seed; `study` says how each is scanned.

    workers : processes that make them, as in `process_map`.
    """
    source = _source(seeds, [study(seed) for seed in seeds])
    make = partial(_patient_slices, study=study, prepare=prepare or DetectionInput(), source=source)
    return process_map(make, seeds, workers, progress, "Making studies")


def _source(seeds: Sequence[int], patients: Sequence[StudyParameters]) -> str:
    """Return in words who was made, for the card of what learns from them."""
    said = f"{len(seeds)} synthetic patients"
    if any(patient.mimics for patient in patients):
        said += " with mimics"
    if seeds:
        said += f", seeds {min(seeds)} to {max(seeds)}"
    gaps_mm = {patient.spacing[2] for patient in patients}
    return said + (f", one slice in {gaps_mm.pop():g} mm" if len(gaps_mm) == 1 else "")


def _patient_slices(
    seed: int, study: Callable[[int], StudyParameters], prepare: DetectionInput, source: str
) -> SliceSet:
    made, schema = make_study(study(seed)), load_schema(SCHEMA)
    about = {"patient": f"phantom-{seed}", "source": source, "licence": "Apache-2.0", "synthetic": True}
    mimics = unlabelled(made.labels, made.lungs)
    return cut_slices(made.ct, made.labels, schema, prepare, **about, mimics=mimics)
