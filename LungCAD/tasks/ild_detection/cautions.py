"""Whether a CT is like those that the network can be trusted on."""

from __future__ import annotations

from collections.abc import Iterator

import SimpleITK as sitk

from LungCAD.images import ScanFacts, spacing_zyx
from LungCAD.lungs.extent import LungExtent
from LungCAD.tasks.detection_input import DetectionInput, Field

THICKEST_MM = 5.0
"""The synthetic scans of `lungcad train detection` have slices of 0.6 to 5 mm."""

WIDEST_GAP_MM = 12.0
"""And at most so much between them, unless `--gap` says otherwise."""

TOLERANCE = 1.05
"""Of what counts as known: scanners round."""


def find_cautions(
    ct: sitk.Image,
    axial: sitk.Image,
    facts: ScanFacts | None,
    extent: LungExtent,
    field: Field,
    prepare: DetectionInput,
) -> Iterator[str]:
    """Yield what a reader of the findings must know of the scan.

    Parameters
    ----------
    ct : as it is stored. axial : the same along the patient's axes.
    facts : of the scan. Slices whose thickness is unknown are taken to touch.
    field : what the network sees of the slices; prepare : and in which resolution.
    """
    distance, *pixel = spacing_zyx(axial)
    known = facts.axial_thickness_mm(ct) if facts else None
    if (known or distance) > THICKEST_MM * TOLERANCE:
        slices = f"{known:.3g} mm thick" if known else f"{distance:.3g} mm apart and of unknown thickness"
        yield (
            f"The slices are {slices}. Beyond {THICKEST_MM:g} mm fine textures blur: reticulation may be "
            "missed or pass for ground glass"
        )
    if known and (gap := distance - known) > WIDEST_GAP_MM:
        yield f"There are {gap:.0f} mm between the slices: disease there is not seen"
    own_mm = prepare.field_mm / prepare.side
    if max(pixel) > own_mm * TOLERANCE:
        yield (
            f"The pixels are {max(pixel):.3g} mm wide, and the network looks at {own_mm:.3g} mm: "
            "fine textures may be missed"
        )
    if cut := int(extent.cut.sum()):
        yield f"The edge of the picture cuts the lungs on {cut} slices: what is said is of the part in view"
    if (beyond := _beyond_mm(extent, field, pixel)) > 0:
        yield (
            f"The lungs reach {beyond:.0f} mm beyond the {prepare.field_mm:g} mm that the network sees: "
            "disease there is missed"
        )


def _beyond_mm(extent: LungExtent, field: Field, pixel_mm: list[float]) -> float:
    pairs = zip((extent.rows, extent.columns), (field.rows, field.columns), pixel_mm, strict=True)
    return max(
        mm * max(seen[0] - lungs[0], lungs[1] - seen[1]) if lungs else 0.0 for lungs, seen, mm in pairs
    )
