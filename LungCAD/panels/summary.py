"""A result in a few sentences, for the panel."""

from __future__ import annotations

from LungCAD.worker import JobResult

WORTH_NAMING = 1.0
"""Per cent of both lungs from which on a class is named."""


def summary_of(result: JobResult) -> str:
    """Return what was found in both lungs, how far drawn regions went, and every warning, one line each.

    `result` is that of the jobs "propagate" and "repropagate", or of "ild", where nothing is drawn.
    """
    shares = [
        share for share in result.data["measurements"]["shares"] if share["region"]["code"] == "both_lungs"
    ]
    named = [
        f"{share['name']} {share['percent']:.0f} %"
        for share in sorted(shares, key=lambda share: -(share["percent"] or 0))
        if (share["percent"] or 0) >= WORTH_NAMING
    ]
    lines = [f"Both lungs: {', '.join(named)}." if named else "Nothing was labelled."]
    if "expansion_factor" in result.data:
        lines.append(f"{result.data['expansion_factor']:.0f} voxels labelled for each drawn one.")
    lines += [f"Note: {warning}." for warning in result.data["warnings"]]
    return "\n".join(lines)


def summary_of_film(result: JobResult) -> str:
    """Return the lungs' areas, how sure the network is, and why a person should look at the film.

    `result` is that of the job "xray".
    """
    data = result.data
    areas = data["area_cm2"] or data["area_px"]
    unit = "cm²" if data["area_cm2"] else "pixels"
    lines = [
        f"Right lung {areas[0]:.0f} {unit}, left lung {areas[1]:.0f} {unit}.",
        f"Expected Dice score {data['confidence']:.2f}.",
        *(f"To look at: {flag}." for flag in data["flags"]),
    ]
    return "\n".join(lines)
