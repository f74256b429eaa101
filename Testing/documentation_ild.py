# ruff: noqa: E402 - there is no slicer to import before the host has started
"""Paint pictures of the module ILD segmentation: its panel beside slice views, as Slicer draws them.

    python -m Testing.documentation_ild [CT FILE [WEIGHTS]]

Without further words the screenshot and the thumbnail that are shipped, on the phantom; with them FILE-light
and FILE-dark of your own scan. To be run again when the panel or the shipped network has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from Testing import host

host.start()

import qt
import slicer

from LungCAD.images import read_ct
from LungCAD.mrml.volumes import volume_from_image
from LungCAD.panels import review_settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.sample_data import INTERSTITIAL_NAME, load_phantom_ct
from Testing.documentation_panels import LUNG_WINDOW, ROOT, paint, save, wait_until

MODULE = "ILDSegmentation"
SCREENSHOT = ROOT / "Resources" / "Screenshots" / f"{MODULE}.png"
THUMBNAIL = ROOT / MODULE / "Resources" / "Icons" / f"{INTERSTITIAL_NAME}.png"


def tick_uncertainty(panel: Any, shown: bool) -> None:
    """Lay the uncertainty over the CT, or nothing."""
    panel.ui.uncertaintyCheckBox.checked = shown


def segment(panel: Any, ct: Any) -> None:
    """Do what a user does: choose the CT, apply, wait; the review shows the least certain slice."""
    ct.CreateDefaultDisplayNodes()
    ct.GetDisplayNode().AutoWindowLevelOff()
    ct.GetDisplayNode().SetWindowLevelMinMax(*LUNG_WINDOW)
    slicer.util.setSliceViewerLayers(background=ct, fit=True)
    panel.node.ct = ct
    panel.refresh()
    panel.jobBar.apply_button.click()
    wait_until(lambda: not panel.jobBar.is_running)
    panel.refresh()
    print(panel.jobBar.status, panel.node.summary, sep="\n")


if __name__ == "__main__":
    review_settings.remember(review_settings.READER, "Reader")
    review_settings.remember(review_settings.REVIEWS, str(Path(slicer.app.temporaryPath) / "reviews"))
    panel = host.open_module(MODULE)
    panel.node.device = "cpu"
    if len(sys.argv) > 2:
        if len(sys.argv) > 3:
            panel.node.weights = sys.argv[3]
        segment(panel, volume_from_image(read_ct(Path(sys.argv[1])).image, "Chest CT"))
        file = Path(sys.argv[2])
        for theme in ("light", "dark"):
            save(paint(panel, theme, tick_uncertainty), file.with_stem(f"{file.stem}-{theme}"))
    else:
        segment(panel, *load_phantom_ct())
        save(paint(panel, show_uncertainty=tick_uncertainty), SCREENSHOT)
        view = Path(slicer.app.temporaryPath) / "view.png"
        tick_uncertainty(panel, False)
        panel.node.labels.GetDisplayNode().SetVisibility(True)
        host.slice_view(view, size=(260, 280))
        save(qt.QPixmap(str(view)), THUMBNAIL)
    shared_runner().stop()
