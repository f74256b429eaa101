from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from Testing.host.mrml_widgets.qMRMLSegmentsTableView import qMRMLSegmentsTableView
from Testing.host.mrml_widgets.qMRMLWidget import qMRMLWidget
from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp

EFFECTS = ("Paint", "Draw", "Erase", "Threshold", "Islands", "Smoothing", "Scissors")


@like_cpp
class qMRMLSegmentEditorWidget(qMRMLWidget):
    """The table of segments and a row of effect buttons over Slicer's own logic.

    No mouse paints here: `Testing.host.painting` does what the effects do.
    """

    currentSegmentIDChanged = QtCore.Signal(str)
    sourceVolumeNodeChanged = QtCore.Signal(object)
    segmentationNodeChanged = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = slicer.vtkSlicerSegmentEditorLogic()
        self._editor.SetMRMLScene(slicer.mrmlScene)
        self._editor_node = None
        self._effect = ""
        self._effect_order: tuple[str, ...] = ()
        self._table = qMRMLSegmentsTableView()
        self._buttons = {name: QtWidgets.QToolButton() for name in EFFECTS}
        row = QtWidgets.QGridLayout()
        for index, (name, button) in enumerate(self._buttons.items()):
            button.setText(name)
            button.setCheckable(True)
            button.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
            button.clicked.connect(lambda on=False, name=name: self.setActiveEffectByName(name if on else ""))
            row.addWidget(button, index // 4, index % 4)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        layout.addLayout(row)
        self._table.selectionChanged.connect(self._segment_selected)

    def mrmlSegmentEditorNode(self) -> Any:
        return self._editor_node

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._editor_node = node
        self._editor.SetSegmentEditorNode(node)
        self.updateWidgetFromMRML()

    def segmentationNode(self) -> Any:
        return self._editor_node.GetSegmentationNode() if self._editor_node else None

    def segmentationNodeID(self) -> str:
        return self.segmentationNode().GetID() if self.segmentationNode() else ""

    def setSegmentationNode(self, node: Any) -> None:
        if self._editor_node is None or node is self.segmentationNode():
            return
        self._editor.SetSegmentationNode(node)
        ids = node.GetSegmentation().GetSegmentIDs() if node else ()
        self._editor_node.SetSelectedSegmentID(ids[0] if ids else "")
        self.updateWidgetFromMRML()
        self.segmentationNodeChanged.emit(node)

    def sourceVolumeNode(self) -> Any:
        return self._editor_node.GetSourceVolumeNode() if self._editor_node else None

    def sourceVolumeNodeID(self) -> str:
        return self.sourceVolumeNode().GetID() if self.sourceVolumeNode() else ""

    def setSourceVolumeNode(self, node: Any) -> None:
        if self._editor_node is None or node is self.sourceVolumeNode():
            return
        self._editor.SetSourceVolumeNode(node)
        self.sourceVolumeNodeChanged.emit(node)

    def currentSegmentID(self) -> str:
        return (self._editor_node.GetSelectedSegmentID() or "") if self._editor_node else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if segment_id != self.currentSegmentID():
            self._editor_node.SetSelectedSegmentID(segment_id)
            self.updateWidgetFromMRML()
            self.currentSegmentIDChanged.emit(segment_id)

    def availableEffectNames(self) -> tuple[str, ...]:
        return EFFECTS

    def setEffectNameOrder(self, names: list[str]) -> None:
        self._effect_order = tuple(names)

    def effectNameOrder(self) -> tuple[str, ...]:
        return self._effect_order

    def setActiveEffectByName(self, name: str) -> None:
        self._effect = name if name in EFFECTS else ""
        if self._editor_node:
            self._editor_node.SetActiveEffectName(self._effect)
        for effect, button in self._buttons.items():
            button.setChecked(effect == self._effect)

    def saveStateForUndo(self) -> None:
        if self.undoEnabled and self.segmentationNode():
            self._editor.SaveStateForUndo()

    def undo(self) -> None:
        self._editor.Undo()

    def redo(self) -> None:
        self._editor.Redo()

    def installKeyboardShortcuts(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Slicer's main window gets the keys of TAKEN_KEYS; the host has none to give."""

    def uninstallKeyboardShortcuts(self) -> None:
        """See installKeyboardShortcuts."""

    def setupViewObservations(self) -> None:
        """Nobody paints with a mouse here."""

    def removeViewObservations(self) -> None:
        """Nobody paints with a mouse here."""

    def rotateSliceViewsToSegmentation(self) -> None:
        """Views are turned by the slice node itself (`RotateToVolumePlane`)."""

    def updateWidgetFromMRML(self) -> None:
        self._table.setSegmentationNode(self.segmentationNode())
        if self.currentSegmentID():
            self._table.setSelectedSegmentIDs([self.currentSegmentID()])

    def _segment_selected(self, *_: Any) -> None:
        selected = self._table.selectedSegmentIDs()
        if selected and self._editor_node:
            self.setCurrentSegmentID(selected[0])

    undoEnabled = kept(bool, True)
    maximumNumberOfUndoStates = kept(int, 10)
    segmentationNodeSelectorVisible = kept(bool, True)
    sourceVolumeNodeSelectorVisible = kept(bool, True)
    switchToSegmentationsButtonVisible = kept(bool, True)
    specifyGeometryButtonVisible = kept(bool, True)
    show3DButtonVisible = kept(bool, True)
    addRemoveSegmentButtonsVisible = kept(bool, True)
    autoShowSourceVolumeNode = kept(bool, True)
    maskingSectionVisible = kept(bool, True)
    readOnly = kept(bool, False)
    effectColumnCount = kept(int, 2)
    unorderedEffectsVisible = kept(bool, True)
    jumpToSelectedSegmentEnabled = kept(bool, False)

    def setUndoEnabled(self, enabled: bool) -> None:
        self.undoEnabled = enabled

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self.maximumNumberOfUndoStates = count

    def setReadOnly(self, read_only: bool) -> None:
        self.readOnly = read_only

    def setSegmentationNodeSelectorVisible(self, visible: bool) -> None:
        self.segmentationNodeSelectorVisible = visible

    def setSourceVolumeNodeSelectorVisible(self, visible: bool) -> None:
        self.sourceVolumeNodeSelectorVisible = visible

    def setSwitchToSegmentationsButtonVisible(self, visible: bool) -> None:
        self.switchToSegmentationsButtonVisible = visible
