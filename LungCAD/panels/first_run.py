"""What a panel shows until the packages that LungCAD needs are there: what is missing, and one button."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer

from LungCAD.errors import LungCADError
from LungCAD.mrml import dependencies

TORCH_SIZE = "0.8 GB of disk; several GB where an NVIDIA card is found"
OTHERS_SIZE = "0.2 GB"


class FirstRun:
    """A frame that hides itself once nothing is missing.

    `ready` is called after a successful installation, `about_to_install` before one: nothing may use the
    packages meanwhile.
    """

    def __init__(self, ready: Callable[[], None], about_to_install: Callable[[], None] | None = None) -> None:
        self._ready, self._about_to_install = ready, about_to_install
        self.widget = qt.QFrame()
        self.widget.frameShape = qt.QFrame.StyledPanel
        layout = qt.QVBoxLayout(self.widget)
        self._text = qt.QLabel()
        self._text.wordWrap = True
        layout.addWidget(self._text)
        self.button = qt.QPushButton("Install")
        self.button.clicked.connect(self._install)
        layout.addWidget(self.button)
        self.missing: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Look again at what is missing."""
        self.missing = dependencies.missing()
        self.widget.visible = bool(self.missing)
        self._text.text = explanation(self.missing)

    def _install(self, *_: object) -> None:
        self.button.enabled = False
        self._text.text = "Installing. Slicer does not answer until this is done; it may take minutes."
        slicer.app.processEvents()
        try:
            if self._about_to_install:
                self._about_to_install()
            dependencies.install()
        except LungCADError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - pip fails in many ways, and each must reach the user
            self._fail(f"The installation failed: {error}")
        else:
            self.refresh()
            self._ready()
        finally:
            self.button.enabled = True

    def _fail(self, sentence: str) -> None:
        self._text.text = f"{explanation(self.missing)}\n\n{sentence}"


def explanation(missing: list[str]) -> str:
    """Return in words what will be installed, from where and how large it is."""
    if not missing:
        return ""
    torch = [name for name in missing if name.startswith("torch")]
    others = [name for name in missing if name not in torch]
    parts = []
    if torch:
        parts.append(f"PyTorch, through Slicer's extension of this name ({TORCH_SIZE})")
    if others:
        names = ", ".join(name.split(">")[0] for name in others)
        parts.append(f"{names}, from the Python Package Index (about {OTHERS_SIZE})")
    listed = " and ".join(parts)
    return f"LungCAD needs Python packages that this Slicer does not have yet: {listed}. This happens once."
