"""Which heat map lies over the CT, from what heat on, and how much of the CT is seen through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from LungCAD.panels.choices import offer
from LungCAD.panels.views import show_over

if TYPE_CHECKING:
    import slicer


class HeatControls:
    """Binds the widgets heatMapBox, thresholdSlider and opacitySlider of a panel.

    changed : called when the user chose another heat map, or how the chosen one is shown.
    """

    def __init__(self, ui: Any, changed: Callable[[], None]) -> None:  # noqa: ANN401 - widgets by name
        self._ui = ui
        ui.heatMapBox.connect("currentIndexChanged(int)", lambda *_: changed())
        for slider in (ui.thresholdSlider, ui.opacitySlider):
            slider.connect("valueChanged(double)", lambda *_: changed() if self.chosen is not None else None)

    @property
    def chosen(self) -> int | None:
        """Which of the names that were offered is chosen, None for nothing."""
        index = self._ui.heatMapBox.currentIndex
        return index - 1 if index > 0 else None

    @chosen.setter
    def chosen(self, number: int | None) -> None:
        self._ui.heatMapBox.currentIndex = 0 if number is None else number + 1

    def offer(self, names: Iterable[str] = (), chosen: int | None = None) -> None:
        """Offer heat maps by name and choose one, telling nobody."""
        offer(self._ui.heatMapBox, names, 0 if chosen is None else chosen + 1)

    def lay(
        self, heat: slicer.vtkMRMLScalarVolumeNode | None, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> None:
        """Show a volume in all slice views, and over it a heat map as the sliders say, or none."""
        from LungCAD.mrml.heat_maps import show_from

        if heat is not None:
            show_from(heat, self._ui.thresholdSlider.value)
        show_over(volume, heat, opacity=self._ui.opacitySlider.value / 100)
