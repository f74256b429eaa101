"""A result under review in the scene: what the panel does, and the console can do as well."""

from __future__ import annotations

import hashlib
import json
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
from LungCAD.mrml.review_texts import (
    add_to_scene,
    carried_entry,
    has_review,
    keep_in_scene,
    keep_in_steps,
    move_review,
    restore_from_scene,
    whose_review,
)
from LungCAD.mrml.reviewed_labels import ReviewedLabels
from LungCAD.mrml.scan_order import Identity, identify_in_steps
from LungCAD.mrml.segments import remember_labels, show_labels
from LungCAD.mrml.slice_views import show_point, shows_plane
from LungCAD.review import (
    Decision,
    Edit,
    Facts,
    Review,
    disagreement_ml,
    uncertain_ml,
)
from LungCAD.review.method_folder import find_review, folder_name, is_review, separate_review
from LungCAD.review.pseudonyms import require_pseudonym
from LungCAD.steps import Steps, copy_in_chunks, equal_in_steps, finish, slabs
from LungCAD.worker.image_files import PlacedVoxels


@dataclass(frozen=True)
class Subject:
    """What is reviewed: nodes of the scene, and images of the same grid.

    volume : the scan. labels : the segmentation that shows the result. schema : of the labels.
    provenance : values of `Provenance`. uncertainty : 0..1, as floats or in bytes, where there is one.
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

    uncertainty : (slices, rows, columns), higher where the labels are less sure.

    Everything the reader does goes through here: to the disk first, then to the scene.
    """

    def __init__(self, review: Review, labels: ReviewedLabels, uncertainty: NDArray | None = None) -> None:
        self.review, self.labels, self._uncertainty = review, labels, uncertainty
        self._before: slicer.vtkMRMLSegmentationNode | None = None
        self._shows_before = False

    @property
    def is_present(self) -> bool:
        """Whether scan and labels are still in the scene."""
        return is_present(self.labels.node) and is_present(self.labels.volume)

    def take_edits(self) -> Edit:
        """Record what was painted, erased or undone since; drawn voxels get back what was drawn.

        Where segments overlap, the last stroke counts and is all that is left: else it would look like a new
        one the next time.

        Raises
        ------
        InputError
            A segment that is no label of the schema holds voxels.
        """
        painted = self.labels.read(self.review.state.masks.labels)
        edit = self.review.edit(painted)
        if edit.changed:
            add_to_scene(self.review, self.labels.node)
        if edit.drawn or (edit.changed and self.labels.has_layers):
            self.labels.write(edit.labels)
        return edit

    def decide(self, number: int, decision: Decision) -> None:
        """Record a decision on a slice, as it is painted now.

        Raises
        ------
        InputError
            The labels of before are on display: the reader does not see what the decision would be on.
        """
        if self._shows_before:
            remedy = "Show the present ones again, then decide"
            raise InputError("On display", "are the labels of before", remedy)
        self.take_edits()
        self.review.decide(number, decision)
        add_to_scene(self.review, self.labels.node)

    def comment(self, number: int, text: str) -> None:
        """Record a remark on a slice."""
        self.review.comment(number, text)
        add_to_scene(self.review, self.labels.node)

    def constraints_in_steps(self) -> Steps[PlacedVoxels]:
        """Return what the next propagation has to keep, int16 on the grid of the scan; see `State`.

        What was painted until now counts.
        """
        self.take_edits()
        yield 0.0
        stack = yield from self.review.state.constraints_in_steps()
        return PlacedVoxels(self.labels.voxels(stack), self.labels.place)

    def jump(self, number: int) -> None:
        """Show a slice in all views: where it is least sure, else in the middle of its lung."""
        index = self.labels.index(number, *self._point_of_interest(number))
        x, y, z = self.labels.place.TransformIndexToPhysicalPoint(index)
        show_point(self.labels.volume, (-x, -y, z))

    def is_seen(self, number: int) -> bool:
        """Tell whether a view shows the slice of the scan; where none lies along slices, nobody can tell."""
        place, axis = self.labels.place, axial_axis(self.labels.grid)
        x, y, z = place.TransformIndexToPhysicalPoint(self.labels.index(number, 0, 0))
        along = np.reshape(place.GetDirection(), (3, 3))[:, axis] * (-1, -1, 1)
        return shows_plane(self.labels.volume, (-x, -y, z), along, place.GetSpacing()[axis] / 2)

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
        self._shows_before = shown
        for node, visible in ((self._before, shown), (self.labels.node, not shown)):
            if is_present(node):
                node.GetDisplayNode().SetVisibility(visible)

    def restore(self) -> None:
        """Show the labels as they were last recorded, whatever is in the segments now."""
        self.labels.write(self.review.state.masks.labels)

    def move_out(self) -> None:
        """Go on with the labels as they were last recorded in a new, hidden node.

        Another result was written to the node that was under review, and is none of this review.
        """
        self._remove_before()
        node, image = self.labels.node, self.labels.image(self.review.state.masks.labels)
        name = f"{node.GetName()} as reviewed"
        self.labels.node = show_labels(image, self.labels.schema, self.labels.volume, name=name)
        self.labels.node.SetDisplayVisibility(False)
        move_review(self.review, node, self.labels.node)

    def close(self) -> None:
        """Leave the scene as it was found, but for what the review made of the labels.

        What is painted from now on, no review keeps until one is opened again.
        """
        self._remove_before()
        if is_present(self.labels.node):
            remember_labels(self.labels.node, self.labels.schema, self.review.state.masks.labels)

    def _remove_before(self) -> None:
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


def review_in_steps(
    subject: Subject, root: Path, reviewer: str, painted: bool = False, left: NDArray | None = None
) -> Steps[ReviewedCase]:
    """Take a result under review: the first of a scan, or the next in a review that is under way.

    A result that is under review already stays so, with what the reader made of it; what the reader corrected
    in an earlier result is corrected in the next one too. A review that the scene carries beside the labels
    is put into its own folder where that lacks it: the scene carries the new one from now on.

    Parameters
    ----------
    root : folder of all reviews; this one is kept in ``<root>/<case>/<reviewer>``, or, where there is one of
        another method's result already, in a folder of its own in there (`LungCAD.review.method_folder`).
    painted : whether what the labels show beyond the result are this reader's strokes, to be recorded; else
        the labels are shown as the review has them.
    left : labels (z, y, x) as the review before left them: strokes are then what is shown beyond these.

    Raises
    ------
    InputError
        The review that is kept there, or in the scene, is damaged or of another schema, that in the folder
        was begun by another reader, or the folder cannot be written.
    """
    owner, kept = _keep_carried(subject, root)
    scan = yield from _identify_in_steps(subject.volume, root, reviewer, subject.model)
    case, own = scan.case, review_folder(root, scan.case, reviewer)
    labels = ReviewedLabels(subject.labels, subject.volume, subject.schema, scan.backwards)
    provenance = _stack(labels, subject.provenance)
    empty = np.zeros(provenance.shape, np.uint8)
    stack = labels.read(empty) if subject.result is None else _stack(labels, subject.result)
    before_strokes = stack if left is None else labels.stack(left)
    strokes = _painted(labels, before_strokes) if painted else before_strokes
    facts = yield from _facts_in_steps(subject, labels, stack, provenance)
    made = {"model": subject.model, "parameters": _digest(subject.parameters)}
    folder = kept if owner == own else separate_review(own, subject.model)
    if is_review(folder):
        review = yield from Review.resume_in_steps(folder, reviewer)
        _require_reader(review)
        _require_schema(review, subject.schema)
        yield from review.finish_propagation_in_steps()
        before = review.state.masks
        if not (yield from equal_in_steps(stack, before.result)):
            yield from review.propagated_in_steps(stack, provenance, facts, **made)
            yield from review.correct_again_in_steps(before)
    else:
        made |= {"case": case, "reviewer": reviewer}
        review = yield from Review.begin_in_steps(folder, stack, provenance, facts, **made)
    if painted:
        review.edit(np.where(strokes != before_strokes, strokes, review.state.masks.labels))
    present = review.state.masks.labels
    yield 0.0
    shown = labels.read(present)
    yield 0.0
    if not (yield from equal_in_steps(shown, present)):
        yield from labels.write_in_steps(present)
    yield from keep_in_steps(review, labels.node)
    doubt = None
    if subject.uncertainty is not None:
        view = _stack(labels, subject.uncertainty)
        doubt = np.empty(view.shape, view.dtype)
        yield from copy_in_chunks(view, doubt)
    return ReviewedCase(review, labels, doubt)


def resume_review(
    volume: slicer.vtkMRMLScalarVolumeNode,
    schema: Schema,
    root: Path,
    reviewer: str,
    labels: slicer.vtkMRMLSegmentationNode | None = None,
    model: str = "",
) -> ReviewedCase:
    """Open the review of a scan where it was left, and show its labels, in a new node where none is given.

    What the scene carries beside `labels` is used where the folder lacks it; what was painted there since is
    recorded, but only once: what the reader made of it later holds when the same scene is loaded again.

    Parameters
    ----------
    model : of which method's result, as in `Subject`; may be left out where the reader has one review only.

    Raises
    ------
    InputError
        There is no review of this scan by this reader, it is damaged or of another schema, or was begun by
        another reader; the scene's is that of another scan or reader.
    """
    is_carried = labels is not None and has_review(labels)
    carried = whose_review(labels)[0] if is_carried else ""
    scan = finish(_identify_in_steps(volume, root, reviewer, model, carried))
    folder = separate_review(review_folder(root, scan.case, reviewer), model)
    if is_carried:
        _require_own(labels, volume, scan.case, reviewer)
        folder = restore_from_scene(labels, folder)
    review = Review.resume(folder, reviewer)
    _require_reader(review)
    _require_schema(review, schema)
    finish(review.finish_propagation_in_steps())
    if labels is None:
        labels = add_node("vtkMRMLSegmentationNode", f"{volume.GetName()} labels")
    reviewed = ReviewedLabels(labels, volume, schema, scan.backwards)
    number = carried_entry(review, labels) if is_carried else None
    if number is not None:
        reviewed.set_others_aside()
        before = review.after(number)
        painted = reviewed.read(before)
        strokes = painted != before
        is_lost = not painted.any()  # the scene came without the file of its segments
        if strokes.any() and not is_lost and not review.had(painted, strokes, since=number):
            review.edit(np.where(strokes, painted, review.state.masks.labels))
    reviewed.write(review.state.masks.labels)
    keep_in_scene(review, labels)
    return ReviewedCase(review, reviewed)


def _keep_carried(subject: Subject, root: Path) -> tuple[Path | None, Path | None]:
    """Put the review that the scene carries beside the labels where it belongs, as this may be its only copy.

    Return its reader's folder of the case, and where it is; None where there is none.
    """
    if not has_review(subject.labels):
        return None, None
    case, reader = whose_review(subject.labels)
    require_pseudonym(case, "case")
    owner = review_folder(root, case, reader)
    return owner, restore_from_scene(subject.labels, separate_review(owner, subject.model))


def _require_own(
    labels: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLScalarVolumeNode, case: str, reviewer: str
) -> None:
    """Raise InputError unless the review that the scene carries is of this scan and by this reader."""
    reviewed, reader = whose_review(labels)
    if reviewed != case:
        problem = f"are labels of another scan than {volume.GetName()}"
        raise InputError(labels.GetName(), problem, "Choose that scan to go on with its review")
    if folder_name(reader) != folder_name(reviewer):
        remedy = "Enter that name to go on in it, or apply to begin one of your own"
        raise InputError("The review in the scene", f"is that of {reader}", remedy)


def review_folder(root: Path, case: str, reviewer: str) -> Path:
    """Return the folder of one reader's reviews of one case."""
    return root / case / (folder_name(reviewer) or "reader")


def _facts_in_steps(
    subject: Subject, labels: ReviewedLabels, stack: NDArray, provenance: NDArray
) -> Steps[Facts]:
    voxel_ml = float(np.prod(subject.provenance.GetSpacing())) / 1000
    images = (subject.uncertainty, subject.alternative)
    uncertainty, other = (None if image is None else _stack(labels, image) for image in images)
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


def _stack(labels: ReviewedLabels, image: sitk.Image) -> NDArray:
    """Return a view of an image on the grid of the scan, which has to outlive it, as a stack."""
    return labels.stack(sitk.GetArrayViewFromImage(image))


def _painted(labels: ReviewedLabels, before: NDArray) -> NDArray[np.uint8]:
    """Return a copy of what is shown; segments that are no labels go to a node of their own."""
    labels.set_others_aside()
    return labels.read(np.ascontiguousarray(before)).copy()


def _identify_in_steps(
    volume: slicer.vtkMRMLScalarVolumeNode, root: Path, reviewer: str, model: str, carried: str = ""
) -> Steps[Identity]:
    """Return who the scan is; its slices are counted as in the review that the scene or the folder has."""

    def is_known(case: str) -> bool:
        own = find_review(review_folder(root, case, reviewer), model)
        return case == carried if carried else is_review(own)

    return (yield from identify_in_steps(volume, is_known))


def _digest(parameters: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def _require_reader(review: Review) -> None:
    """Raise InputError where the folder of this reader holds a review that another one began."""
    began = review.entries[0].reviewer
    if folder_name(began) != folder_name(review.reviewer):
        remedy = "Move that folder elsewhere, or review under another name"
        raise InputError(review.folder, f"holds the review of {began}, not of {review.reviewer}", remedy)


def _require_schema(review: Review, schema: Schema) -> None:
    if review.facts.schema != schema.name:
        problem = f"was begun with the schema {review.facts.schema}, not {schema.name}"
        raise InputError(
            "The review of this scan", problem, "Choose that schema, or review as another reader"
        )
