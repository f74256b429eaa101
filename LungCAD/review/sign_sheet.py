"""The reader's sheet: which signs each sixth of the lungs shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LungCAD.labels.sheet import REGIONS, TICKS
from LungCAD.review.agreement import cohens_kappa
from LungCAD.review.ticks import TickReview, restore_ticks

LEDGER = "regions.jsonl"
"""Name in the folder of a review; other reviews of the scan keep ledgers of their own beside it."""


@dataclass(frozen=True)
class SheetAgreement:
    """Reader and method, over the signs of the regions that both judged.

    compared : pairs of region and sign. agreed : those on which both say the same. kappa : Cohen's, None
    where it is not defined (nothing to compare, or both always say the same one thing).
    """

    compared: int
    agreed: int
    kappa: float | None


class SignSheet(TickReview[str]):
    """An open sheet of one scan; places are `REGIONS`, and `TICKS` are asked for.

    Parameters
    ----------
    folder : is made with the first tick where it is missing. Others and errors as `TickReview`.

    Example
    -------
    >>> sheet = SignSheet(folder, "case-1a2b", "AB")  # doctest: +SKIP
    >>> sheet.judge("left_upper", {"cavity", "fungus_ball"})  # doctest: +SKIP
    """

    def __init__(self, folder: Path | str, case: str, reviewer: str, model: str = "") -> None:
        super().__init__(Path(folder) / LEDGER, case, reviewer, TICKS, model)

    def order(self, place: str) -> int:
        """Return the region's place on the sheet."""
        if place not in REGIONS:
            raise ValueError(f"region: {place!r} is none of {', '.join(REGIONS)}")
        return REGIONS.index(place)

    def agreement(self, said: Mapping[tuple[str, str], bool]) -> SheetAgreement:
        """Compare with what a method says: whether a (region, sign) shows it."""
        pairs = [
            (sign in self._judgements[region], present)
            for (region, sign), present in said.items()
            if region in self._judgements
        ]
        joint = np.zeros((2, 2))
        for reader, method in pairs:
            joint[int(reader), int(method)] += 1
        return SheetAgreement(len(pairs), int(joint.trace()), cohens_kappa(joint))


def restore_sheet(text: str, folder: Path | str, case: str, reviewer: str) -> None:
    """Put a ledger that a scene carries into a folder that lacks it (`restore_ticks`)."""
    restore_ticks(text, Path(folder) / LEDGER, case, reviewer)
