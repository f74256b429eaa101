# ruff: noqa: E402 - there is no slicer to import before the host has started
"""Paint pictures of the module ILD detection: its panel beside slice views, as Slicer draws them.

    python -m Testing.documentation_detection [CT FILE]

Without further words the screenshot and the thumbnail that are shipped, on a phantom; with them, FILE-light
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
from LungCAD.panels.sample_data import SCAN_NAME, load_phantom_scan
from Testing.documentation_panels import LUNG_WINDOW, PANEL_PX, ROOT, save, wait_until

MODULE = "ILDDetection"
SCREENSHOT = ROOT / "Resources" / "Screenshots" / f"{MODULE}.png"
THUMBNAIL = ROOT / MODULE / "Resources" / "Icons" / f"{SCAN_NAME}.png"
THUMBNAIL_PX = (260, 280)


def detect(panel: Any, ct: Any) -> None:
    """Do what a user does: choose the CT, apply, wait; the surest slice is shown."""
    ct.CreateDefaultDisplayNodes()
    ct.GetDisplayNode().AutoWindowLevelOff()
    ct.GetDisplayNode().SetWindowLevelMinMax(*LUNG_WINDOW)
    panel.node.ct = ct
    panel.refresh()
    panel.jobBar.apply_button.click()
    wait_until(lambda: not panel.jobBar.is_running)
    panel.refresh()
    print(panel.jobBar.status, panel.node.summary, sep="\n")


def view(size: tuple[int, int]) -> qt.QPixmap:
    """Return the axial view of the present slice, fitted to the picture."""
    logic = slicer.app.layoutManager().sliceWidget("Red").sliceLogic()
    offset = logic.GetSliceOffset()
    logic.FitSliceToBackground()
    logic.SetSliceOffset(offset)
    file = Path(slicer.app.temporaryPath) / "view.png"
    host.slice_view(file, size=size)
    return qt.QPixmap(str(file))


def paint(panel: Any, theme: str = "light", scroll: bool = True) -> qt.QPixmap:
    """Return the panel, and to its right the slice with the heat map above the same without it.

    scroll : whether the panel's table has more rows than it shows.
    """
    file = Path(slicer.app.temporaryPath) / "panel.png"
    host.grab(panel, file, PANEL_PX, theme)
    if scroll:
        panel.review.table.go_to(panel.review.table.present)  # only a table that is shown can scroll
        host.grab(panel, file, PANEL_PX, theme)
    column = qt.QPixmap(str(file))
    side = column.height() // 2
    picture = qt.QPixmap(column.width() + side, 2 * side)
    painter = qt.QPainter(picture)
    painter.drawPixmap(0, 0, column)
    shown = panel.ui.heatMapBox.currentIndex
    for number, index in enumerate((shown, 0)):
        panel.ui.heatMapBox.currentIndex = index
        painter.drawPixmap(column.width(), number * side, view((side, side)))
    panel.ui.heatMapBox.currentIndex = shown
    painter.end()
    return picture


if __name__ == "__main__":
    review_settings.remember(review_settings.READER, "Reader")
    review_settings.remember(review_settings.REVIEWS, str(Path(slicer.app.temporaryPath) / "reviews"))
    panel = host.open_module(MODULE)
    panel.node.device = "cpu"
    if len(sys.argv) == 3:
        detect(panel, volume_from_image(read_ct(sys.argv[1]).image, "Chest CT"))
        file = Path(sys.argv[2])
        for theme in ("light", "dark"):
            save(paint(panel, theme), file.with_stem(f"{file.stem}-{theme}"))
    else:
        detect(panel, *load_phantom_scan())
        save(paint(panel), SCREENSHOT)
        panel.ui.heatMapBox.currentIndex = 0
        save(view(THUMBNAIL_PX), THUMBNAIL)
    shared_runner().stop()
