# ruff: noqa: E402 - there is no slicer to import before the host has started
"""Paint pictures of the module CPA activation maps: its panel beside slice views, as Slicer draws them.

    python -m Testing.documentation_signs [WEIGHTS CT FILE]

Without further words the screenshot and the thumbnail that are shipped, on a phantom; with them, FILE-light
and FILE-dark of your own networks and scan. To be run again when the panel or the shipped networks change.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from Testing import host

host.start()

import slicer

from LungCAD.images import read_ct
from LungCAD.mrml.volumes import volume_from_image
from LungCAD.panels import review_settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.sample_data import CPA_NAME, load_phantom_aspergillosis
from Testing.documentation_detection import THUMBNAIL_PX, detect, paint, view
from Testing.documentation_panels import ROOT, save

MODULE = "CPAActivationMaps"
SCREENSHOT = ROOT / "Resources" / "Screenshots" / f"{MODULE}.png"
THUMBNAIL = ROOT / MODULE / "Resources" / "Icons" / f"{CPA_NAME}.png"


def show_phantom(panel: Any) -> None:
    """Paint what is shipped."""
    detect(panel, *load_phantom_aspergillosis())
    save(paint(panel, scroll=False), SCREENSHOT)
    panel.ui.heatMapBox.currentIndex = 0
    save(view(THUMBNAIL_PX), THUMBNAIL)


def show_scan(panel: Any, weights: str, ct: Path, file: Path) -> None:
    """Paint a scan in both themes."""
    panel.node.weights = weights
    detect(panel, volume_from_image(read_ct(ct).image, "Chest CT"))
    for theme in ("light", "dark"):
        save(paint(panel, theme, scroll=False), file.with_stem(f"{file.stem}-{theme}"))


if __name__ == "__main__":
    review_settings.remember(review_settings.READER, "Reader")
    review_settings.remember(review_settings.REVIEWS, str(Path(slicer.app.temporaryPath) / "reviews"))
    panel = host.open_module(MODULE)
    panel.node.device = "cpu"
    if len(sys.argv) == 4:
        show_scan(panel, sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        show_phantom(panel)
    shared_runner().stop()
