"""What must be set before Qt and VTK are loaded, so that both draw without a screen."""

from __future__ import annotations

import os

VARIABLES = {
    "QT_QPA_PLATFORM": "offscreen",
    "PYSIDE6_OPTION_PYTHON_ENUM": "0x02",  # enums are ints, as in PythonQt
    "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
    "QT_LOGGING_RULES": "qt.qpa.*=false",
}


def prepare() -> None:
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
