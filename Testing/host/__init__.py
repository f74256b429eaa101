"""A small stand-in for the Slicer application: modules run in plain Python, without a screen.

The wheel `slicer-core` gives MRML, the logics, `slicer.util` and the drawing of slices; PySide6 gives Qt.

    from Testing import host
    host.start()
    panel = host.open_module("CRFLabelPropagation")
    host.grab(panel, "panel.png", width=400, theme="dark")
"""

from __future__ import annotations

from typing import Any

from Testing.host.starting import start

_NEED_THE_APPLICATION = {
    "open_module": "modules", "load_module": "modules", "close_module": "modules",
    "grab": "pictures", "slice_view": "pictures", "side_by_side": "pictures",
    "Painter": "painting",
    "press": "keys", "cut_off_texts": "legibility",
    "answering": "pythonqt.dialogs", "fresh_application": "fixture",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """These import Qt and Slicer, so they are looked up once the host has started."""
    if name not in _NEED_THE_APPLICATION:
        raise AttributeError(name)
    from importlib import import_module

    start()
    return getattr(import_module(f"{__name__}.{_NEED_THE_APPLICATION[name]}"), name)


__all__ = ["start", *_NEED_THE_APPLICATION]
