"""The shipped network for radiographs, for the tests that ask how good it is."""

import pytest

from LungCAD.tasks.xray_lungs import XraySegmenter


@pytest.fixture(scope="session")
def xray_segmenter():
    return XraySegmenter()
