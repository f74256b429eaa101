"""Whoever has a narrow column for the panel can still read all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from Testing import host

ROOT = Path(__file__).resolve().parents[3]
WIDTH_PX = 400
MODULES = sorted(path.stem for path in ROOT.glob("*/*.py") if path.stem == path.parent.name)

host.start()


@pytest.fixture
def open_panel():
    """A function that opens the panel of a module in an empty scene."""
    app = host.fresh_application()
    next(app)
    opened = []

    def panel(name):
        opened.append(name)
        return host.open_module(name)

    yield panel
    for name in opened:
        host.close_module(name)
    next(app, None)


@pytest.mark.parametrize("name", MODULES)
def test_no_text_is_cut_off(open_panel, name):
    assert host.cut_off_texts(open_panel(name), WIDTH_PX) == []


def test_no_text_is_cut_off_whatever_is_chosen(open_panel):
    import slicer

    from LungCAD.labels import available_schemas
    from LungCAD.panels.schema_chooser import NO_TISSUE

    panel = open_panel("CRFLabelPropagation")
    panel.node.ct = slicer.util.addVolumeFromArray(np.full((3, 20, 20), -800, np.int16), name="CT")
    for unary in ("rois", "network", "both"):
        panel.node.unary = unary
        for schema in set(available_schemas()) - set(NO_TISSUE):
            panel.node.schema = schema
            panel.refresh()
            assert host.cut_off_texts(panel, WIDTH_PX) == [], (unary, schema)
    panel.ui.resultCollapsibleButton.visible = True
    for index in range(panel.ui.heatMapBox.count):
        panel.ui.heatMapBox.currentIndex = index
        assert host.cut_off_texts(panel, WIDTH_PX) == [], panel.ui.heatMapBox.currentText
