"""Combo boxes with what may be shown, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NOTHING = "None"


def offer(box: Any, names: Iterable[str], chosen: int = 0) -> None:  # noqa: ANN401 - a combo box
    """Put names into a combo box, after the choice of nothing, and choose one, telling nobody."""
    blocked = box.blockSignals(True)
    box.clear()
    for name in (NOTHING, *names):
        box.addItem(name)
    box.currentIndex = chosen
    box.blockSignals(blocked)
