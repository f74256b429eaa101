"""A result in a few sentences, for the panel."""

from __future__ import annotations

from LungCAD.worker import JobResult

WORTH_NAMING = 1.0
"""Per cent of both lungs from which on a class is named."""


def summary_of(result: JobResult) -> str:
    """Return what was found in both lungs, how much of it was drawn, and every warning, one line each.

    `result` is that of the jobs "propagate" and "repropagate".
    """
    shares = [
        share for share in result.data["measurements"]["shares"] if share["region"]["code"] == "both_lungs"
    ]
    named = [
        f"{share['name']} {share['percent']:.0f} %"
        for share in sorted(shares, key=lambda share: -(share["percent"] or 0))
        if (share["percent"] or 0) >= WORTH_NAMING
    ]
    lines = [
        f"Both lungs: {', '.join(named)}." if named else "Nothing was labelled.",
        f"{result.data['expansion_factor']:.0f} voxels labelled for each drawn one.",
        *(f"Note: {warning}." for warning in result.data["warnings"]),
    ]
    return "\n".join(lines)
