"""What a review has come to: labels, decisions, comments, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LungCAD.labels import ACCEPTED, Provenance
from LungCAD.review.entry import Decision, Entry, Kind
from LungCAD.review.masks import Masks
from LungCAD.steps import Steps, finish, slabs


@dataclass(frozen=True)
class State:
    """All that the ledger says.

    masks : labels and where they come from.
    judgements : the last decision on every slice that has one; it counts while the slice looks as it did.
    comments : in the order they were made.
    propagation : number of the entry whose result `masks` are edits of.
    """

    masks: Masks
    judgements: dict[int, Entry]
    comments: tuple[Entry, ...]
    propagation: int

    def after(self, entry: Entry, masks: Masks, propagation: int) -> State:
        """Return the state that `entry`, with these masks, leads to."""
        judgements, comments = self.judgements, self.comments
        if entry.kind is Kind.DECISION:
            judgements = {**judgements, entry.slice: entry}
        if entry.kind is Kind.COMMENT:
            comments = (*comments, entry)
        return State(masks, judgements, comments, propagation)

    def decision(self, number: int) -> Decision | None:
        """Return what the reader said of a slice, or None where its labels have changed since."""
        judgement = self.judgements.get(number)
        if judgement is None or judgement.slice_mask != self.masks.slice_digests[number]:
            return None
        return judgement.decision

    @property
    def accepted(self) -> tuple[int, ...]:
        """The slices that are accepted as they are now, ascending."""
        return tuple(n for n in sorted(self.judgements) if self.decision(n) is Decision.ACCEPT)

    @property
    def constraints(self) -> np.ndarray:
        """What the next propagation has to keep, int16: corrections, and accepted slices as they are.

        The label of a corrected voxel, 0 where it was erased; ACCEPTED and the label (0 where undecided)
        of the others in accepted slices; else UNTOUCHED.
        """
        return finish(self.constraints_in_steps())

    def constraints_in_steps(self) -> Steps[np.ndarray]:
        """Do as `constraints`, yielding fractions."""
        constraints, accepted = np.empty(self.masks.labels.shape, np.int16), set(self.accepted)
        for slices in slabs(constraints):
            masks = self.masks.part(slices)
            constraints[slices], provenance = masks.corrections, masks.provenance
            for number in accepted.intersection(range(slices.start, slices.stop)):
                origin, labels = provenance[number - slices.start], self.masks.labels[number]
                seen = ~np.isin(origin, (Provenance.NONE, Provenance.DRAWN, Provenance.CORRECTED))
                constraints[number][seen] = labels[seen] + np.int16(ACCEPTED)
            yield slices.stop / len(constraints)
        return constraints
