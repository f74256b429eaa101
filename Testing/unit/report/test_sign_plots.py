import io

import numpy as np
from PIL import Image

from LungCAD.report.plots import DARK, LIGHT
from LungCAD.report.sign_plots import plot_checks
from LungCAD.report.signs import CheckCurve, MapCheck


def check(axis, probability):
    curve = CheckCurve(tuple(probability), (0.5, 0.5, 0.5), 0.5, 0.5)
    return MapCheck("cavity", axis, "left_upper", curve, curve, 0.0)


def drawn(checks, paper):
    pixels = np.asarray(Image.open(io.BytesIO(plot_checks(checks, paper))).convert("RGB")).astype(int)
    accent = [int(paper.accent[i : i + 2], 16) for i in (1, 3, 5)]
    return pixels.shape[0], (abs(pixels - accent).sum(axis=2) < 30)


def test_every_network_has_its_curves():
    for paper in (LIGHT, DARK):
        low, curves = drawn([check("axial", (1.0, 0.5, 0.0))], paper)
        high, _ = drawn([check("axial", (1, 0.5, 0)), check("coronal", (1, 0.5, 0))], paper)
        assert high > 1.5 * low
        halves = np.array_split(curves, 2, axis=1)
        for half in halves:  # deletion and insertion, both falling
            rows, columns = np.nonzero(half)
            assert np.corrcoef(rows, columns)[0, 1] > 0.95
