"""Words for many CTs at once."""

from __future__ import annotations

from LungCAD.panels.case_folder import Words, summary
from LungCAD.worker import JobResult


def summary_of(result: JobResult) -> str:
    """Return as rich text how many scans were used, which were not, and where their table is."""
    data = result.data
    used = f"{data['scans'] - len(data['failed'])} of {data['scans']} scans."
    return summary(used, data["failed"], f"One row per scan: {data['table']}", "the table")


SCANS = Words(
    cases="Scans",
    what="A folder with one folder per scan: DICOM files, or ct.nii.gz, ct.nrrd and the like",
    waiting="Choose the scans and a folder for the results",
    button="Look for disease in all of them",
    effect="A report per scan, and a table with one row per scan",
    summary=summary_of,
    series=True,
)
"""Of the job "detect_folder"."""

SIGN_SCANS = Words(
    cases="Scans",
    what=SCANS.what,
    waiting=SCANS.waiting,
    button="Look for signs in all of them",
    effect=SCANS.effect,
    summary=summary_of,
    series=True,
)
"""Of the job "cpa_folder"."""
