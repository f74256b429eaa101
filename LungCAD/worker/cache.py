"""What is kept between jobs because it took long to make: networks, and the session of a case."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

Kept = TypeVar("Kept")


class Cache:
    """Keeps the last value of every kind: a session of a large CT holds gigabytes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, object]] = {}

    def has(self, kind: str, key: Hashable) -> bool:
        """Tell whether the value kept of this kind is that of `key`."""
        return kind in self._kept and self._kept[kind][0] == key

    def get(self, kind: str, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return the value of `key`, or make and keep it; the old one goes first, both might not fit."""
        if not self.has(kind, key):
            self.drop(kind)
            self.keep(kind, key, make())
        return self._kept[kind][1]  # type: ignore[return-value]

    def keep(self, kind: str, key: Hashable, value: object) -> None:
        """Keep `value` in the place of what was kept of this kind."""
        self._kept[kind] = (key, value)

    def drop(self, kind: str) -> None:
        """Let go what is kept of this kind."""
        self._kept.pop(kind, None)
