from __future__ import annotations

from Testing.host.mrml_widgets.qMRMLWidget import qMRMLWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerWidget(qMRMLWidget):  # noqa: N801
    """As qMRMLWidget, for modules."""
