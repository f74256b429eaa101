"""What a reader says of places of a scan by ticks, every one on the disk before it counts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Generic, TypeVar

from LungCAD.errors import InputError
from LungCAD.files import make_folder, write_text
from LungCAD.review.ledger import Ledger, parse
from LungCAD.review.method_folder import folder_name

VERSION = 1

SUBJECT = "The review in the scene"

Place = TypeVar("Place", int, str)
"""A slice by its number, a region by its name."""


@dataclass(frozen=True)
class Judgement(Generic[Place]):
    """One line of the ledger.

    number : 1 for the first. when : UTC, ISO 8601. reviewer : as the reader wrote it. case : pseudonym of
    the scan. model : what made the proposal.
    place : what was judged. asked : codes that the reader was asked for. shown : those that the place shows,
    None where the reader takes back what was said.
    """

    number: int
    when: str
    reviewer: str
    case: str
    model: str
    place: Place
    asked: tuple[str, ...]
    shown: tuple[str, ...] | None

    def to_json(self, previous: str) -> str:
        """Return the judgement as one line without its end; `previous` is the SHA-256 of the one before."""
        fields = {"version": VERSION, **dataclasses.asdict(self), "previous": previous}
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> tuple[Judgement, str]:
        """Return the judgement of a line, and the SHA-256 of the line before.

        Raises
        ------
        ValueError
            The line is no judgement, or of a newer version; says what is wrong.
        """
        fields = json.loads(line)
        version = fields.pop("version", None) if isinstance(fields, dict) else None
        if not isinstance(version, int):
            raise ValueError("is no judgement")
        if version > VERSION:
            raise ValueError("was written by a newer LungCAD")
        try:
            previous = fields.pop("previous")
            fields["asked"] = tuple(fields["asked"])
            fields["shown"] = None if fields["shown"] is None else tuple(fields["shown"])
            return cls(**fields), previous
        except (KeyError, TypeError) as error:
            raise ValueError(f"has missing or unknown fields ({error})") from error


class TickReview(Generic[Place]):
    """An open review of one scan: begun without a ledger, gone on with where there is one.

    Parameters
    ----------
    ledger : the file; it and its folder are made with the first judgement where they are missing.
    case : pseudonym of the scan. reviewer : who reads. asked : codes that the reader is asked for.
    model : name of what made the proposal.

    Raises
    ------
    InputError
        The ledger there is damaged, or of another scan or other codes.
    """

    def __init__(
        self, ledger: Path | str, case: str, reviewer: str, asked: Sequence[str], model: str = ""
    ) -> None:
        self.case, self.reviewer, self.asked, self.model = case, reviewer, tuple(asked), model
        self._ledger = Ledger(ledger, Judgement)
        self._judgements: dict[Place, frozenset[str]] = {}
        for line in self._ledger.entries:
            if line.case != case:
                problem = f"is of another scan, {line.case}"
                raise InputError(self._ledger.path, problem, "Choose another folder")
            if set(line.asked) != set(asked):
                problem = f"was begun with others to tick: {', '.join(line.asked)}"
                raise InputError(self._ledger.path, problem, "Review as another reader")
            self._take(line)

    @property
    def folder(self) -> Path:
        """Where the ledger is."""
        return self._ledger.path.parent

    @property
    def entries(self) -> tuple[Judgement[Place], ...]:
        """All lines so far."""
        return self._ledger.entries

    @property
    def is_current(self) -> bool:
        """Whether the ledger on the disk is as this review left it."""
        return self._ledger.is_current

    @property
    def text(self) -> str:
        """The ledger as it is in its file."""
        return self._ledger.path.read_text(encoding="utf-8") if self.entries else ""

    @property
    def judgements(self) -> dict[Place, frozenset[str]]:
        """What each judged place shows, in the order of the places."""
        return {place: self._judgements[place] for place in sorted(self._judgements, key=self.order)}

    def order(self, place: Place) -> int:
        """Return what places are sorted by; ValueError where it is none."""
        raise NotImplementedError

    def judge(self, place: Place, shown: Collection[str]) -> None:
        """Record what a place shows; of what was asked for and is not in `shown`, it shows nothing.

        Raises
        ------
        ValueError
            There is no such place, or something in `shown` was not asked for.
        InputError
            The folder or the ledger cannot be written.
        """
        self.order(place)
        if strange := sorted(set(shown) - set(self.asked)):
            raise ValueError(f"shown: {', '.join(strange)} is none of {', '.join(self.asked)}")
        self._record(place, tuple(code for code in self.asked if code in shown))

    def take_back(self, place: Place) -> None:
        """Record that the reader says nothing of a place any more."""
        if place in self._judgements:
            self._record(place, None)

    def _record(self, place: Place, shown: tuple[str, ...] | None) -> None:
        line = Judgement(
            number=len(self._ledger.entries) + 1,
            when=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            reviewer=self.reviewer,
            case=self.case,
            model=self.model,
            place=place,
            asked=self.asked,
            shown=shown,
        )
        make_folder(self.folder)
        self._ledger.append(line)
        self._take(line)

    def _take(self, line: Judgement[Place]) -> None:
        if line.shown is None:
            self._judgements.pop(line.place, None)
        else:
            self._judgements[line.place] = frozenset(line.shown)


def restore_ticks(text: str, ledger: Path | str, case: str, reviewer: str) -> None:
    """Put a ledger from its text, as a scene carries it, into a file that lacks it or its last lines.

    What is on the disk is the truth: a ledger that says something else stays, and so does any where the text
    is of another scan or reader. case : pseudonym of the scan.

    Raises
    ------
    InputError
        The text is damaged, or the file cannot be written.
    """
    entries, _ = parse(text, SUBJECT, Judgement)
    present = Ledger(ledger, Judgement).entries
    own = case, folder_name(reviewer)
    mine = all((line.case, folder_name(line.reviewer)) == own for line in entries)
    if mine and len(present) < len(entries) and tuple(entries[: len(present)]) == present:
        make_folder(Path(ledger).parent)
        write_text(ledger, text, overwrite=True)


def reader_folder(text: str) -> str:
    """Return the name of the folder of the reader whose ledger this is, empty of an empty one.

    Raises InputError where the text is damaged.
    """
    entries, _ = parse(text, SUBJECT, Judgement)
    return folder_name(entries[0].reviewer) if entries else ""
