"""The review of one case: every act of the reader is on the disk before it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.files import make_folder
from LungCAD.labels import BACKGROUND, UNTOUCHED
from LungCAD.review.entry import Decision, Entry, Facts, Kind
from LungCAD.review.ledger import Ledger
from LungCAD.review.masks import Masks
from LungCAD.review.replay import (
    before_propagation,
    labels_after_each,
    masks_after,
    masks_after_in_steps,
    pack_edit,
    replay_in_steps,
)
from LungCAD.review.state import State
from LungCAD.review.voxel_files import VoxelFiles
from LungCAD.steps import Steps, finish, slabs

LEDGER, VOXELS = "ledger.jsonl", "voxels"
"""Names in the folder of a review."""


@dataclass(frozen=True)
class Edit:
    """What came of an edit.

    labels : the present labels (slices, rows, columns), with what was drawn put back.
    changed : voxels that differ from before. drawn : voxels of drawn regions that were put back.
    """

    labels: np.ndarray
    changed: int
    drawn: int


class Review:
    """An open review; made by `Review.begin` or `Review.resume`.

    Arrays are (slices, rows, columns). Decisions count while the slice looks as it did when it was judged:
    a slice that has changed since is open again.

    Example
    -------
    >>> review = Review.begin(folder, labels, provenance, facts, case="case-1a2b", reviewer="AB")
    >>> review.decide(34, Decision.ACCEPT)
    >>> review.edit(painted)
    >>> session.update(review.state.constraints)
    """

    def __init__(self, folder: Path, case: str, reviewer: str) -> None:
        self.folder, self.case, self.reviewer = folder, case, reviewer
        self._ledger, self._files = Ledger(folder / LEDGER), VoxelFiles(folder / VOXELS)
        self._state: State | None = None

    @classmethod
    def begin(
        cls,
        folder: Path | str,
        labels: np.ndarray,
        provenance: np.ndarray,
        facts: Facts,
        *,
        case: str,
        reviewer: str,
        model: str = "",
        parameters: str = "",
    ) -> Review:
        """Begin the review of a result in a new folder.

        Parameters
        ----------
        labels, provenance : as the task gave them.
        case : pseudonym of the scan; never a patient's name or number.
        model, parameters : name of what made the labels, and the SHA-256 of its parameters.

        Raises
        ------
        InputError
            The folder holds a review already, or cannot be written.
        ValueError
            The arrays do not fit each other, or labels hold values that `facts` does not name.
        """
        made = {"case": case, "reviewer": reviewer, "model": model, "parameters": parameters}
        return finish(cls.begin_in_steps(folder, labels, provenance, facts, **made))

    @classmethod
    def begin_in_steps(
        cls,
        folder: Path | str,
        labels: np.ndarray,
        provenance: np.ndarray,
        facts: Facts,
        *,
        case: str,
        reviewer: str,
        model: str = "",
        parameters: str = "",
    ) -> Steps[Review]:
        """Do as `begin`, yielding fractions."""
        folder = Path(folder)
        make_folder(folder)
        review = cls(folder, case, reviewer)
        if review.entries:
            raise InputError(folder, "holds a review already", "Resume it, or choose another folder")
        yield from review.propagated_in_steps(labels, provenance, facts, model=model, parameters=parameters)
        return review

    @classmethod
    def resume(cls, folder: Path | str, reviewer: str) -> Review:
        """Open a review where it was left, after a crash too.

        Raises
        ------
        InputError
            There is no review in the folder, or its files are damaged; says which.
        """
        return finish(cls.resume_in_steps(folder, reviewer))

    @classmethod
    def resume_in_steps(cls, folder: Path | str, reviewer: str) -> Steps[Review]:
        """Do as `resume`, yielding fractions."""
        entries = Ledger(Path(folder) / LEDGER).entries
        if not entries:
            raise InputError(folder, "holds no review", "Choose the folder of a review")
        review = cls(Path(folder), entries[0].case, reviewer)
        review._state = yield from replay_in_steps(entries, review._files)
        return review

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The ledger so far."""
        return self._ledger.entries

    @property
    def digest(self) -> str:
        """SHA-256 of the ledger's last line, which stands for all lines before it."""
        return self._ledger.digest

    @property
    def is_current(self) -> bool:
        """Whether the ledger on the disk is as this review left it."""
        return self._ledger.is_current

    @property
    def state(self) -> State:
        """Labels, decisions and comments now."""
        return self._state

    @property
    def facts(self) -> Facts:
        """What is known of the result under review."""
        return self.entries[self.state.propagation - 1].facts

    @property
    def is_corrected(self) -> bool:
        """Whether the labels are other than the last propagation gave them."""
        return self.state.masks.digest != self.entries[self.state.propagation - 1].mask

    @property
    def before(self) -> np.ndarray:
        """The labels before the last propagation; those that it gave where it was the first."""
        earlier = self.entries[: self.state.propagation - 1]
        return masks_after(earlier, self._files)[0].labels if earlier else self.state.masks.result

    def after(self, number: int) -> np.ndarray:
        """Return the labels after the entry of this number."""
        return masks_after(self.entries[:number], self._files)[0].labels

    def had(self, labels: np.ndarray, where: np.ndarray, since: int) -> bool:
        """Tell whether some entry after that of number `since` left these labels at these voxels.

        where : bool, of the shape of labels. Drawn voxels do not count: they never take another label.
        """
        index = np.flatnonzero(where)
        index = index[~self.state.masks.drawn(index)]
        said = labels.reshape(-1)[index]
        later = labels_after_each(self.entries, self._files, since)
        return any(np.array_equal(present.reshape(-1)[index], said) for present in later)

    def decide(self, number: int, decision: Decision) -> None:
        """Record what the reader says of a slice; ValueError where there is no such slice or decision."""
        self._require_slice(number)
        slice_mask = self.state.masks.slice_digests[number]
        self._record(Kind.DECISION, slice=number, slice_mask=slice_mask, decision=Decision(decision))

    def comment(self, number: int, text: str) -> None:
        """Record a remark on a slice; raises ValueError where there is no such slice."""
        self._require_slice(number)
        self._record(Kind.COMMENT, slice=number, text=text)

    def edit(self, labels: np.ndarray) -> Edit:
        """Record the labels as the reader has edited them, whatever tool or undo it was done with.

        Drawn voxels keep what was drawn. Labels that were there before the last propagation are not taken for
        corrections, but for its undoing.

        Raises
        ------
        ValueError
            `labels` has another shape, or values that the schema lacks.
        """
        masks = self.state.masks
        if labels.shape != masks.labels.shape:
            raise ValueError(f"labels has the shape {labels.shape}, not {masks.labels.shape}")
        index, value = masks.difference(labels)
        _require_values(value, self.facts)
        earlier = before_propagation(self.entries, masks.edited(index, value).digest, self.state.propagation)
        if earlier is not None:
            masks, propagation = masks_after(self.entries[:earlier], self._files)
            self._record(Kind.REVERT, masks=masks, propagation=propagation, to=earlier)
            return Edit(masks.labels, len(index), 0)
        return self._correct(index, value)

    def correct_again_in_steps(self, before: Masks) -> Steps[None]:
        """Make the corrections of earlier masks anew where the present ones lack them, yielding fractions.

        So a result that was computed without them does not lose them. What was drawn since stays.
        """
        masks = self.state.masks
        index, value = [], []
        for part in slabs(masks.labels):
            said = before.part(part).corrections.reshape(-1)
            missing = np.flatnonzero((said != UNTOUCHED) & (said != masks.labels[part].reshape(-1)))
            index.append(missing + part.start * masks.labels[0].size)
            value.append(said[missing].astype(np.uint8))
            yield part.stop / len(masks.labels)
        self._correct(np.concatenate(index), np.concatenate(value))

    def finish_propagation_in_steps(self) -> Steps[None]:
        """Do as `correct_again_in_steps` where a crash came between the last propagation and that."""
        if len(self.entries) > 1 and self.entries[-1].kind is Kind.PROPAGATE:
            before, _ = yield from masks_after_in_steps(self.entries[:-1], self._files)
            yield from self.correct_again_in_steps(before)

    def _correct(self, index: np.ndarray, value: np.ndarray) -> Edit:
        masks = self.state.masks
        drawn = masks.drawn(index)
        index, value = index[~drawn], value[~drawn]
        if len(index):
            stored = self._files.put(**pack_edit(index, value))
            self._record(Kind.EDIT, masks=masks.edited(index, value), object=stored, voxels=len(index))
        return Edit(self.state.masks.labels, len(index), int(drawn.sum()))

    def propagated(
        self,
        labels: np.ndarray,
        provenance: np.ndarray,
        facts: Facts,
        *,
        model: str = "",
        parameters: str = "",
    ) -> None:
        """Take a new result under review; arguments and errors as of `begin`.

        Where an accepted slice is as it was, so is its provenance: that it was a constraint of the
        propagation does not make it a correction.
        """
        finish(self.propagated_in_steps(labels, provenance, facts, model=model, parameters=parameters))

    def propagated_in_steps(
        self,
        labels: np.ndarray,
        provenance: np.ndarray,
        facts: Facts,
        *,
        model: str = "",
        parameters: str = "",
    ) -> Steps[None]:
        """Do as `propagated`, yielding fractions; the review has changed after the last step."""
        masks = yield from Masks.of_in_steps(labels, provenance)
        for part in slabs(masks.labels):
            _require_values(masks.labels[part], facts)
            yield part.stop / len(masks.labels)
        if self._state is not None:
            yield from self._keep_accepted(masks)
        arrays = {"labels": masks.result, "provenance": masks.result_provenance}
        stored = yield from self._files.put_in_steps(**arrays)
        self._record(
            Kind.PROPAGATE,
            masks=masks,
            propagation=len(self.entries) + 1,
            object=stored,
            facts=facts,
            model=model,
            parameters=parameters,
        )

    def _keep_accepted(self, masks: Masks) -> Steps[None]:
        """Write the provenance of accepted slices that are as they were into masks that are nobody's yet."""
        present, accepted = self.state.masks, self.state.accepted
        for number in accepted:
            if masks.slice_digests[number] == present.slice_digests[number]:
                before = present.part(slice(number, number + 1))
                masks.result_provenance[number] = before.provenance[0]
            yield number / len(masks.labels)

    def _record(
        self, kind: Kind, *, masks: Masks | None = None, propagation: int | None = None, **fields: object
    ) -> None:
        masks = masks or self.state.masks
        propagation = propagation or self.state.propagation
        if kind is not Kind.PROPAGATE:
            made = self.entries[propagation - 1]
            fields |= {"model": made.model, "parameters": made.parameters}
        entry = Entry(
            number=len(self.entries) + 1,
            when=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            reviewer=self.reviewer,
            case=self.case,
            kind=kind,
            mask=masks.digest,
            **fields,
        )
        self._ledger.append(entry)
        state = self._state or State(masks, {}, (), propagation)
        self._state = state.after(entry, masks, propagation)

    def _require_slice(self, number: int) -> None:
        slices = len(self.state.masks.labels)
        if not 0 <= number < slices:
            raise ValueError(f"number is {number}, but the slices are 0 to {slices - 1}")


def _require_values(labels: np.ndarray, facts: Facts) -> None:
    known = np.zeros(256, bool)
    known[[BACKGROUND, *facts.values]] = True
    if not known[labels].all():
        strange = np.unique(labels[~known[labels]]).tolist()
        raise ValueError(f"labels holds {strange}, which the schema {facts.schema} lacks")
