"""Undo and redo of the Segment Editor."""

from __future__ import annotations

from typing import Any

import slicer


class SegmentHistory:
    """Copies of all segments. Going back fires only SegmentModified, as it does in Slicer."""

    def __init__(self) -> None:
        self._past: list[Any] = []
        self._future: list[Any] = []

    def clear(self) -> None:
        self._past.clear()
        self._future.clear()

    def save(self, node: Any) -> None:
        self._past.append(_copy(node.GetSegmentation()))
        self._future.clear()

    def undo(self, node: Any) -> None:
        _step(node, self._past, self._future)

    def redo(self, node: Any) -> None:
        _step(node, self._future, self._past)


def _step(node: Any, source: list[Any], target: list[Any]) -> None:
    if not source:
        return
    target.append(_copy(node.GetSegmentation()))
    saved, segmentation = source.pop(), node.GetSegmentation()
    name = segmentation.GetSourceRepresentationName()
    for segment_id in saved.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        if segment is None:
            continue
        labelmap = slicer.vtkOrientedImageData()
        labelmap.DeepCopy(saved.GetSegment(segment_id).GetRepresentation(name))
        modified = segment.StartModify() if hasattr(segment, "StartModify") else None
        segment.AddRepresentation(name, labelmap)
        segment.SetLabelValue(saved.GetSegment(segment_id).GetLabelValue())
        if modified is not None:
            segment.EndModify(modified)


def _copy(segmentation: Any) -> Any:
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    return copy


