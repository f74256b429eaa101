"""Slices of the Geneva (HUG) database, whose readers drew what is most typical and left the rest."""

from __future__ import annotations

from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.labels import Schema, load_schema
from LungCAD.lungs import segment_lungs
from LungCAD.progress import Progress, silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.geneva import LICENCE, SCHEMA, geneva_scans, geneva_source, left_out
from LungCAD.train.ild.collecting import SliceCollector
from LungCAD.train.ild.slices import SliceSet

SAME_AS = {"peripheral_micronodules": "micronodules"}
"""Labels of the database that our classes call otherwise. What a schema has no class for takes no part:
fibrosis among LungNet's six."""


def geneva_slices(
    folder: Path | str,
    schema: Schema,
    input: IldInput,
    progress: Progress = silent,
    require_all: bool = True,
) -> SliceSet:
    """Return the slices with drawn regions; lungs are segmented here, regions outside them take no part.

    require_all : whether every class must be shown.

    Raises
    ------
    InputError
        The folder holds no texts of contours, or regions of too few classes.
    """
    meaning = {label.value: SAME_AS.get(label.code, label.code) for label in load_schema(SCHEMA).labels}
    collector, skipped = SliceCollector(schema, input), []
    for one in geneva_scans(folder, skipped, progress):
        try:
            lungs = segment_lungs(one.scan.image)
        except InputError as error:
            skipped.append(left_out(one.patient, error))
            continue
        thickness = one.scan.facts.slice_thickness_mm
        collector.add(one.scan.image, one.rois, lungs, one.patient, thickness_mm=thickness, meaning=meaning)
    source = geneva_source(collector.patients)
    return collector.done(source, LICENCE, warnings=skipped, require_all=require_all)
