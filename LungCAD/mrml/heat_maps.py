"""Heat maps: uncertainty and class probabilities as scalar volumes with a colour legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import slicer
from numpy.typing import NDArray

from LungCAD.labels import Label
from LungCAD.mrml.volumes import volume_in_steps
from LungCAD.steps import Steps, finish

LEAST_SHOWN = 0.02
"""Heat maps are see-through below this, so that they can lie over the CT: 0 is what was not assessed."""

RANGE = (0.0, 1.0)
PER_CENT = 100.0

INFERNO = (
    (0, 0, 4),
    (22, 11, 57),
    (66, 10, 104),
    (106, 23, 110),
    (147, 38, 103),
    (188, 55, 84),
    (221, 81, 58),
    (243, 120, 25),
    (252, 165, 10),
    (246, 215, 70),
    (252, 255, 164),
)
"""Eleven steps of the colours that the report has from matplotlib, which takes long to load."""

COLORS_OF = "LungCAD.ColorsOf"
"""Attribute by which a colour table is found again, after loading a scene too."""


def show_uncertainty(
    image: sitk.Image,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
    name: str = "Uncertainty",
) -> slicer.vtkMRMLScalarVolumeNode:
    """Show an image of 0 (certain) to 1 (all classes alike) as a volume, dark to bright as in the report.

    Floats, or bytes that stand for them (`LungCAD.images.to_bytes`); the volume holds floats.

    Raises
    ------
    InputError
        The volume no longer lies where the image was computed.
    """
    return finish(uncertainty_in_steps(image, reference_volume, node, name))


def uncertainty_in_steps(
    image: sitk.Image,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
    name: str = "Uncertainty",
    title: str = "Uncertainty",
) -> Steps[slicer.vtkMRMLScalarVolumeNode]:
    """Do as `show_uncertainty`, yielding fractions; the scene changes in the last step only.

    title : of the legend, for other maps from 0 to 1 that are shown in the same way.
    """
    node = yield from volume_in_steps(image, name, node, reference_volume, RANGE, fractions=True)
    _color(node, _between(INFERNO), title)
    return node


def show_probability(
    image: sitk.Image,
    label: Label,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
) -> slicer.vtkMRMLScalarVolumeNode:
    """Show an image of the probability 0..1 of one label as a volume, from black to the label's colour.

    Raises
    ------
    InputError
        The volume no longer lies where the image was computed.
    """
    steps = volume_in_steps(image, f"Probability of {label.name.lower()}", node, reference_volume, RANGE)
    node = finish(steps)
    _color(node, _between(((0, 0, 0), label.color)), label.name)
    return node


def heat_map_in_steps(
    image: sitk.Image,
    title: str,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
    name: str = "Heat map",
) -> Steps[slicer.vtkMRMLScalarVolumeNode]:
    """Show an image in per cent, dark to bright, with `title` on its legend; yields fractions.

    Raises
    ------
    InputError
        The volume no longer lies where the image was computed.
    """
    node = yield from volume_in_steps(image, name, node, reference_volume, (0.0, PER_CENT))
    _color(node, _between(INFERNO), title, PER_CENT)
    return node


def show_from(node: slicer.vtkMRMLScalarVolumeNode, lowest: float) -> None:
    """Let a heat map be seen through where it is lower; what is barely hot is never shown."""
    display = node.GetDisplayNode()
    top = display.GetUpperThreshold()
    display.SetThreshold(min(max(lowest, LEAST_SHOWN * top), top), top)


def _between(colors: Sequence[tuple[int, int, int]]) -> NDArray[np.float64]:
    """Return 256 colours (256, 3) of 0..1 that run evenly through the given ones of 0..255."""
    places = np.linspace(0, 1, len(colors))
    channels = np.array(colors).T / 255
    return np.stack([np.interp(np.linspace(0, 1, 256), places, channel) for channel in channels], axis=1)


def _color(
    node: slicer.vtkMRMLScalarVolumeNode, colors: NDArray[np.float64], title: str, top: float = 1.0
) -> None:
    """Show the values 0..top of the node in these colours (256, 3), each 0..1, and say so in a legend."""
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAndObserveColorNodeID(_color_node(title, colors).GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, top)
        display.AutoThresholdOff()
        display.SetThreshold(LEAST_SHOWN * top, top)
        display.ApplyThresholdOn()
        display.InterpolateOff()  # between 0 and the lung's edge, in-between values would draw a dark hem
    if slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node) is None:
        _add_legend(node, title, "%.1f" if top == RANGE[1] else "%.0f")


def _add_legend(node: slicer.vtkMRMLScalarVolumeNode, title: str, number_format: str) -> None:
    """Add a small legend in the lower right corner, away from the lungs."""
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    with slicer.util.NodeModify(legend):
        legend.SetTitleText(title)
        legend.SetLabelFormat(number_format)
        legend.SetNumberOfLabels(6)
        legend.SetSize(0.07, 0.35)
        legend.SetPosition(0.98, 0.1)
        for text, size in ((legend.GetTitleTextProperty(), 16), (legend.GetLabelTextProperty(), 14)):
            text.SetFontFamilyToArial()
            text.SetFontSize(size)


def _color_node(title: str, colors: NDArray[np.float64]) -> slicer.vtkMRMLColorTableNode:
    """Return the scene's colour table for this kind of heat map, made where there is none."""
    for node in slicer.util.getNodesByClass("vtkMRMLColorTableNode"):
        if node.GetAttribute(COLORS_OF) == title:
            return node
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{title} colours")
    node.SetAttribute(COLORS_OF, title)
    node.SetTypeToUser()
    node.SetNumberOfColors(len(colors))
    for index, color in enumerate(colors):
        node.SetColor(index, f"{index / (len(colors) - 1):.2f}", *color, 1.0)
    return node
