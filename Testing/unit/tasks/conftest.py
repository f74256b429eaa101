"""The shipped network for radiographs, for the tests that ask how good it is."""

import pytest

from LungCAD.errors import InputError
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter
from LungCAD.weights.shipped import shipped


@pytest.fixture(scope="session")
def xray_segmenter():
    try:
        shipped(XrayLungParameters().weights)
    except InputError as error:
        pytest.skip(str(error))
    return XraySegmenter()
