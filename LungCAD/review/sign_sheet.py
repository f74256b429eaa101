"""The reader's sheet: which signs each sixth of the lungs shows, every tick on the disk before it counts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.labels.sheet import REGIONS, TICKS
from LungCAD.review.folders import make_folder
from LungCAD.review.ledger import Ledger

LEDGER = "regions.jsonl"
"""Name in the folder of a review; other reviews of the scan keep ledgers of their own beside it."""

VERSION = 1


@dataclass(frozen=True)
class RegionJudgement:
    """One line of the ledger.

    number : 1 for the first. when : UTC, ISO 8601. reviewer : as the reader wrote it. case : pseudonym of
    the scan. model : what made the proposal.
    region : a name in `REGIONS`. shown : those of `TICKS` that it shows, None where the reader takes back
    what was said.
    """

    number: int
    when: str
    reviewer: str
    case: str
    model: str
    region: str
    shown: tuple[str, ...] | None

    def to_json(self, previous: str) -> str:
        """Return the judgement as one line without its end; `previous` is the SHA-256 of the one before."""
        fields = {"version": VERSION, **dataclasses.asdict(self), "previous": previous}
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> tuple[RegionJudgement, str]:
        """Return the judgement of a line, and the SHA-256 of the line before.

        Raises
        ------
        ValueError
            The line is no judgement, or of a newer version; says what is wrong.
        """
        fields = json.loads(line)
        version = fields.pop("version", None) if isinstance(fields, dict) else None
        if not isinstance(version, int):
            raise ValueError("is no judgement of a region")
        if version > VERSION:
            raise ValueError("was written by a newer LungCAD")
        try:
            previous = fields.pop("previous")
            fields["shown"] = None if fields["shown"] is None else tuple(fields["shown"])
            return cls(**fields), previous
        except (KeyError, TypeError) as error:
            raise ValueError(f"has missing or unknown fields ({error})") from error


@dataclass(frozen=True)
class SheetAgreement:
    """Reader and method, over the signs of the regions that both judged.

    compared : pairs of region and sign. agreed : those on which both say the same. kappa : Cohen's, None
    where it is not defined (nothing to compare, or both always say the same one thing).
    """

    compared: int
    agreed: int
    kappa: float | None


class SignSheet:
    """An open sheet of one scan: begun in an empty folder, gone on with in one that holds its ledger.

    Parameters
    ----------
    folder : is made with the first tick where it is missing.
    case : pseudonym of the scan. reviewer : who reads. model : name of what made the proposal.

    Raises
    ------
    InputError
        The ledger there is damaged, or of another scan.

    Example
    -------
    >>> sheet = SignSheet(folder, "case-1a2b", "AB")  # doctest: +SKIP
    >>> sheet.judge("left_upper", {"cavity", "fungus_ball"})  # doctest: +SKIP
    """

    def __init__(self, folder: Path | str, case: str, reviewer: str, model: str = "") -> None:
        self.folder, self.case, self.reviewer, self.model = Path(folder), case, reviewer, model
        self._ledger = Ledger(self.folder / LEDGER, RegionJudgement)
        self._judgements: dict[str, frozenset[str]] = {}
        for line in self._ledger.entries:
            if line.case != case:
                problem = f"is of another scan, {line.case}"
                raise InputError(self._ledger.path, problem, "Choose another folder")
            self._take(line)

    @property
    def entries(self) -> tuple[RegionJudgement, ...]:
        """All lines so far."""
        return self._ledger.entries

    @property
    def judgements(self) -> dict[str, frozenset[str]]:
        """What each judged region shows."""
        return {region: self._judgements[region] for region in REGIONS if region in self._judgements}

    def judge(self, region: str, shown: Collection[str]) -> None:
        """Record what a region shows; what is not among it it does not show.

        Raises
        ------
        ValueError
            `region` is none of `REGIONS`, or something in `shown` is none of `TICKS`.
        InputError
            The folder or the ledger cannot be written.
        """
        if region not in REGIONS:
            raise ValueError(f"region: {region!r} is none of {', '.join(REGIONS)}")
        if strange := sorted(set(shown) - set(TICKS)):
            raise ValueError(f"shown: {', '.join(strange)} is none of {', '.join(TICKS)}")
        self._record(region, tuple(code for code in TICKS if code in shown))

    def take_back(self, region: str) -> None:
        """Record that the reader says nothing of a region any more."""
        if region in self._judgements:
            self._record(region, None)

    def agreement(self, said: Mapping[tuple[str, str], bool]) -> SheetAgreement:
        """Compare with what a method says: whether a (region, sign) shows it."""
        pairs = [
            (sign in self._judgements[region], present)
            for (region, sign), present in said.items()
            if region in self._judgements
        ]
        agreed = sum(reader == method for reader, method in pairs)
        return SheetAgreement(len(pairs), agreed, _kappa(pairs))

    def _record(self, region: str, shown: tuple[str, ...] | None) -> None:
        line = RegionJudgement(
            number=len(self._ledger.entries) + 1,
            when=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            reviewer=self.reviewer,
            case=self.case,
            model=self.model,
            region=region,
            shown=shown,
        )
        make_folder(self.folder)
        self._ledger.append(line)
        self._take(line)

    def _take(self, line: RegionJudgement) -> None:
        if line.shown is None:
            self._judgements.pop(line.region, None)
        else:
            self._judgements[line.region] = frozenset(line.shown)


def _kappa(pairs: list[tuple[bool, bool]]) -> float | None:
    if not pairs:
        return None
    count = len(pairs)
    said = [sum(pair[who] for pair in pairs) / count for who in (0, 1)]
    observed = sum(a == b for a, b in pairs) / count
    chance = said[0] * said[1] + (1 - said[0]) * (1 - said[1])
    return None if chance == 1 else (observed - chance) / (1 - chance)
