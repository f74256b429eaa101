# ruff: noqa: E402 - there is no slicer to import before the host has started
"""Paint pictures of the module CRF label propagation: its panel beside slice views, as Slicer draws them.

    python -m Testing.documentation_panels [CT ROIS SCHEMA FILE]

Without further words the screenshot and the thumbnail that are shipped, on the phantom study; with them a
picture of your own scan and text contours. To be run again when the panel or the method has changed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from Testing import host

host.start()

import qt
import slicer
from PIL import Image

from LungCAD.files import atomic_path
from LungCAD.images import read_ct, read_txt_rois
from LungCAD.labels import load_schema
from LungCAD.mrml.segments import show_labels
from LungCAD.mrml.volumes import volume_from_image
from LungCAD.panels import review_settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.sample_data import load_phantom_study

ROOT = Path(__file__).resolve().parents[1]
MODULE = "CRFLabelPropagation"
SCREENSHOT = ROOT / "Resources" / "Screenshots" / f"{MODULE}.png"
THUMBNAIL = ROOT / MODULE / "Resources" / "Icons" / "LungCADPhantom.png"
PANEL_PX = 400
LUNG_WINDOW = (-1250, 250)


def wait_until(condition: Any) -> None:
    """Let Slicer work until something is the case."""
    while not condition():
        slicer.app.processEvents()
        time.sleep(0.01)


def propagate(panel: Any, ct: Any, rois: Any, schema: str) -> None:
    """Do what a user does: choose, apply, wait; the review shows the least certain slice."""
    ct.GetDisplayNode().AutoWindowLevelOff()
    ct.GetDisplayNode().SetWindowLevelMinMax(*LUNG_WINDOW)
    slicer.util.setSliceViewerLayers(background=ct, fit=True)
    panel.node.ct, panel.node.rois, panel.node.schema = ct, rois, schema
    panel.refresh()
    panel.jobBar.apply_button.click()
    wait_until(lambda: not panel.jobBar.is_running)
    panel.refresh()
    print(panel.jobBar.status, panel.node.summary, sep="\n")


def choose_heat_map(panel: Any, shown: bool) -> None:
    """Lay the uncertainty over the CT, or nothing."""
    panel.ui.heatMapBox.currentIndex = int(shown)


def paint(
    panel: Any, theme: str = "light", show_uncertainty: Callable[[Any, bool], None] = choose_heat_map
) -> qt.QPixmap:
    """Return the panel, and to its right the slice with the labels above the same with the uncertainty."""
    host.grab(panel, Path(slicer.app.temporaryPath) / "panel.png", PANEL_PX, theme)
    column = qt.QPixmap(str(Path(slicer.app.temporaryPath) / "panel.png"))
    side = column.height() // 2
    views = []
    for with_uncertainty in (False, True):
        show_uncertainty(panel, with_uncertainty)
        panel.node.labels.GetDisplayNode().SetVisibility(not with_uncertainty)
        logic = slicer.app.layoutManager().sliceWidget("Red").sliceLogic()
        offset = logic.GetSliceOffset()  # of the slice under review; fitting goes to the middle
        logic.FitSliceToBackground()
        logic.SetSliceOffset(offset)
        file = Path(slicer.app.temporaryPath) / "view.png"
        host.slice_view(file, size=(side, side))
        views.append(qt.QPixmap(str(file)))
    picture = qt.QPixmap(column.width() + side, 2 * side)
    painter = qt.QPainter(picture)
    painter.drawPixmap(0, 0, column)
    for number, view in enumerate(views):
        painter.drawPixmap(column.width(), number * side, view)
    painter.end()
    return picture


def save(picture: qt.QPixmap, path: Path) -> None:
    """Write a PNG in 256 colours: a third of the size, and the colours of the labels stay."""
    with atomic_path(path, overwrite=True) as temporary:
        picture.save(str(temporary), "PNG")
        colors = Image.open(temporary).convert("RGB").quantize(256, kmeans=4, dither=Image.Dither.NONE)
        colors.save(temporary, format="PNG", optimize=True)
    print(f"Wrote {path}")


def paint_phantom() -> None:
    """Paint the screenshot and the thumbnail of the sample data."""
    panel = host.open_module(MODULE)
    ct, rois = load_phantom_study()
    propagate(panel, ct, rois, "gao5")
    save(paint(panel), SCREENSHOT)
    view = Path(slicer.app.temporaryPath) / "view.png"
    panel.ui.heatMapBox.currentIndex = 0
    panel.node.labels.GetDisplayNode().SetVisibility(True)
    host.slice_view(view, size=(260, 280))
    save(qt.QPixmap(str(view)), THUMBNAIL)


def paint_scan(scan: Path, contours: Path, schema: str, path: Path) -> None:
    """Paint the same of a scan on the disk, with text contours as drawn regions."""
    image = read_ct(scan).image
    ct = volume_from_image(image, "Chest CT")
    ct.CreateDefaultDisplayNodes()
    drawn = read_txt_rois(contours, image, load_schema(schema))
    rois = show_labels(drawn, load_schema(schema), ct, name="Drawn regions")
    panel = host.open_module(MODULE)
    propagate(panel, ct, rois, schema)
    for theme in ("light", "dark"):
        save(paint(panel, theme), path.with_stem(f"{path.stem}-{theme}"))


if __name__ == "__main__":
    review_settings.remember(review_settings.READER, "Reader")
    review_settings.remember(review_settings.REVIEWS, str(Path(slicer.app.temporaryPath) / "reviews"))
    if len(sys.argv) == 5:
        paint_scan(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    else:
        paint_phantom()
    shared_runner().stop()
