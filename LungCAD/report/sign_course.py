"""Several scans of one patient: how the signs of each region change, as under therapy."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from LungCAD.labels import Schema
from LungCAD.report.page import render_page
from LungCAD.report.signs import SignReading, region_name


class Verdict(str, Enum):
    """What became of a sign from the first scan to the last."""

    NEW = "new"
    GONE = "gone"
    STAYS = "stays"
    ABSENT = "absent"
    PASSED = "came and went"
    """Absent on the first scan and on the last, present on one between them."""
    RETURNED = "went and came back"
    """Present on the first scan and on the last, absent on one between them."""
    UNKNOWN = "cannot be compared"
    """The region could not be judged on the first scan or on the last."""


CHANGES = (Verdict.NEW, Verdict.RETURNED, Verdict.GONE, Verdict.PASSED)
"""What a reader is to be told, in this order."""


@dataclass(frozen=True)
class SignCourse:
    """One sign in one region over time.

    probability : of each scan, None where it was withheld. change : last minus first, None where one of these
    is.
    """

    region: str
    sign: str
    probability: tuple[float | None, ...]
    change: float | None
    verdict: Verdict


def sign_courses(scans: Sequence[Sequence[SignReading]], threshold: float) -> tuple[SignCourse, ...]:
    """Return the course of every sign in every region.

    scans : what was found on two or more, in the order of time. threshold : probability from which on a sign
    is present.
    """
    found = [{(one.region, one.sign): one.probability for one in scan} for scan in scans]
    places = dict.fromkeys(place for scan in found for place in scan)
    return tuple(_course(*place, tuple(scan.get(place) for scan in found), threshold) for place in places)


def course_csv(names: Sequence[str], courses: Sequence[SignCourse]) -> str:
    """Return one row per region and sign: the probability of every scan, the change, what became of it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["region", "sign", *names, "change", "verdict"])
    for one in courses:
        numbers = ("" if value is None else f"{value:.4f}" for value in (*one.probability, one.change))
        writer.writerow([one.region, one.sign, *numbers, one.verdict.value])
    return text.getvalue()


def nothing_changed(courses: Sequence[SignCourse]) -> str:
    """Return what is to be said where no sign is new or gone; what could not be compared is not denied."""
    compared = sum(one.verdict is not Verdict.UNKNOWN for one in courses)
    if not compared:
        return "No region could be judged on both the first scan and the last."
    said = "From the first scan to the last no sign came or went"
    if compared == len(courses):
        return f"{said}."
    return f"{said} where both could be compared, {compared} of {len(courses)} signs in regions."


def render_course(
    names: Sequence[str],
    courses: Sequence[SignCourse],
    schema: Schema,
    facts: Mapping[str, str],
    warnings: Sequence[str] = (),
) -> str:
    """Return the course as a page of HTML that loads nothing from anywhere.

    facts : of the run. warnings : of the scans, each with its name.
    """
    titles = {label.code: label.name for label in schema.labels}
    by_sign = {sign: [one for one in courses if one.sign == sign] for sign in titles}
    return render_page(
        "sign_course.html",
        names=names,
        tables={titles[sign]: rows for sign, rows in by_sign.items() if rows},
        changed=list(_changes(courses, titles)),
        changes=CHANGES,
        nothing_changed=nothing_changed(courses),
        warnings=warnings,
        region_name=region_name,
        facts=facts,
    )


def _course(region: str, sign: str, probability: tuple[float | None, ...], threshold: float) -> SignCourse:
    first, *_, last = probability
    if first is None or last is None:
        return SignCourse(region, sign, probability, None, Verdict.UNKNOWN)
    present = [value >= threshold for value in probability if value is not None]
    return SignCourse(region, sign, probability, last - first, _verdict(present))


def _verdict(present: Sequence[bool]) -> Verdict:
    if present[0] != present[-1]:
        return Verdict.NEW if present[-1] else Verdict.GONE
    if present[-1]:
        return Verdict.STAYS if all(present) else Verdict.RETURNED
    return Verdict.PASSED if any(present) else Verdict.ABSENT


def _changes(courses: Sequence[SignCourse], titles: Mapping[str, str]) -> Iterator[str]:
    for verdict in CHANGES:
        for one in courses:
            if one.verdict is verdict:
                yield f"{titles[one.sign]}, {region_name(one.region).lower()}: {verdict.value}"
