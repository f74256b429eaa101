"""The Segment Editor inside the review, and the watch on what is painted, wherever it is painted."""

from __future__ import annotations

from collections.abc import Callable

import ctk
import qt
import slicer
from slicer.util import VTKObservationMixin

EFFECTS = ("Paint", "Draw", "Erase", "Scissors", "Islands", "Smoothing", "Threshold")
UNDO_STATES = 20
PAUSE_MS = 150
"""Labels are compared when nothing was painted for so long."""

NODE_TAG = "LungCADReview"
"""With the name of a method, the singleton tag of the editor node of its review."""


class ReviewEditor(VTKObservationMixin):
    """A Segment Editor for the labels under review, made when it is first opened: it takes a while.

    `painted` is called after strokes, undo included. model : whose results are reviewed; every method has an
    editor node of its own, so that no brush paints into what another panel shows.
    """

    def __init__(self, painted: Callable[[], None], model: str) -> None:
        VTKObservationMixin.__init__(self)
        self._node_tag = NODE_TAG + model.title().replace(" ", "")
        self._labels: slicer.vtkMRMLSegmentationNode | None = None
        self._volume: slicer.vtkMRMLScalarVolumeNode | None = None
        self._entered = False
        self.editor: slicer.qMRMLSegmentEditorWidget | None = None
        self._pause = qt.QTimer()
        self._pause.singleShot = True
        self._pause.interval = PAUSE_MS
        self._pause.timeout.connect(painted)
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = "Edit"
        self.widget.collapsed = True
        self._layout = qt.QVBoxLayout(self.widget)
        self.widget.connect("contentsCollapsed(bool)", self._on_collapsed)

    @property
    def is_waiting(self) -> bool:
        """Whether something was painted that has not been looked at."""
        return self._pause.active

    def show(
        self, labels: slicer.vtkMRMLSegmentationNode | None, volume: slicer.vtkMRMLScalarVolumeNode | None
    ) -> None:
        """Edit and watch these labels; nothing where None."""
        if labels is not self._labels:
            self.removeObservers()
            self._pause.stop()
            for event in _events() if labels is not None else ():
                self.addObserver(labels, event, self._on_modified)
        self._labels, self._volume = labels, volume
        self._connect()

    def rest(self) -> None:
        """Look no more for what was painted until now."""
        self._pause.stop()

    def set_locked(self, locked: bool) -> None:
        """Let nothing be painted while a job computes on the labels."""
        if self.editor is not None:
            self.editor.readOnly = locked

    def enter(self) -> None:
        """The panel is shown: strokes in the views are ours."""
        self._entered = True
        self._connect()
        if self.editor is not None:
            self.editor.setupViewObservations()
            self.editor.installKeyboardShortcuts(slicer.util.mainWindow())

    def exit(self) -> None:
        """The panel is left: put the brush down."""
        self._entered = False
        if self.editor is not None:
            self.editor.setActiveEffectByName("")
            self.editor.uninstallKeyboardShortcuts()
            self.editor.removeViewObservations()

    def _on_collapsed(self, collapsed: bool) -> None:
        if not collapsed and self.editor is None:
            self._build()
            self.enter() if self._entered else self._connect()
        if collapsed and self.editor is not None:
            self.editor.setActiveEffectByName("")

    def _on_modified(self, _caller: object, _event: str) -> None:
        self._pause.start()

    def _connect(self) -> None:
        if self.editor is None:
            return
        self.editor.enabled = self._labels is not None
        if self._labels is not None:
            self.editor.setMRMLSegmentEditorNode(_editor_node(self._node_tag))
        self.editor.setSegmentationNode(self._labels)
        self.editor.setSourceVolumeNode(self._volume)

    def _build(self) -> None:
        self.editor = slicer.qMRMLSegmentEditorWidget()
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.editor.setMaximumNumberOfUndoStates(UNDO_STATES)
        self.editor.segmentationNodeSelectorVisible = False
        self.editor.sourceVolumeNodeSelectorVisible = False
        self.editor.addRemoveSegmentButtonsVisible = False
        self.editor.switchToSegmentationsButtonVisible = False
        self.editor.show3DButtonVisible = False
        self.editor.specifyGeometryButtonVisible = False
        self.editor.unorderedEffectsVisible = False
        self.editor.setEffectNameOrder(EFFECTS)
        self._layout.addWidget(self.editor)


def _events() -> tuple[int, ...]:
    """Return what a stroke fires, and what undo fires, which is less."""
    segmentation = slicer.vtkSegmentation
    return (
        segmentation.SourceRepresentationModified,
        segmentation.RepresentationModified,
        segmentation.SegmentModified,
        segmentation.SegmentRemoved,
        segmentation.SegmentAdded,
    )


def _editor_node(tag: str) -> slicer.vtkMRMLSegmentEditorNode:
    """Return our own editor node: what is set in it does not change the module Segment Editor."""
    node = slicer.mrmlScene.GetSingletonNode(tag, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        node.UnRegister(None)
        node.SetSingletonTag(tag)
        node = slicer.mrmlScene.AddNode(node)
    return node
