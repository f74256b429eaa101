"""Coded terminology as the one text that 3D Slicer keeps in a segment's tag.

Context, category, type, modifier, anatomic context, region and its modifier are parted by ~; each code is
scheme^value^meaning. The anatomic region stays empty here.
"""

from __future__ import annotations

from LungCAD.labels.schema import Code, Terminology

TERMINOLOGY_TAG = "TerminologyEntry"
CONTEXT = "LungCAD"
ANATOMIC_CONTEXT = "Anatomic codes - DICOM master list"


def terminology_entry(terminology: Terminology) -> str:
    """Return the text for the tag `TERMINOLOGY_TAG`."""
    codes = [terminology.category, terminology.type, terminology.modifier]
    coded = [f"{code.scheme}^{code.value}^{code.meaning}" if code else "^^" for code in codes]
    return "~".join([CONTEXT, *coded, ANATOMIC_CONTEXT, "^^", "^^"])


def entry_identity(entry: str) -> tuple[tuple[str, str], ...] | None:
    """Return scheme and value of type and modifier, as `Terminology.identity`; None where there are none."""
    parts = entry.split("~")
    codes = [Code(*part.split("^")[:3]) for part in parts[2:4] if part.count("^") >= 2]
    return tuple((code.scheme, code.value) for code in codes if code.value) or None
