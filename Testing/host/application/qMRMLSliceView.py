from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

from Testing.host.pythonqt.properties import like_cpp

DISPLAYABLE_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
)


@like_cpp
class qMRMLSliceView(QtWidgets.QWidget):
    """A slice drawn by Slicer's own displayable managers into a window that nobody sees."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._managers: Any = None
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._renderer = vtk.vtkRenderer()
        self._slice_image = vtk.vtkActor2D()
        self._annotation = vtk.vtkCornerAnnotation()

    def renderWindow(self) -> Any:
        return self._window

    def mrmlSliceNode(self) -> Any:
        return self._logic.GetSliceNode()

    def cornerAnnotation(self) -> Any:
        return self._annotation

    def scheduleRender(self) -> None:
        self.update()

    def forceRender(self) -> None:
        self.repaint()

    def _picture(self, width: int, height: int) -> QtGui.QImage:
        if self._managers is None:
            self._set_up()
        self._window.SetSize(width, height)
        self._logic.ResizeSliceNode(width, height)
        pixels = self._logic.GetImageDataConnection()  # another one once there is a volume
        self._slice_image.SetVisibility(pixels is not None)
        self._slice_image.GetMapper().SetInputConnection(pixels)
        self._window.Render()
        capture = vtk.vtkWindowToImageFilter()
        capture.SetInput(self._window)
        capture.ReadFrontBufferOff()
        capture.Update()
        pixels = vtk_to_numpy(capture.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3)
        pixels = pixels[::-1].copy()
        return QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format_RGB888).copy()

    def _set_up(self) -> None:
        """The slice's image must be in the renderer before the managers are, or it hides the segments."""
        interactor = vtk.vtkRenderWindowInteractor()
        interactor.SetRenderWindow(self._window)
        self._window.AddRenderer(self._renderer)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self._slice_image.SetMapper(mapper)
        self._slice_image.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(self._slice_image)
        self._renderer.AddViewProp(self._annotation)
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(self._logic.GetMRMLApplicationLogic())
        for name in DISPLAYABLE_MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self._managers = factory.InstantiateDisplayableManagers(self._renderer)
        self._managers.SetMRMLDisplayableNode(self._logic.GetSliceNode())

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        if self.width > 1 and self.height > 1:
            QtGui.QPainter(self).drawImage(QtCore.QPoint(0, 0), self._picture(self.width, self.height))
