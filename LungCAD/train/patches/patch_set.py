"""Labelled patches of many patients."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from LungCAD.errors import InputError


@dataclass(frozen=True)
class PatchSet:
    """Patches and what is known of them.

    hu : (N, P, P) int16. labels : (N,) index into `classes`. classes : codes of a label schema.
    patients : (N,) integer, the same for patches that must not be on both sides of a split.
    source : where they come from, a sentence for the model card. synthetic : whether we made them.
    warnings : sentences on what was left out.
    """

    hu: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    patients: np.ndarray
    source: str
    synthetic: bool = False
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.hu)

    @property
    def patch_px(self) -> int:
        """Width of the patches."""
        return self.hu.shape[1]

    @property
    def counts(self) -> dict[str, int]:
        """Patches of each class."""
        counted = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counted.tolist(), strict=True))

    @property
    def sha256(self) -> str:
        """Checksum of pixels, labels and patients."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for array in (self.hu, self.labels, self.patients):
            digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    def take(self, indices: np.ndarray) -> PatchSet:
        """Return the patches at these indices, classes and patients numbered as here."""
        chosen = (array[indices] for array in (self.hu, self.labels, self.patients))
        return replace(self, **dict(zip(("hu", "labels", "patients"), chosen, strict=True)))

    def thinned(self, most: int, seed: int) -> PatchSet:
        """Return at most so many patches of each class and patient, drawn at random, in their own order."""
        rng = np.random.default_rng([seed, len(self)])
        order = rng.permutation(len(self))
        pairs = self.patients[order] * len(self.classes) + self.labels[order]
        by_pair = np.argsort(pairs, kind="stable")
        _, first, counts = np.unique(pairs[by_pair], return_index=True, return_counts=True)
        rank = np.arange(len(self)) - np.repeat(first, counts)
        return self.take(np.sort(order[by_pair[rank < most]]))

    @classmethod
    def of(
        cls,
        hu: np.ndarray,
        codes: Sequence[str],
        patients: Sequence[object],
        order: Sequence[str],
        source: str,
        synthetic: bool = False,
        warnings: Sequence[str] = (),
    ) -> PatchSet:
        """Number the classes, in the order of a schema's codes and only those that occur, and the patients.

        Raises
        ------
        InputError
            There are patches of fewer than two classes.
        """
        found = np.asarray(codes, dtype=str)
        classes = tuple(code for code in order if code in found)
        if len(classes) < 2:
            raise InputError(
                source,
                f"has patches of {len(classes)} class{'es' * (len(classes) != 1)} of the schema",
                "At least two are needed",
            )
        kept = np.isin(found, classes)
        index = {code: number for number, code in enumerate(classes)}
        return cls(
            np.asarray(hu)[kept].astype(np.int16),
            np.array([index[code] for code in found[kept]]),
            classes,
            np.unique(np.asarray(patients)[kept], return_inverse=True)[1],
            source,
            synthetic,
            tuple(warnings),
        )
