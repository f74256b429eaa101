"""Work in steps between the turns of the event loop: Python threads would starve in Slicer."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

import qt

TURN_S = 0.015
"""Steps are taken for so long, then the user's events have their turn."""

Outcome = TypeVar("Outcome")


class Turns(Generic[Outcome]):
    """Runs a generator; calls `ended` with what it returns, or `failed` with the error that it raises."""

    def __init__(
        self,
        steps: Generator[object, None, Outcome],
        ended: Callable[[Outcome], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._steps, self._ended, self._failed = steps, ended, failed
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def stop(self) -> None:
        """Go no further; nobody is called any more."""
        self._timer.stop()
        self._steps.close()

    def _turn(self) -> None:
        until = time.monotonic() + TURN_S
        try:
            while time.monotonic() < until:
                next(self._steps)
        except StopIteration as end:
            self._timer.stop()
            self._ended(end.value)
        except Exception as error:  # noqa: BLE001 - handed on; raised here it would end in the event loop
            self._timer.stop()
            self._failed(error)
