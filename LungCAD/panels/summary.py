"""A result in a few sentences, for the panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from LungCAD.report.findings import Findings
from LungCAD.report.numbers import format_number
from LungCAD.report.signs import MapCheck, SignReading, nothing_present, present_signs, region_name
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain

DENSITIES = ("mean_density", "laa950", "perc15", "haa")
"""Quantities of densitometry that are named."""

WORTH_NAMING = 1.0
"""Per cent of both lungs from which on a class is named."""


def summary_of(result: JobResult) -> str:
    """Return what was found in both lungs, how far drawn regions went, and every warning, one line each.

    `result` is that of the jobs "propagate" and "repropagate", or of "ild", where nothing is drawn.
    """
    lines = [shares_line(result.data["measurements"]["shares"])]
    if "expansion_factor" in result.data:
        lines.append(f"{result.data['expansion_factor']:.0f} voxels labelled for each drawn one.")
    notes = [f"Note: {warning}." for warning in result.data["warnings"]]
    return "\n".join([*lines, *_density(result.data["densitometry"]), *notes])


def shares_line(shares: Sequence[Mapping[str, Any]], corrected: bool = False) -> str:
    """Return what part of both lungs each class has, the most first; `shares` of `Measurements`, plain."""
    named = [
        f"{share['name']} {share['percent']:.0f} %"
        for share in sorted(shares, key=lambda share: -(share["percent"] or 0))
        if share["region"]["code"] == "both_lungs" and (share["percent"] or 0) >= WORTH_NAMING
    ]
    whose = "Both lungs, as you corrected them" if corrected else "Both lungs"
    return f"{whose}: {', '.join(named)}." if named else "Nothing was labelled."


def _density(densitometry: dict[str, Any]) -> list[str]:
    """Return what densitometry measured of both lungs, and what speaks against it, one line each."""
    measured = [
        f"{quantity['name']} {format_number(reading['value'], quantity['decimals'])} {quantity['unit']}"
        for reading in densitometry["readings"]
        if reading["region"]["code"] == "both_lungs" and reading["value"] is not None
        if (quantity := reading["quantity"])["code"] in DENSITIES
    ]
    lines = [f"{', '.join(measured)} (both lungs)."] if measured else []
    return [*lines, *(f"Note: {caution['text']}" for caution in densitometry["cautions"])]


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


def summary_of_detection(data: Mapping[str, Any]) -> str:
    """Return which diseases the scan shows and on which slices, and every warning, one line each.

    `data` is that of the job "detect".
    """
    findings = from_plain(Findings, data["findings"])
    lines = []
    for disease in sorted(findings.diseases, key=lambda one: one.doubtful):
        if disease.ranges:
            where = ", ".join(one.slices for one in disease.ranges)
            doubt = "doubtful, " if disease.doubtful else ""
            lines.append(f"{disease.name} ({doubt}{disease.probability:.2f}): slices {where}.")
    silent = [disease for disease in findings.diseases if disease.present is False and not disease.doubtful]
    unseen = [disease.name.lower() for disease in silent]
    if unseen:
        lines.append(f"Not seen: {', '.join(unseen)}.")
    lines.append(f"{len(findings.judged)} of {len(findings.slices)} slices lie in or near the lungs.")
    lines += [f"Note: {warning}." for warning in data["warnings"]]
    return "\n".join(lines)


def summary_of_signs(data: Mapping[str, Any]) -> str:
    """Return which signs the regions show, what is said of the scan, and every warning, one line each.

    `data` is that of the job "cpa".
    """
    found: dict[str, list[str]] = {}
    readings = from_plain(tuple[SignReading, ...], data["signs"])
    for one in present_signs(readings, data["threshold"]):
        found.setdefault(region_name(one.region), []).append(one.sign.replace("_", " "))
    lines = [f"{region}: {', '.join(signs)}." for region, signs in found.items()]
    lines = lines or [nothing_present(readings)]
    for title, name in (("Disease", "disease"), ("Death within two years", "survival")):
        if said := data[name]:
            note = ", a demonstration" if said["demonstration"] else ""
            lines.append(f"{title}: {100 * said['probability']:.0f} %{note}.")
    lines += _checks(from_plain(tuple[MapCheck, ...], data["checks"]))
    return "\n".join([*lines, *(f"Note: {warning}" for warning in data["warnings"])])


def _checks(checks: Sequence[MapCheck]) -> Iterator[str]:
    """Yield how far the heat maps of each sign can be believed: means over the directions."""
    for sign in dict.fromkeys(check.sign for check in checks):
        of_sign = [check for check in checks if check.sign == sign]
        gone = np.mean([(one.deletion.area, one.deletion.area_by_chance) for one in of_sign], axis=0)
        come = np.mean([(one.insertion.area, one.insertion.area_by_chance) for one in of_sign], axis=0)
        forgotten = np.mean([one.forgotten for one in of_sign])
        yield (
            f"Heat map of {sign.replace('_', ' ')}: deletion {gone[0]:.2f} (random {gone[1]:.2f}), "
            f"insertion {come[0]:.2f} (random {come[1]:.2f}), forgotten {forgotten:.2f}."
        )
