"""Paint the icons: every SVG of the extension and its modules as a PNG of 128 pixels beside it.

To be run again when a drawing has changed; Slicer reads the PNG.
"""

from __future__ import annotations

import os
from pathlib import Path

from LungCAD.files import atomic_path

ROOT = Path(__file__).resolve().parents[1]
SIZE = 128


def paint(drawing: Path, picture: Path) -> None:
    """Render the SVG file `drawing` with a transparent background."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(drawing)).render(painter)
    painter.end()
    with atomic_path(picture, overwrite=True) as temporary:
        if not image.save(str(temporary), "PNG"):
            raise OSError(f"{picture} could not be written")


def main() -> None:
    """Render the icons of the extension and of every module."""
    for drawing in sorted([*ROOT.glob("Resources/Icons/*.svg"), *ROOT.glob("*/Resources/Icons/*.svg")]):
        paint(drawing, drawing.with_suffix(".png"))
        print(f"Wrote {drawing.with_suffix('.png').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
