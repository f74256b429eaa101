from __future__ import annotations

from Testing.host.mrml_widgets.scene_widget import SceneWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerWidget(SceneWidget):
    """A widget that is told of the scene; Python cannot ask it for the scene."""
