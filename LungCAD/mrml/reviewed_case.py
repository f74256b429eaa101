"""A result under review in the scene: what the panel does, and the console can do as well."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import axial_axis
from LungCAD.labels import Schema
from LungCAD.mrml.nodes import add_node, is_present
from LungCAD.mrml.review_texts import add_to_scene, has_review, keep_in_scene, restore_from_scene
from LungCAD.mrml.reviewed_labels import ReviewedLabels
from LungCAD.mrml.segments import show_labels
from LungCAD.mrml.slice_views import show_point
from LungCAD.mrml.volumes import image_from_volume, image_in_steps
from LungCAD.review import (
    Decision,
    Edit,
    Facts,
    Ledger,
    Review,
    case_pseudonym,
    disagreement_ml,
    to_stack,
    uncertain_ml,
)
from LungCAD.review.review import LEDGER
from LungCAD.steps import Steps, finish, slabs


@dataclass(frozen=True)
class Subject:
    """What is reviewed: nodes of the scene, and images of the same grid.

    volume : the scan. labels : the segmentation that shows the result. schema : of the labels.
    provenance : values of `Provenance`. uncertainty : 0..1, where there is one.
    alternative : other labels of the same scan, such as those before smoothing: where they differ, slices
        come early in the ordering "disagreement".
    result : the labels as they were computed; those that `labels` shows now where None.
    model, parameters : name and parameters of what made the labels.
    """

    volume: slicer.vtkMRMLScalarVolumeNode
    labels: slicer.vtkMRMLSegmentationNode
    schema: Schema
    provenance: sitk.Image
    uncertainty: sitk.Image | None = None
    alternative: sitk.Image | None = None
    result: sitk.Image | None = None
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


class ReviewedCase:
    """The open review of a segmentation node; made by `review_result` or `resume_review`.

    Everything the reader does goes through here: to the disk first, then to the scene.
    """

    def __init__(self, review: Review, labels: ReviewedLabels, uncertainty: NDArray | None = None) -> None:
        self.review, self.labels, self._uncertainty = review, labels, uncertainty
        self._before: slicer.vtkMRMLSegmentationNode | None = None
        keep_in_scene(review, labels.node)

    @property
    def is_present(self) -> bool:
        """Whether scan and labels are still in the scene."""
        return is_present(self.labels.node) and is_present(self.labels.volume)

    def take_edits(self) -> Edit:
        """Record what was painted, erased or undone since; drawn voxels get back what was drawn.

        Raises
        ------
        InputError
            A segment that is no label of the schema holds voxels.
        """
        painted = self.labels.read(self.review.state.masks.labels)
        edit = self.review.edit(painted)
        if edit.changed:
            add_to_scene(self.review, self.labels.node)
        if edit.drawn:
            self.labels.write(edit.labels)
        return edit

    def decide(self, number: int, decision: Decision) -> None:
        """Record a decision on a slice, as it is painted now."""
        self.take_edits()
        self.review.decide(number, decision)
        add_to_scene(self.review, self.labels.node)

    def comment(self, number: int, text: str) -> None:
        """Record a remark on a slice."""
        self.review.comment(number, text)
        add_to_scene(self.review, self.labels.node)

    def constraints(self) -> sitk.Image:
        """Return what the next propagation has to keep, int16 on the grid of the scan; see `Review`."""
        self.take_edits()
        return self.labels.image(self.review.state.constraints)

    def jump(self, number: int) -> None:
        """Show a slice in all views: where it is least sure, else in the middle of its lung."""
        row, column = self._point_of_interest(number)
        index = [row, column]
        index.insert(2 - axial_axis(self.labels.grid), number)
        x, y, z = self.labels.grid.TransformIndexToPhysicalPoint(index[::-1])
        show_point(self.labels.volume, (-x, -y, z))

    def show_before(self, shown: bool) -> None:
        """Show the labels of before the last propagation, or as it gave them where it was the first.

        They are in a node of their own that is not saved; those under review are hidden meanwhile.
        """
        if shown:
            before = self.labels.image(self.review.before)
            node = self._before if is_present(self._before) else None
            name = f"{self.labels.node.GetName()} before"
            self._before = show_labels(before, self.labels.schema, self.labels.volume, node, name)
            self._before.SetSaveWithScene(False)
            self._before.SetHideFromEditors(True)
        for node, visible in ((self._before, shown), (self.labels.node, not shown)):
            if is_present(node):
                node.GetDisplayNode().SetVisibility(visible)

    def restore(self) -> None:
        """Show the labels as they were last recorded, whatever is in the segments now."""
        self.labels.write(self.review.state.masks.labels)

    def close(self) -> None:
        """Leave the scene as it was found, but for what the review made of the labels."""
        if is_present(self._before):
            self.show_before(False)
            slicer.mrmlScene.RemoveNode(self._before)
        self._before = None

    def _point_of_interest(self, number: int) -> tuple[int, int]:
        lung = self.review.state.masks.result_provenance[number] > 0
        if not lung.any():
            return lung.shape[0] // 2, lung.shape[1] // 2
        if self._uncertainty is None:
            row, column = np.argwhere(lung).mean(axis=0)
        else:
            doubt = np.where(lung, self._uncertainty[number], -1)
            row, column = np.unravel_index(doubt.argmax(), doubt.shape)
        return int(row), int(column)


def review_result(subject: Subject, root: Path, reviewer: str) -> ReviewedCase:
    """Take a result under review, as `review_in_steps` without its steps."""
    return finish(review_in_steps(subject, root, reviewer))


def review_in_steps(subject: Subject, root: Path, reviewer: str) -> Steps[ReviewedCase]:
    """Take a result under review: the first of a scan, or the next in a review that is under way.

    A result that is under review already stays so, with what the reader made of it.

    Parameters
    ----------
    root : folder of all reviews; this one is kept in ``<root>/<case>/<reviewer>``.

    Raises
    ------
    InputError
        The review that is kept there is damaged or of another schema, or the folder cannot be written.
    """
    image = yield from image_in_steps(subject.volume)
    case = case_pseudonym(image)
    labels = ReviewedLabels(subject.labels, subject.volume, subject.schema)
    provenance = to_stack(subject.provenance)
    yield 0.3
    empty = np.zeros(provenance.shape, np.uint8)
    stack = labels.read(empty) if subject.result is None else to_stack(subject.result)
    uncertainty = None if subject.uncertainty is None else to_stack(subject.uncertainty)
    facts = yield from _facts_in_steps(subject, stack, provenance, uncertainty)
    made = {"model": subject.model, "parameters": _digest(subject.parameters)}
    folder = review_folder(root, case, reviewer)
    if is_review(folder):
        review = Review.resume(folder, reviewer)
        _require_schema(review, subject.schema)
        if not review.is_of(stack):
            review.propagated(stack, provenance, facts, **made)
    else:
        review = Review.begin(folder, stack, provenance, facts, case=case, reviewer=reviewer, **made)
    yield 0.9
    present = review.state.masks.labels
    if not np.array_equal(labels.read(empty), present):
        labels.write(present)
    return ReviewedCase(review, labels, uncertainty)


def resume_review(
    volume: slicer.vtkMRMLScalarVolumeNode,
    schema: Schema,
    root: Path,
    reviewer: str,
    labels: slicer.vtkMRMLSegmentationNode | None = None,
) -> ReviewedCase:
    """Open the review of a scan where it was left, and show its labels, in a new node where none is given.

    What the scene carries beside `labels` is used where the folder lacks it.

    Raises
    ------
    InputError
        There is no review of this scan by this reader, it is damaged or of another schema.
    """
    case = case_pseudonym(image_from_volume(volume))
    folder = review_folder(root, case, reviewer)
    if labels is not None and has_review(labels):
        folder = restore_from_scene(labels, folder)
    review = Review.resume(folder, reviewer)
    _require_schema(review, schema)
    if labels is None:
        labels = add_node("vtkMRMLSegmentationNode", f"{volume.GetName()} labels")
    reviewed = ReviewedLabels(labels, volume, schema)
    reviewed.write(review.state.masks.labels)
    return ReviewedCase(review, reviewed)


def review_folder(root: Path, case: str, reviewer: str) -> Path:
    """Return the folder of one reader's review of one case."""
    return root / case / (re.sub(r"\W+", "-", reviewer.lower()).strip("-") or "reader")


def is_review(folder: Path) -> bool:
    """Tell whether there is a review in the folder."""
    return bool(Ledger(folder / LEDGER).entries)


def _facts_in_steps(
    subject: Subject, stack: NDArray, provenance: NDArray, uncertainty: NDArray | None
) -> Steps[Facts]:
    voxel_ml = float(np.prod(subject.provenance.GetSpacing())) / 1000
    other = None if subject.alternative is None else to_stack(subject.alternative)
    scores: dict[str, tuple[float, ...]] = {}
    for part in slabs(stack):
        found = {}
        if uncertainty is not None:
            found["uncertainty"] = uncertain_ml(uncertainty[part], provenance[part], voxel_ml)
        if other is not None:
            found["disagreement"] = disagreement_ml(stack[part], other[part], provenance[part], voxel_ml)
        scores = {name: scores.get(name, ()) + numbers for name, numbers in found.items()}
        yield part.stop / len(stack)
    return Facts(subject.schema.name, subject.schema.values, voxel_ml, scores)


def _digest(parameters: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def _require_schema(review: Review, schema: Schema) -> None:
    if review.facts.schema != schema.name:
        problem = f"was begun with the schema {review.facts.schema}, not {schema.name}"
        raise InputError(
            "The review of this scan", problem, "Choose that schema, or review as another reader"
        )
