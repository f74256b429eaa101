# ruff: noqa: E402 - there is no slicer to import before the host has started
"""Paint a picture of the module X-ray lung segmentation: its panel beside the film, as Slicer draws them.

    python -m Testing.documentation_film [FILM FILE]

Without further words the screenshot that is shipped, on the phantom's radiograph; with them, FILE-light and
FILE-dark of your own film. To be run again when the panel or the shipped network has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from Testing import host

host.start()

import qt
import SimpleITK as sitk
import slicer

from LungCAD.images import read_radiograph
from LungCAD.mrml.volumes import volume_from_image
from LungCAD.panels import review_settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.sample_data import load_phantom_radiograph
from Testing.documentation_panels import PANEL_PX, ROOT, save, wait_until

MODULE = "XrayLungSeg"
SCREENSHOT = ROOT / "Resources" / "Screenshots" / f"{MODULE}.png"


def segment(panel: Any, film: Any) -> None:
    """Do what a user does: choose the film, apply, wait."""
    panel.node.film = film
    panel.refresh()
    panel.jobBar.apply_button.click()
    wait_until(lambda: not panel.jobBar.is_running)
    panel.refresh()
    print(panel.jobBar.status, panel.node.summary, sep="\n")


def paint(panel: Any, theme: str = "light") -> qt.QPixmap:
    """Return the panel, and to its right the film with the lungs above the same with their probability."""
    panel.ui.probabilityCheckBox.checked = False
    temporary = Path(slicer.app.temporaryPath)
    host.grab(panel, temporary / "panel.png", PANEL_PX, theme)
    column = qt.QPixmap(str(temporary / "panel.png"))
    side = column.height() // 2
    picture = qt.QPixmap(column.width() + side, 2 * side)
    painter = qt.QPainter(picture)
    painter.drawPixmap(0, 0, column)
    for number, with_probability in enumerate((False, True)):
        panel.ui.probabilityCheckBox.checked = with_probability
        slicer.app.layoutManager().sliceWidget("Red").sliceLogic().FitSliceToBackground()
        host.slice_view(temporary / "view.png", size=(side, side))
        painter.drawPixmap(column.width(), number * side, qt.QPixmap(str(temporary / "view.png")))
    painter.end()
    return picture


if __name__ == "__main__":
    review_settings.remember(review_settings.READER, "Reader")
    review_settings.remember(review_settings.REVIEWS, str(Path(slicer.app.temporaryPath) / "reviews"))
    panel = host.open_module(MODULE)
    panel.node.device = "cpu"
    if len(sys.argv) == 3:
        segment(panel, volume_from_image(sitk.JoinSeries([read_radiograph(sys.argv[1])]), "Film"))
        file = Path(sys.argv[2])
        for theme in ("light", "dark"):
            save(paint(panel, theme), file.with_stem(f"{file.stem}-{theme}"))
    else:
        segment(panel, *load_phantom_radiograph())
        save(paint(panel), SCREENSHOT)
    shared_runner().stop()
