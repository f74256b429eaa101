# ruff: noqa: ANN401 - Slicer's object of a module has no type in Python
"""What every module says of itself."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _


def describe_module(parent: Any, title: str, purpose: str, method: str) -> None:
    """Fill in a module's name, place, help and acknowledgement.

    purpose : sentences for the reader, what goes in and what comes out. method : its publication.
    """
    parent.title = title
    parent.categories = ["Segmentation.LungCAD"]
    parent.dependencies = []
    parent.contributors = ["LungCAD contributors"]
    parent.helpText = purpose + " " + _("A research tool, not a medical device.")
    parent.acknowledgementText = _("Method:") + " " + method
