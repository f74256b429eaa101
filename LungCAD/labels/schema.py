"""What a label value means: its code, name, colour and coded terminology."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

BACKGROUND = 0
"""The value of every voxel that carries no label, in every schema."""

UNTOUCHED = -1
"""In corrections, which are signed: the reader said nothing of this voxel. BACKGROUND says: no label here."""

ACCEPTED = 256
"""Added to the value of a voxel in corrections: it is kept, but was found right rather than corrected."""


@dataclass(frozen=True)
class Code:
    """A coded concept as DICOM and Slicer write it, such as (SCT, 39607008, Lung).

    `scheme` is SCT (SNOMED CT), DCM (DICOM), RADLEX, or 99LUNGCAD for concepts that we found in none of them.
    """

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Terminology:
    """Slicer's description of a segment: the category, the type within it and what modifies the type."""

    category: Code
    type: Code
    modifier: Code | None = None

    @property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """Scheme and value of type and modifier: equal for two segments that mean the same thing."""
        return tuple((code.scheme, code.value) for code in (self.type, self.modifier) if code is not None)


@dataclass(frozen=True)
class Label:
    """One class of a schema: value 1..254 in a label map, short code, name for people, colour 0..255."""

    value: int
    code: str
    name: str
    color: tuple[int, int, int]
    terminology: Terminology | None = None

    @property
    def words(self) -> frozenset[str]:
        """Its name in lower case and its code: what a segment of it may be called."""
        return frozenset((self.name.strip().lower(), self.code))


@dataclass(frozen=True)
class Schema:
    """The classes of a label map. Voxels of `ignore_value` are unknown: neither background nor a class."""

    name: str
    title: str
    labels: tuple[Label, ...]
    ignore_value: int | None = None

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The values of the labels, ascending."""
        return tuple(label.value for label in self.labels)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the labels, in the order of `values`."""
        return tuple(label.code for label in self.labels)

    def by_value(self, value: int) -> Label:
        """Return the label of this value; KeyError where there is none."""
        return self._by_value[value]

    def by_code(self, code: str) -> Label:
        """Return the label of this code; KeyError where there is none."""
        return self._by_code[code]

    def find(self, identity: tuple[tuple[str, str], ...] | None, *names: str) -> Label | None:
        """Return the label that a segment stands for: by its `Terminology.identity`, else by a name or code.

        None where there is none. Names are compared without regard to case.
        """
        for label in self.labels:
            if label.terminology and identity == label.terminology.identity:
                return label
        said = {name.strip().lower() for name in names}
        return next((label for label in self.labels if said & label.words), None)

    @cached_property
    def _by_value(self) -> dict[int, Label]:
        return {label.value: label for label in self.labels}

    @cached_property
    def _by_code(self) -> dict[str, Label]:
        return {label.code: label for label in self.labels}
