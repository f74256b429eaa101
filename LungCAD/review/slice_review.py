"""The review of whole slices: what a reader says each one shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from LungCAD.review.ticks import TickReview, restore_ticks

LEDGER = "slices.jsonl"
"""Name in the folder of a review; the review of labels keeps its own ledger beside it."""


class SliceReview(TickReview[int]):
    """An open review of one scan; places are slices, counted from 1 as the scan stores them.

    Parameters
    ----------
    folder : is made with the first judgement where it is missing.
    diseases : codes to be judged. Others and errors as `TickReview`.

    Example
    -------
    >>> review = SliceReview(folder, "case-1a2b", "AB", ("ground_glass", "emphysema"))  # doctest: +SKIP
    >>> review.judge(34, {"emphysema"})  # doctest: +SKIP
    """

    def __init__(
        self, folder: Path | str, case: str, reviewer: str, diseases: Sequence[str], model: str = ""
    ) -> None:
        super().__init__(Path(folder) / LEDGER, case, reviewer, diseases, model)

    @property
    def diseases(self) -> tuple[str, ...]:
        """Codes to be judged."""
        return self.asked

    def order(self, place: int) -> int:
        """Return the slice's number."""
        if place < 1:
            raise ValueError(f"slice: is {place}, less than 1")
        return place


def restore_slices(text: str, folder: Path | str, case: str, reviewer: str) -> None:
    """Put a ledger that a scene carries into a folder that lacks it (`restore_ticks`)."""
    restore_ticks(text, Path(folder) / LEDGER, case, reviewer)
