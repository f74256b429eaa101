"""Cases from the CT of patients into whose lungs the phantom's signs are painted: real anatomy and noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LungCAD.errors import naming
from LungCAD.files import make_folder
from LungCAD.images import read_ct
from LungCAD.lungs import segment_lungs
from LungCAD.phantom.aspergillosis_painted import paint_aspergillosis
from LungCAD.phantom.aspergillosis_study import VERSION
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.cpa.completeness import incomplete_regions
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume
from LungCAD.train.cpa.cases import UNKNOWN, Case, read_case
from LungCAD.train.cpa.phantoms import some_turns
from LungCAD.train.cpa.scans import fingerprint


def painted_cases(
    ct: Path, patient: str, paintings: int, folder: Path, seed: int = 0, progress: Progress = silent
) -> list[Case]:
    """Return so many cases of one patient, each with other signs, or none; they are kept in the folder.

    What signs the patient has count as absent. Nothing is known of regions that the scan does not show whole.

    Raises
    ------
    InputError
        The CT cannot be read or shows no lungs.
    """
    make_folder(folder)
    kept = fingerprint(ct, [VERSION, patient, paintings, seed])
    paths = [folder / f"painted-{kept}-{number}.npz" for number in range(paintings)]
    if not all(path.exists() for path in paths):
        scan = read_ct(ct, "largest")
        with naming(ct):
            lungs = segment_lungs(scan.image, progress=part(progress, 0.0, 0.1))
        thickness = scan.facts.slice_thickness_mm
        studies = paint_aspergillosis(scan.image, lungs, seed, paintings, uniform=True, thickness=thickness)
        share = part(progress, 0.1, 1.0)
        for number, study in enumerate(each(studies, share, "Painting real lungs", paintings)):
            with naming(ct):
                volume = ProjectionVolume.of(study.ct)
            signs = study.signs.astype(np.int8)
            signs[[REGIONS.index(region) for region in incomplete_regions(volume)]] = UNKNOWN
            turns = some_turns(np.random.default_rng([seed, 37, number]))
            name = f"{patient}-{number}"
            Case.of(name, patient, volume, turns, signs, int(study.disease)).write(paths[number])
    return [read_case(path) for path in paths]
