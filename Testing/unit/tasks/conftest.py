"""What tests share: the shipped network for radiographs, readers of small scans for CPA, lungs for ILD."""

import pytest

from LungCAD.tasks.cpa import CpaParameters, CpaReader
from LungCAD.tasks.cpa_projections import AXES, ProjectionVolume
from LungCAD.tasks.ild_segmentation import IldNetwork
from LungCAD.tasks.xray_lungs import XraySegmenter
from Testing.slicer.cpa_chest import save_networks, small_volume
from Testing.slicer.density_network import DenseLungs, save_density_network


@pytest.fixture(scope="session")
def xray_segmenter():
    return XraySegmenter()


@pytest.fixture
def full_grid():
    """Ask for it to project on the published grid: four times as fine along each axis, and as slow."""
    return True


@pytest.fixture
def reader(monkeypatch, tmp_path, request):
    """Make a reader whose networks look along the given directions."""
    if "full_grid" not in request.fixturenames:
        monkeypatch.setattr(ProjectionVolume, "of", small_volume)

    def make(axes=AXES, tasks=("fungus_ball",), shares=False, **parameters):
        threshold = 0.55 if shares else 0.75  # of the root of a half; of 220 HU
        folder = tmp_path / "-".join((*axes, *tasks))
        weights = save_networks(folder, tasks, axes, threshold, shares)
        return CpaReader(CpaParameters(str(weights), device="cpu", **parameters))

    return make


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_density_network(tmp_path_factory.mktemp("weights") / "density.safetensors"))


@pytest.fixture(scope="module")
def network(weights):
    return IldNetwork.load(weights, "cpu")


@pytest.fixture(scope="module")
def lungs():
    return DenseLungs()
