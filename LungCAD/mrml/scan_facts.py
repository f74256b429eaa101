"""How a volume of the scene was scanned, as far as Slicer's DICOM database can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import slicer

from LungCAD.errors import InputError
from LungCAD.images import ScanFacts, read_facts

INSTANCES = "DICOM.instanceUIDs"
"""Attribute that Slicer gives volumes which come from its DICOM module."""


def known_facts(volume: slicer.vtkMRMLVolumeNode) -> dict[str, Any]:
    """Return kernel, thickness of slices and the like by the names of `ScanFacts`, as jobs take them.

    Nothing that leads to the patient; and nothing at all where the volume came from elsewhere, or its files
    have left the database.
    """
    database = getattr(slicer, "dicomDatabase", None)
    instance = (volume.GetAttribute(INSTANCES) or "").partition(" ")[0]
    if database is None or not instance:
        return {}
    file = database.fileForInstance(instance)
    try:
        facts = read_facts(file) if file else ScanFacts()
    except InputError:  # nothing is known of the scan then, as its cautions will say
        facts = ScanFacts()
    known = vars(replace(facts, series_uid=None)).items()
    return {name: value for name, value in known if value is not None}
