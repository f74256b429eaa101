"""The solvers of many fields, kept as far as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from LungCAD.crf.backends import FieldSolver
from LungCAD.crf.fields import Field
from LungCAD.crf.lattice import KEPT_VOXELS


class Solvers:
    """The solver of every field by its number; made at first use.

    Those of the first fields are kept, up to as many voxels as one field may keep its bags for; those of the
    others are made at every use. So a stack of hundreds of slices takes no more memory than a volume.
    """

    def __init__(self, fields: Sequence[Field], make: Callable[[Field], FieldSolver]) -> None:
        self._fields, self._make = fields, make
        self._kept: dict[int, FieldSolver] = {}
        self._room = KEPT_VOXELS

    def __getitem__(self, number: int) -> FieldSolver:
        """Return the solver of the field of that number."""
        if number in self._kept:
            return self._kept[number]
        field = self._fields[number]
        solver = self._make(field)
        if field.size > KEPT_VOXELS:  # keeps no bags
            self._kept[number] = solver
        elif field.size <= self._room:
            self._room -= field.size
            self._kept[number] = solver
        return solver
