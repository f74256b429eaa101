"""What the slice views show of signs: heat map over the CT, or a projection with its Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

from LungCAD.errors import InputError
from LungCAD.panels.choices import offer
from LungCAD.panels.heat_controls import HeatControls
from LungCAD.panels.views import ViewsAsTheyAre, show_film

if TYPE_CHECKING:
    from LungCAD.mrml.result_nodes import SignNodes


class SignViews:
    """Binds the widgets below Result: heatMapBox, thresholdSlider, opacitySlider, projectionBox."""

    def __init__(self, ui: Any) -> None:  # noqa: ANN401 - widgets by name
        self._ui = ui
        self._ct: slicer.vtkMRMLScalarVolumeNode | None = None
        self._nodes: SignNodes | None = None
        self._signs: list[str] = []
        self._projections: list[slicer.vtkMRMLVectorVolumeNode] = []
        self._before_projection: ViewsAsTheyAre | None = None
        self._heat = HeatControls(ui, self._show_heat)
        ui.projectionBox.connect("currentIndexChanged(int)", self._on_projection)

    def show(self, ct: slicer.vtkMRMLScalarVolumeNode, nodes: SignNodes) -> None:
        """Offer what was found in a CT, and go to the hottest peak."""
        from LungCAD.labels import load_schema
        from LungCAD.mrml.signs import SCHEMA, heat_map_of, peaks_of, projections_of

        self.close()
        self._ct, self._nodes = ct, nodes
        names = {label.code: label.name for label in load_schema(SCHEMA).labels}
        self._signs = [code for code in names if heat_map_of(nodes, code) is not None]
        projections = projections_of(nodes)
        self._projections = list(projections.values())
        peaks = peaks_of(nodes)
        # A peak may be left whose heat map was deleted.
        surest = next((self._signs.index(one.sign) for one in peaks if one.sign in self._signs), None)
        self._heat.offer([names[code] for code in self._signs], surest)
        offer(self._ui.projectionBox, [name.replace("_", " ").capitalize() for name in projections])
        self._show_peaks(True)
        self._show_heat()
        if peaks:
            self.go_to(peaks[0].region, peaks[0].sign)

    def close(self) -> None:
        """Forget the CT, whose peaks would else lie over another one."""
        self._leave_projection()
        self._show_peaks(False)
        self._ct = self._nodes = None
        self._signs, self._projections = [], []
        self._heat.offer()
        offer(self._ui.projectionBox, [])

    def go_to(self, region: str, sign: str) -> None:
        """Show the peak of a sign in a region, where there is one, else the middle of the region."""
        if self._ct is None:
            return
        from LungCAD.mrml.signs import peaks_of, show_peak, show_region
        from LungCAD.mrml.slice_views import shows_any

        if self._ui.projectionBox.currentIndex > 0:
            self._ui.projectionBox.currentIndex = 0
        if sign in self._signs:
            self._heat.chosen = self._signs.index(sign)
        if not shows_any([self._ct]):
            self._show_heat()
        peaks = [peak for peak in peaks_of(self._nodes) if (peak.region, peak.sign) == (region, sign)]
        if peaks:
            show_peak(self._ct, peaks[0])
        else:
            show_region(self._ct, region)

    def require_on_display(self) -> None:
        """Raise InputError where neither the CT nor a projection of it is seen; it is shown then."""
        from LungCAD.mrml.slice_views import shows_any

        if self._ct is not None and not shows_any((self._ct, *self._projections)):
            self._on_projection(self._ui.projectionBox.currentIndex)
            raise InputError(self._ct.GetName(), "was not on display", "Now it is: decide again")

    def _show_peaks(self, shown: bool) -> None:
        peaks = self._nodes.present().peaks if self._nodes is not None else None
        if peaks is not None:
            peaks.SetDisplayVisibility(shown)

    def _show_heat(self) -> None:
        if self._ct is None or self._ui.projectionBox.currentIndex > 0:
            return
        from LungCAD.mrml.signs import heat_map_of

        chosen = self._heat.chosen
        heat = None if chosen is None else heat_map_of(self._nodes, self._signs[chosen])
        self._heat.lay(heat, self._ct)

    def _on_projection(self, index: int) -> None:
        if self._ct is None:
            return
        if index > 0:
            self._before_projection = self._before_projection or ViewsAsTheyAre()
            show_film(self._projections[index - 1])
        else:
            self._leave_projection()
            self._show_heat()

    def _leave_projection(self) -> None:
        if self._before_projection is not None:
            self._before_projection.restore()
        self._before_projection = None
