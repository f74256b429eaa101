from __future__ import annotations

from typing import Any

import shiboken6
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.mrml_widgets.qMRMLWidget import qMRMLWidget
from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLSegmentsTableView(qMRMLWidget):
    """The segments of a segmentation: colour and name, one row each."""

    selectionChanged = QtCore.Signal(QtCore.QItemSelection, QtCore.QItemSelection)
    segmentAboutToBeModified = QtCore.Signal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = None
        self._tag = 0
        self._table = QtWidgets.QTableWidget(0, 1)
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        self._table.setEditTriggers(QtWidgets.QAbstractItemView.NoEditTriggers)
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.horizontalHeader().hide()
        self._table.verticalHeader().hide()
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._table.selectionModel().selectionChanged.connect(self.selectionChanged)

    def segmentationNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        if self._node is not None:
            self._node.RemoveObserver(self._tag)
        self._node = node
        if node is not None:
            self._tag = node.AddObserver(vtk.vtkCommand.AnyEvent, self._segments_changed)
        self._show()

    def tableWidget(self) -> QtWidgets.QTableWidget:
        return self._table

    def displayedSegmentIDs(self) -> tuple[str, ...]:
        return tuple(self._node.GetSegmentation().GetSegmentIDs()) if self._node is not None else ()

    def selectedSegmentIDs(self) -> tuple[str, ...]:
        rows = sorted({index.row() for index in self._table.selectionModel().selectedRows()})
        return tuple(self.displayedSegmentIDs()[row] for row in rows)

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        self._table.clearSelection()
        for segment_id in segment_ids:
            self._table.selectRow(self.rowForSegmentID(segment_id))

    def clearSelection(self) -> None:
        self._table.clearSelection()

    def rowForSegmentID(self, segment_id: str) -> int:
        ids = self.displayedSegmentIDs()
        return ids.index(segment_id) if segment_id in ids else -1

    def segmentIDForRow(self, row: int) -> str:
        return self.displayedSegmentIDs()[row]

    def setSelectionMode(self, mode: int) -> None:
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode(mode))

    def _segments_changed(self, node: Any, event: str) -> None:
        if not shiboken6.isValid(self):  # Qt has deleted the widget
            node.RemoveObserver(self._tag)
        elif self._table.rowCount != len(self.displayedSegmentIDs()) or event != "DisplayModifiedEvent":
            self._show()

    def _show(self) -> None:
        ids = self.displayedSegmentIDs()
        selected = self.selectedSegmentIDs() if self._table.rowCount == len(ids) else ()
        self._table.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            segment = self._node.GetSegmentation().GetSegment(segment_id)
            swatch = QtGui.QPixmap(16, 16)
            swatch.fill(QtGui.QColor.fromRgbF(*segment.GetColor()))
            self._table.setItem(row, 0, QtWidgets.QTableWidgetItem(QtGui.QIcon(swatch), segment.GetName()))
        self.setSelectedSegmentIDs(list(selected))

    selectionMode = QtCore.Property(int, lambda self: int(self._table.selectionMode()), setSelectionMode)
    headerVisible = QtCore.Property(
        bool,
        lambda self: not self._table.horizontalHeader().isHidden(),
        lambda self, on: self._table.horizontalHeader().setVisible(on),
    )
    visibilityColumnVisible = kept(bool, True)
    colorColumnVisible = kept(bool, True)
    opacityColumnVisible = kept(bool, True)
    statusColumnVisible = kept(bool, False)
    layerColumnVisible = kept(bool, False)
    filterBarVisible = kept(bool, False)
    readOnly = kept(bool, False)
    jumpToSelectedSegmentEnabled = kept(bool, False)
    segmentCount = QtCore.Property(int, lambda self: len(self.displayedSegmentIDs()))
