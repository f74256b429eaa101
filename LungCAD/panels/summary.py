"""A result in a few sentences, for the panel."""

from __future__ import annotations

from LungCAD.report.findings import Findings
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain

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


def summary_of_detection(result: JobResult) -> str:
    """Return which diseases the scan shows and on which slices, and every warning, one line each.

    `result` is that of the job "detect".
    """
    findings = from_plain(Findings, result.data["findings"])
    lines = []
    for disease in findings.diseases:
        if disease.present:
            where = ", ".join(one.slices for one in disease.ranges)
            lines.append(f"{disease.name}: slices {where}, up to {disease.probability:.2f}.")
    unseen = [disease.name.lower() for disease in findings.diseases if disease.present is False]
    if unseen:
        lines.append(f"Not seen: {', '.join(unseen)}.")
    lines.append(f"{len(findings.judged)} of {len(findings.slices)} slices show enough lung.")
    lines += [f"Note: {warning}." for warning in result.data["warnings"]]
    return "\n".join(lines)
