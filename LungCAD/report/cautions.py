"""What speaks against the densitometry of a scan: slices, kernel, contrast, expiration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from LungCAD.images import ScanFacts
from LungCAD.report.numbers import format_number
from LungCAD.report.quantities import HAA, LAA950, MASS, MEAN, PERC15, VOLUME, Quantity

THICKEST_SLICE_MM = 1.5
"""Thicker slices average emphysema with its surroundings, which changes LAA-950 (Gierada et al., Acad Radiol
2010). LAA-950 was established on slices of 1 mm; where "thick" begins is a choice.
"""

DENSEST_INSPIRATION_HU = -750.0
"""Mean lung density above this speaks against full inspiration.

Healthy lungs lie between about -860 HU (inspiration) and -700 HU (quiet breathing) (Robinson and Kreel,
J Comput Assist Tomogr 1979; 1 EMI unit is 2 HU), and healthy people differ by 40 HU at full inspiration
(Vikgren et al., Eur Radiol 2003). The limit between the two is a choice. Extensive dense disease passes it as
well, therefore this is a caution and no verdict; the sign that tells, the back wall of the trachea bowing
inwards (Stern et al., Radiology 1993), is left to the reader.
"""


@dataclass(frozen=True)
class Caution:
    """A sentence on the scan, and the quantities that it casts doubt on."""

    text: str
    quantities: tuple[Quantity, ...]


def find_cautions(facts: ScanFacts, spacing_mm: float, mean_hu: float | None) -> Iterator[Caution]:
    """Yield what a reader of the numbers must know.

    Parameters
    ----------
    facts : of the scan. Slices are taken to touch where their thickness is unknown.
    spacing_mm : distance of the slices.
    mean_hu : mean density of both lungs, None where it was withheld.
    """
    yield from _slice_cautions(facts.slice_thickness_mm or spacing_mm, spacing_mm)
    if facts.sharp_kernel is None:
        yield Caution(
            "The reconstruction kernel is unknown. A sharp one raises LAA-950 and lowers Perc15.",
            (LAA950, PERC15),
        )
    elif facts.sharp_kernel:
        yield Caution(
            f"The kernel ({facts.kernel}) is sharp: noise raises LAA-950, by 7 to 8 points on average in "
            "Gallardo-Estrella et al., Eur Radiol 2016, and lowers Perc15.",
            (LAA950, PERC15),
        )
    if facts.contrast:
        yield Caution(
            "Contrast medium was given: blood makes the lung denser and heavier than it is.",
            (MASS, MEAN, LAA950, PERC15, HAA),
        )
    if mean_hu is not None and mean_hu > DENSEST_INSPIRATION_HU:
        mean, limit = format_number(mean_hu, 0), format_number(DENSEST_INSPIRATION_HU, 0)
        yield Caution(
            f"A mean lung density of {mean} HU speaks for expiration or for extensive dense disease: "
            f"full inspiration lies below {limit} HU. Does the back wall of the trachea bow inwards? In "
            "expiration volume and LAA-950 come out low, high-attenuation area high.",
            (VOLUME, MEAN, LAA950, PERC15, HAA),
        )


def _slice_cautions(thickness_mm: float, spacing_mm: float) -> Iterator[Caution]:
    if thickness_mm > THICKEST_SLICE_MM:
        yield Caution(
            f"The slices are {thickness_mm:.3g} mm thick. LAA-950 and Perc15 are defined on slices of about "
            "1 mm; thicker ones hide small emphysema.",
            (LAA950, PERC15),
        )
    if spacing_mm > 1.5 * thickness_mm:
        gaps = 100 * (1 - thickness_mm / spacing_mm)
        yield Caution(
            f"The slices are {thickness_mm:.3g} mm thick and {spacing_mm:.3g} mm apart: {gaps:.0f} % of the "
            "lung lies in the gaps between them. Volume and mass include the gaps.",
            (VOLUME, MASS),
        )
