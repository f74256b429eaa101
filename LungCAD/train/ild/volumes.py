"""Slices of scans with label volumes: LTRC and what readers accepted in a review."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import InputError, naming
from LungCAD.labels import Schema
from LungCAD.lungs import segment_lungs
from LungCAD.progress import Progress, each, silent
from LungCAD.review.dataset import image_path, read_dataset
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.collecting import SliceCollector
from LungCAD.train.ild.slices import SliceSet
from LungCAD.train.label_volumes import label_volumes


def label_volume_slices(
    folder: Path | str, schema: Schema, input: IldInput, progress: Progress = silent
) -> SliceSet:
    """Return the slices of the scans in a folder, as `label_volumes` reads it.

    Raises as that does, and InputError where a scan shows no lung.
    """
    collector, licences = SliceCollector(schema, input), set()
    for one in label_volumes(folder, schema, progress):
        collector.add(
            one.scan.image,
            one.labels,
            _lungs(one.scan.image, one.scan.path),
            one.patient,
            thickness_mm=one.scan.facts.slice_thickness_mm,
            meaning=one.meaning,
        )
        licences.add(one.licence)
    source = f"scans with label volumes of {collector.patients} patients"
    return collector.done(source, "; ".join(sorted(licences)))


def reviewed_slices(
    folder: Path | str, schema: Schema, input: IldInput, progress: Progress = silent
) -> SliceSet:
    """Return the slices of an exported dataset; what no reader accepted is unlabelled lung.

    Raises
    ------
    InputError
        There is no dataset, it has no case, labels that the schema lacks, damaged files, or a scan without
        lung.
    """
    dataset = read_dataset(folder)
    if not dataset.cases:
        raise InputError(folder, "holds no case", "Export reviewed cases to it")
    if strange := sorted(set(dataset.schema.codes) - set(schema.codes)):
        problem = f"has the labels {', '.join(strange)}, which the schema {schema.name} lacks"
        raise InputError(folder, problem, f"Train for the schema {dataset.schema.name}")
    meaning = {label.value: label.code for label in dataset.schema.labels}
    collector = SliceCollector(schema, input)
    for case in each(dataset.cases, progress, "Reading cases"):
        ct, labels = dataset.image(case), dataset.labels(case)
        collector.add(
            ct,
            labels,
            _lungs(ct, image_path(dataset.folder, case.id)),
            case.patient,
            meaning=meaning,
            unlabelled=dataset.schema.ignore_value,
        )
    source = f"{collector.scans} reviewed scans of {collector.patients} patients"
    return collector.done(source, "; ".join(sorted({case.licence for case in dataset.cases})))


def _lungs(ct: sitk.Image, path: Path) -> sitk.Image:
    with naming(path):
        return segment_lungs(ct)
