"""How long the stages of a run take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timezone


@dataclass
class Stopwatch:
    """When a run began and how long its stages took, in seconds."""

    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, stage: str) -> None:
        """Credit the time since the last lap to `stage`."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
