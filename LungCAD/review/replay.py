"""From the ledger and the voxel files to the present state, and to any earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from LungCAD.errors import InputError
from LungCAD.review.entry import Entry, Kind
from LungCAD.review.masks import Masks
from LungCAD.review.state import State
from LungCAD.review.voxel_files import VoxelFiles
from LungCAD.steps import Steps, finish


def replay(entries: Sequence[Entry], files: VoxelFiles) -> State:
    """Return the state after these entries.

    Raises
    ------
    InputError
        A file of voxels is missing or damaged, or the labels are not those that the last entry names.
    ValueError
        There is no propagation among the entries.
    """
    return finish(replay_in_steps(entries, files))


def replay_in_steps(entries: Sequence[Entry], files: VoxelFiles) -> Steps[State]:
    """Do as `replay`, yielding fractions."""
    masks, propagation = yield from masks_after_in_steps(entries, files)
    if masks.digest != entries[-1].mask:
        raise InputError(files.folder, "does not fit the ledger", "Restore both from the same backup")
    judgements = {entry.slice: entry for entry in entries if entry.kind is Kind.DECISION}
    comments = tuple(entry for entry in entries if entry.kind is Kind.COMMENT)
    return State(masks, judgements, comments, propagation)


def masks_after(entries: Sequence[Entry], files: VoxelFiles) -> tuple[Masks, int]:
    """Return the masks after these entries, and the number of the propagation that they are edits of.

    Raises as `replay` does.
    """
    return finish(masks_after_in_steps(entries, files))


def masks_after_in_steps(entries: Sequence[Entry], files: VoxelFiles) -> Steps[tuple[Masks, int]]:
    """Do as `masks_after`, yielding fractions."""
    start = next((e for e in reversed(entries) if e.kind in (Kind.PROPAGATE, Kind.REVERT)), None)
    if start is None:
        raise ValueError("entries: there is no propagation among them")
    if start.kind is Kind.REVERT:
        masks, propagation = yield from masks_after_in_steps(entries[: start.to], files)
    else:
        arrays = yield from files.get_in_steps(start.object)
        masks, propagation = (yield from Masks.of_in_steps(**arrays)), start.number
    edits = []
    for entry in entries[start.number :]:
        if entry.kind is Kind.EDIT:
            edits.append(unpack_edit(files.get(entry.object)))
            yield 1.0
    if edits:  # all at once: where voxels were edited twice, the later edit holds
        masks = masks.edited(*(np.concatenate([edit[name] for edit in edits]) for name in ("index", "value")))
    return masks, propagation


def labels_after_each(entries: Sequence[Entry], files: VoxelFiles, since: int) -> Iterator[np.ndarray]:
    """Yield the labels after every entry that follows that of number `since`, always in the same array.

    Raises as `replay` does.
    """
    labels = masks_after(entries[:since], files)[0].labels.copy()
    for entry in entries[since:]:
        if entry.kind is Kind.EDIT:
            edit = unpack_edit(files.get(entry.object))
            labels.reshape(-1)[edit["index"]] = edit["value"]
        elif entry.kind in (Kind.PROPAGATE, Kind.REVERT):
            labels[...] = masks_after(entries[: entry.number], files)[0].labels
        yield labels


def before_propagation(entries: Sequence[Entry], digest: str, propagation: int) -> int | None:
    """Return the last entry after which the labels had this digest, if they came of another propagation.

    None where no entry had them, or the last that had them belongs to the propagation of this number.
    """
    governing: list[int] = []
    for entry in entries:
        before = entry.to or len(governing)
        governing.append(entry.number if entry.kind is Kind.PROPAGATE else governing[before - 1])
    same = [entry.number for entry in entries if entry.mask == digest]
    return same[-1] if same and governing[same[-1] - 1] != propagation else None


def pack_edit(index: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
    """Return an edit as arrays to store: steps between ascending flat indices compress well."""
    return {"step": np.diff(index, prepend=0).astype(np.uint32), "value": value.astype(np.uint8)}


def unpack_edit(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return flat indices (int64) and values of a stored edit."""
    return {"index": np.cumsum(arrays["step"], dtype=np.int64), "value": arrays["value"]}
