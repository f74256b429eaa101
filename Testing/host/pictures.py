"""Pictures of panels and slice views, for tests and for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer

from Testing.host import themes


def grab(widget: Any, path: Path | str, width: int = 400, theme: str = "light") -> Path:
    """Save a picture of a panel (module widget, its parent, or any Qt widget) at its full height."""
    picture(widget, width, theme).save(str(path))
    return Path(path)


def slice_view(path: Path | str, name: str = "Red", size: tuple[int, int] = (600, 600)) -> Path:
    """Save a picture of a slice view ("Red", "Green", "Yellow"), width x height pixels."""
    slice_picture(name, size).save(str(path))
    return Path(path)


def side_by_side(
    widget: Any, path: Path | str, width: int = 400, view: str = "Red", theme: str = "light"
) -> Path:
    """Save a picture of the panel with a slice view to its right, both of the panel's height."""
    panel = picture(widget, width, theme)
    image = slice_picture(view, (panel.height(), panel.height()))
    both = qt.QPixmap(panel.width() + image.width(), panel.height())
    painter = qt.QPainter(both)
    painter.drawPixmap(0, 0, panel)
    painter.drawImage(panel.width(), 0, image)
    painter.end()
    both.save(str(path))
    return Path(path)


MOST_CHANGES = 10
"""Of a panel's height until it is drawn as it is."""


def picture(widget: Any, width: int = 400, theme: str = "light") -> qt.QPixmap:
    """The panel as a user sees it in a module column of that width, scrolled through to its end."""
    shown = widget if isinstance(widget, qt.QWidget) else widget.parent
    with themes.applied(theme):
        # The theme changes what fits, and so does what a panel writes when it comes to look at its inputs.
        for change in range(MOST_CHANGES):
            # Slicer's panel column goes by height for width.
            height = shown.heightForWidth(width) if shown.hasHeightForWidth() else shown.sizeHint().height()
            if change > 1 and (shown.width, shown.height) == (width, height):
                break
            shown.resize(width, height)
            shown.show()
            slicer.app.processEvents()
            # Timers come last: what a text that they wrote asks of the layout is still waiting.
            qt.QCoreApplication.sendPostedEvents()
        return shown.grab()


def slice_picture(name: str = "Red", size: tuple[int, int] = (600, 600)) -> qt.QImage:
    return slicer.app.layoutManager().sliceWidget(name).sliceView()._picture(*size)
