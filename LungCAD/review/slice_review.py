"""The review of whole slices: what a reader says each one shows, every word on the disk before it counts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.files import write_text
from LungCAD.review.folders import make_folder
from LungCAD.review.ledger import Ledger, parse

LEDGER = "slices.jsonl"
"""Name in the folder of a review; the review of labels keeps its own ledger beside it."""

VERSION = 1


@dataclass(frozen=True)
class SliceJudgement:
    """One line of the ledger.

    number : 1 for the first. when : UTC, ISO 8601. reviewer : as the reader wrote it. case : pseudonym of
    the scan. model : what made the proposal.
    slice : counted from 1 as the scan stores its slices. diseases : codes that the reader was asked for.
    shown : those that the slice shows, None where the reader takes back what was said.
    """

    number: int
    when: str
    reviewer: str
    case: str
    model: str
    slice: int
    diseases: tuple[str, ...]
    shown: tuple[str, ...] | None

    def to_json(self, previous: str) -> str:
        """Return the judgement as one line without its end; `previous` is the SHA-256 of the one before."""
        fields = {"version": VERSION, **dataclasses.asdict(self), "previous": previous}
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> tuple[SliceJudgement, str]:
        """Return the judgement of a line, and the SHA-256 of the line before.

        Raises
        ------
        ValueError
            The line is no judgement, or of a newer version; says what is wrong.
        """
        fields = json.loads(line)
        version = fields.pop("version", None) if isinstance(fields, dict) else None
        if not isinstance(version, int):
            raise ValueError("is no judgement of a slice")
        if version > VERSION:
            raise ValueError("was written by a newer LungCAD")
        try:
            previous = fields.pop("previous")
            fields["diseases"] = tuple(fields["diseases"])
            fields["shown"] = None if fields["shown"] is None else tuple(fields["shown"])
            return cls(**fields), previous
        except (KeyError, TypeError) as error:
            raise ValueError(f"has missing or unknown fields ({error})") from error


class SliceReview:
    """An open review of one scan: begun in an empty folder, gone on with in one that holds its ledger.

    Parameters
    ----------
    folder : is made with the first judgement where it is missing.
    case : pseudonym of the scan. reviewer : who reads. diseases : codes to be judged.
    model : name of what made the proposal.

    Raises
    ------
    InputError
        The ledger there is damaged, or of another scan or other diseases.

    Example
    -------
    >>> review = SliceReview(folder, "case-1a2b", "AB", ("ground_glass", "emphysema"))  # doctest: +SKIP
    >>> review.judge(34, {"emphysema"})  # doctest: +SKIP
    """

    def __init__(
        self, folder: Path | str, case: str, reviewer: str, diseases: Sequence[str], model: str = ""
    ) -> None:
        self.folder, self.case, self.reviewer = Path(folder), case, reviewer
        self.diseases, self.model = tuple(diseases), model
        self._ledger = Ledger(self.folder / LEDGER, SliceJudgement)
        self._judgements: dict[int, frozenset[str]] = {}
        for line in self._ledger.entries:
            if line.case != case:
                raise InputError(
                    self._ledger.path, f"is of another scan, {line.case}", "Choose another folder"
                )
            if set(line.diseases) != set(diseases):
                problem = f"was begun with other diseases: {', '.join(line.diseases)}"
                raise InputError(self._ledger.path, problem, "Review as another reader")
            self._take(line)

    @property
    def entries(self) -> tuple[SliceJudgement, ...]:
        """All lines so far."""
        return self._ledger.entries

    @property
    def text(self) -> str:
        """The ledger as it is in its file."""
        return self._ledger.path.read_text(encoding="utf-8") if self.entries else ""

    @property
    def judgements(self) -> dict[int, frozenset[str]]:
        """What each judged slice shows, by its number, ascending."""
        return dict(sorted(self._judgements.items()))

    def judge(self, slice: int, shown: Collection[str]) -> None:
        """Record which of the diseases a slice shows; what is not among them it does not show.

        Raises
        ------
        ValueError
            `slice` is less than 1, or something in `shown` is none of the diseases.
        InputError
            The folder or the ledger cannot be written.
        """
        if slice < 1:
            raise ValueError(f"slice: is {slice}, less than 1")
        if strange := sorted(set(shown) - set(self.diseases)):
            raise ValueError(f"shown: {', '.join(strange)} is none of {', '.join(self.diseases)}")
        self._record(slice, tuple(code for code in self.diseases if code in shown))

    def take_back(self, slice: int) -> None:
        """Record that the reader says nothing of a slice any more."""
        if slice in self._judgements:
            self._record(slice, None)

    def _record(self, slice: int, shown: tuple[str, ...] | None) -> None:
        line = SliceJudgement(
            number=len(self._ledger.entries) + 1,
            when=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            reviewer=self.reviewer,
            case=self.case,
            model=self.model,
            slice=slice,
            diseases=self.diseases,
            shown=shown,
        )
        make_folder(self.folder)
        self._ledger.append(line)
        self._take(line)

    def _take(self, line: SliceJudgement) -> None:
        if line.shown is None:
            self._judgements.pop(line.slice, None)
        else:
            self._judgements[line.slice] = frozenset(line.shown)


def restore_slices(text: str, folder: Path | str, reviewer: str) -> None:
    """Put a ledger from its text, as a scene carries it, into a folder that lacks it or its last lines.

    What is on the disk is the truth: a ledger that says something else stays, and so does any where the text
    is of another reader.

    Raises
    ------
    InputError
        The text is damaged, or the folder cannot be written.
    """
    path = Path(folder) / LEDGER
    entries, _ = parse(text, "The review in the scene", SliceJudgement)
    present = Ledger(path, SliceJudgement).entries
    mine = all(line.reviewer == reviewer for line in entries)
    if mine and len(present) < len(entries) and tuple(entries[: len(present)]) == present:
        make_folder(path.parent)
        write_text(path, text, overwrite=True)
