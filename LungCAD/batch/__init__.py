"""Many cases: a run over any number of them in constant memory that goes on where it was broken off."""

from LungCAD.batch.table import ResumableTable

__all__ = ["ResumableTable"]
