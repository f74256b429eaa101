"""Points that the user clicks in the plots of the viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

SELECTED = "dataSelected(vtkStringArray*, vtkCollection*)"


class PlotPoints:
    """Says which row of which table the user clicked.

    chosen : called with the table of the curve and the row of the point, from 0; of several points that a
    user selects at once, with the first.
    """

    def __init__(self, chosen: Callable[[slicer.vtkMRMLTableNode, int], None]) -> None:
        self._chosen = chosen
        self._views: list[Any] = []

    def listen(self) -> None:
        """Listen to all plots that there are; Slicer makes them when a layout first shows them."""
        manager = slicer.app.layoutManager()
        for index in range(manager.plotViewCount if manager is not None else 0):
            view = manager.plotWidget(index).plotView()
            if view not in self._views:
                view.connect(SELECTED, self._on_selected)
                self._views.append(view)

    def _on_selected(self, series_ids: Any, selections: Any) -> None:  # noqa: ANN401 - VTK's arrays
        for index in range(series_ids.GetNumberOfValues()):
            series = slicer.mrmlScene.GetNodeByID(series_ids.GetValue(index))
            points = selections.GetItemAsObject(index)
            if series is not None and points.GetNumberOfValues():
                self._chosen(series.GetTableNode(), points.GetValue(0))
                return
