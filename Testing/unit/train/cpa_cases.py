"""Scans for networks on projections whose signs anybody sees."""

from __future__ import annotations

import numpy as np

from LungCAD.train.cpa.cases import Case

SHAPES = {"axial": (24, 24), "coronal": (18, 24), "sagittal": (18, 24)}


def made_case(number, patient, signs, disease, survival=-1, turns=2):
    """Pictures in which signs are bright: their brightness is the only thing to learn."""
    rng = np.random.default_rng(number)
    whole, regions, shares = {}, {}, {}
    for axis, (rows, columns) in SHAPES.items():
        whole[axis] = rng.integers(0, 40, (turns, rows, columns)).astype(np.uint8)
        whole[axis] += np.uint8(150 * disease)
        regions[axis] = rng.integers(0, 40, (turns, 6, 3, rows // 3, columns // 2)).astype(np.uint8)
        shares[axis] = regions[axis].copy()
        regions[axis] += (150 * signs[None, :, :, None, None]).astype(np.uint8)
    ticks = signs.astype(np.int8)
    return Case(f"scan{number}", patient, whole, regions, shares, ticks, int(disease), survival)
