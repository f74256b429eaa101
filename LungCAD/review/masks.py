"""The labels under review: what an algorithm gave, and what the reader made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from LungCAD.labels import UNTOUCHED, Provenance
from LungCAD.steps import Steps, copy_in_chunks, finish


@dataclass(frozen=True)
class Masks:
    """Arrays (slices, rows, columns) uint8; treat them as read-only.

    result, result_provenance : labels of the last propagation, and where they came from.
    labels : the same as the reader has edited them.
    slice_digests : SHA-256 of the labels of every slice.
    slice_voxels : number of voxels per slice that are lung or carry a label.
    """

    result: np.ndarray
    result_provenance: np.ndarray
    labels: np.ndarray
    slice_digests: tuple[str, ...]
    slice_voxels: tuple[int, ...]

    @classmethod
    def of(cls, labels: np.ndarray, provenance: np.ndarray) -> Masks:
        """Return the masks of a result that nobody has edited.

        Raises
        ------
        ValueError
            The arrays are not 3-D or of different shape.
        """
        return finish(cls.of_in_steps(labels, provenance))

    @classmethod
    def of_in_steps(cls, labels: np.ndarray, provenance: np.ndarray) -> Steps[Masks]:
        """Do as `of`, yielding fractions."""
        if labels.ndim != 3 or labels.shape != provenance.shape:
            raise ValueError(f"labels {labels.shape} and provenance {provenance.shape} must be 3-D and alike")
        copies = []
        for array in (labels, provenance):
            copies.append(np.empty(array.shape, np.uint8))
            yield from copy_in_chunks(array, copies[-1])
        digests, voxels = [], []
        for label_plane, provenance_plane in zip(*copies, strict=True):
            digests.append(_digest(label_plane))
            voxels.append(int(np.count_nonzero(provenance_plane)))
            yield len(digests) / len(labels)
        return cls(copies[0], copies[1], copies[0], tuple(digests), tuple(voxels))

    def part(self, slices: slice) -> Masks:
        """Return views of some of the slices."""
        arrays = (array[slices] for array in (self.result, self.result_provenance, self.labels))
        return Masks(*arrays, self.slice_digests[slices], self.slice_voxels[slices])

    @property
    def provenance(self) -> np.ndarray:
        """Where the labels come from, values of `Provenance`: an edit that is undone leaves no trace."""
        provenance = self.result_provenance.copy()
        provenance[self.labels != self.result] = Provenance.CORRECTED
        return provenance

    @property
    def corrections(self) -> np.ndarray:
        """Int16: the label that a corrected voxel has, 0 where erased, UNTOUCHED elsewhere."""
        corrected = (self.labels != self.result) | (self.result_provenance == Provenance.CORRECTED)
        corrections = np.full(self.labels.shape, UNTOUCHED, np.int16)
        corrections[corrected] = self.labels[corrected]
        return corrections

    @property
    def digest(self) -> str:
        """SHA-256 of the labels: of the digests of all slices."""
        return sha256("".join(self.slice_digests).encode()).hexdigest()

    def difference(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where `labels` differ, as flat indices (n,) int64 ascending, and their values (n,) uint8."""
        changed = np.flatnonzero(labels.reshape(-1) != self.labels.reshape(-1))
        return changed, labels.reshape(-1)[changed].astype(np.uint8)

    def drawn(self, index: np.ndarray) -> np.ndarray:
        """Tell at which flat indices the reader drew before the propagation: these keep their label."""
        return self.result_provenance.reshape(-1)[index] == Provenance.DRAWN

    def edited(self, index: np.ndarray, value: np.ndarray) -> Masks:
        """Return the masks with other labels at flat indices."""
        labels = self.labels.copy()
        labels.reshape(-1)[index] = value
        digests, voxels = list(self.slice_digests), list(self.slice_voxels)
        for number in np.unique(index // labels[0].size):
            digests[number] = _digest(labels[number])
            seen = (self.result_provenance[number] > 0) | (labels[number] > 0)
            voxels[number] = int(np.count_nonzero(seen))
        return replace(self, labels=labels, slice_digests=tuple(digests), slice_voxels=tuple(voxels))


def _digest(plane: np.ndarray) -> str:
    return sha256(str(plane.shape).encode() + plane.tobytes()).hexdigest()
