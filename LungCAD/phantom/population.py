"""How disease is spread over many patients: some have none, some a trace, some have most of a lung full."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LungCAD.phantom.lesions import Lesion, LungSpace, plan_lesions

AFFECTED = {"ground_glass": 0.72, "reticulation": 0.29, "honeycombing": 0.17, "emphysema": 0.60}
"""Part of the patients with a disease; so as many slices show it as in LTRC (Gao et al. 2017, table 1).

Diseases come independently of each other, as they nearly do there (its table 2).
"""

AFFECTED_BY_OTHERS = 0.3

EXTENT = (0.03, 0.33)
"""Part of the lung that a disease takes: its logarithm is even between these."""

MOST_DISEASED = 0.85
FOCI = (2, 6)

AFFECTED_BY_MIMICS = {"filled_emphysema": 0.7, "nodular_haze": 0.5}
"""Part of the patients with what has a disease's densities without being it (`MIMICS`).

So many, and so much of it, that the histogram of the lung tells neither honeycombing nor reticulation well.
"""

EXTENT_OF_MIMICS = (0.10, 0.33)


def plan_population(
    space: LungSpace, codes: Sequence[str], rng: np.random.Generator, mimics: bool = False
) -> list[Lesion]:
    """Place what one patient of a population has of the classes; "healthy" is the rest, often all.

    mimics : some patients also have what only resembles a disease.
    """
    odds = {code: (AFFECTED.get(code, AFFECTED_BY_OTHERS), EXTENT) for code in codes}
    if mimics:
        odds |= {mimic: (part, EXTENT_OF_MIMICS) for mimic, part in AFFECTED_BY_MIMICS.items()}
    shares = {}
    for code, (likely, extents) in odds.items():
        chance, extent = rng.random(), np.exp(rng.uniform(*np.log(extents)))
        if code != "healthy" and chance < likely:
            shares[code] = float(extent)
    too_much = max(1.0, sum(shares.values()) / MOST_DISEASED)
    return plan_lesions(space, {code: share / too_much for code, share in shares.items()}, rng, foci=FOCI)
