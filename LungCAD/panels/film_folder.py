"""Words for many radiographs at once."""

from __future__ import annotations

from LungCAD.panels.case_folder import Words, summary
from LungCAD.worker import JobResult


def summary_of(result: JobResult) -> str:
    """Return as rich text how many films were used, which were not, and where the report is."""
    data = result.data
    used = f"{data['films'] - len(data['failed'])} films, {data['flagged']} of them to look at."
    return summary(used, data["failed"], f"Report: {data['report']}", "the report")


FILMS = Words(
    cases="Films",
    what="A folder of radiographs; or type the name of a CSV with a column image",
    waiting="Choose the films and a folder for the results",
    button="Find the lungs on all of them",
    effect="Masks, a table and a contact sheet, the films to look at first",
    summary=summary_of,
)
"""Of the job "xray_folder"."""
