"""What the panel says of a scan in a few sentences."""

from __future__ import annotations

from LungCAD.panels.summary import summary_of_detection
from LungCAD.report.findings import Finding, Findings, SliceRange, SliceReading
from LungCAD.worker.plain import to_plain

GREY = (128, 128, 128)


def disease(name, probability, *runs):
    shown = tuple(SliceRange(first, last, first, last, first, 0.8) for first, last in runs)
    return Finding(name.lower(), name, GREY, 0.4, probability, shown, 0.8 if shown else 0.1, 0.5)


def test_what_scans_have_comes_before_what_they_may_have():
    readings = (SliceReading(1, 0.0, 90.0, (0.1,) * 4, (0.1,) * 4), SliceReading(2, 5.0, 0.0))
    diseases = (
        disease("Reticulation", 0.3, (2, 2)),
        disease("Honeycombing", 0.02),
        disease("Emphysema", 0.97, (1, 3), (8, 9)),
        disease("Consolidation", 0.6),
    )
    data = {"findings": to_plain(Findings(readings, diseases)), "warnings": ["It is thick"]}
    assert summary_of_detection(data).splitlines() == [
        "Emphysema (0.97): slices 1–3, 8–9.",
        "Reticulation (doubtful, 0.30): slices 2.",
        "Not seen: honeycombing, consolidation.",
        "1 of 2 slices lie in or near the lungs.",
        "Note: It is thick.",
    ]


def test_a_scan_of_an_earlier_scene_has_what_any_slice_shows():
    data = to_plain(Findings((), (disease("Emphysema", 0.3, (2, 2)),)))
    for one in data["diseases"]:
        del one["highest"], one["scan_threshold"]
    said = summary_of_detection({"findings": data, "warnings": []})
    assert said.startswith("Emphysema (0.30): slices 2.")
