"""One line of the ledger: what happened, when, by whom, and what the mask was afterwards."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import Enum

VERSION = 1
"""Of the line format; a reader refuses what is newer than it knows."""


class Kind(str, Enum):
    """What an entry records."""

    PROPAGATE = "propagate"
    """An algorithm gave a new result: `object` holds its labels and provenance."""
    EDIT = "edit"
    """The reader changed labels: `object` holds the changed voxels."""
    REVERT = "revert"
    """The reader undid a propagation: the masks are again those after entry number `to`."""
    DECISION = "decision"
    COMMENT = "comment"


class Decision(str, Enum):
    """What a reader says of one slice."""

    ACCEPT = "accept"
    REJECT = "reject"
    NEEDS_EDIT = "needs edit"


@dataclass(frozen=True)
class Facts:
    """What a resumed review must know of a result.

    schema : name of the label schema. values : its label values. voxel_ml : volume of a voxel.
    scores : per ordering, such as "uncertainty", one number per slice; see `LungCAD.review.worklist`.
    """

    schema: str
    values: tuple[int, ...]
    voxel_ml: float
    scores: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Entry:
    """One entry; fields that its kind does not use are None.

    number : 1 for the first entry of a ledger. when : UTC, ISO 8601.
    reviewer : as the reader wrote it. case : pseudonym of the scan.
    mask : SHA-256 of the labels after this entry (see `Masks.digest`).
    model, parameters : what made the labels: its name, and the SHA-256 of its parameters.
    slice : counted from 0 along the stack; slice_mask : SHA-256 of its labels.
    object : SHA-256 of the file with the voxels. voxels : how many of them an edit changed.
    to : of a revert.
    facts : of a propagation.
    """

    number: int
    when: str
    reviewer: str
    case: str
    kind: Kind
    mask: str
    model: str
    parameters: str
    slice: int | None = None
    slice_mask: str | None = None
    decision: Decision | None = None
    text: str | None = None
    object: str | None = None
    voxels: int | None = None
    to: int | None = None
    facts: Facts | None = None

    def to_json(self, previous: str) -> str:
        """Return the entry as one line without its end; `previous` is the SHA-256 of the line before."""
        fields = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        return json.dumps({"version": VERSION, **fields, "previous": previous}, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> tuple[Entry, str]:
        """Return the entry of a line, and the SHA-256 of the line before.

        Raises
        ------
        ValueError
            The line is no entry, or of a newer version; says what is wrong.
        """
        fields = json.loads(line)
        version = fields.pop("version", None) if isinstance(fields, dict) else None
        if not isinstance(version, int):
            raise ValueError("is no entry of a review ledger")
        if version > VERSION:
            raise ValueError("was written by a newer LungCAD")
        try:
            previous = fields.pop("previous")
            fields["kind"] = Kind(fields["kind"])
            if "decision" in fields:
                fields["decision"] = Decision(fields["decision"])
            if "facts" in fields:
                fields["facts"] = _facts(fields["facts"])
            return cls(**fields), previous
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"has missing or unknown fields ({error})") from error


def _facts(fields: dict) -> Facts:
    scores = {name: tuple(numbers) for name, numbers in fields["scores"].items()}
    return Facts(**{**fields, "values": tuple(fields["values"]), "scores": scores})
