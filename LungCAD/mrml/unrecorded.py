"""What was painted into a result that is under nobody's review."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.mrml.nodes import is_present
from LungCAD.mrml.reviewed_case import Subject
from LungCAD.mrml.reviewed_labels import ReviewedLabels
from LungCAD.mrml.segments import show_labels


def keep_painted(subject: Subject) -> str:
    """Copy labels that differ from the result to a segmentation of their own, before another result comes.

    Return the name of the copy; nothing where nobody painted, or the nodes are gone.

    Raises
    ------
    InputError
        A segment that is no label of the schema holds voxels.
    """
    if subject.result is None or not (is_present(subject.labels) and is_present(subject.volume)):
        return ""
    labels = ReviewedLabels(subject.labels, subject.volume, subject.schema)
    result = labels.stack(sitk.GetArrayViewFromImage(subject.result))
    painted = labels.read(result)
    if np.array_equal(painted, result):
        return ""
    name = slicer.mrmlScene.GenerateUniqueName(f"{subject.labels.GetName()} as painted")
    copy = show_labels(labels.image(painted), subject.schema, subject.volume, name=name)
    copy.GetDisplayNode().SetVisibility(False)
    return copy.GetName()
