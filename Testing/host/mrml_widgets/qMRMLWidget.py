from __future__ import annotations

from typing import Any

from Testing.host.mrml_widgets.scene_widget import SceneWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLWidget(SceneWidget):
    """A widget that knows the scene."""

    def mrmlScene(self) -> Any:
        return self._scene
