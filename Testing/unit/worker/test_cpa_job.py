"""The search for signs as a job: networks are kept while their files are what they were."""

from __future__ import annotations

import os

import pytest

from LungCAD.tasks.cpa_projections import ProjectionVolume
from LungCAD.worker.cache import Cache
from LungCAD.worker.jobs import cpa, load_job
from Testing.slicer.cpa_chest import chest, save_networks, small_volume

pytestmark = pytest.mark.usefixtures("without_shipped_signs")


def test_networks_are_loaded_again_when_their_files_change(tmp_path, monkeypatch):
    monkeypatch.setattr(ProjectionVolume, "of", small_volume)
    cache, loaded, make = Cache(), [], cpa.CpaReader
    monkeypatch.setattr(cpa, "CpaReader", lambda chosen: loaded.append(chosen) or make(chosen))
    folder, ct = save_networks(tmp_path / "own", axes=("axial",)), chest()

    def model():
        parameters = {"weights": str(folder), "device": "cpu"}
        return load_job("cpa")({"ct": ct}, parameters, lambda *_: None, cache).data["model"]

    assert model() == model() == "cpa-fungus_ball-axial"
    assert len(loaded) == 1
    save_networks(folder, axes=("coronal",))
    assert model() == "cpa-fungus_ball-axial, cpa-fungus_ball-coronal"
    os.utime(folder / "cpa-fungus_ball-axial.safetensors", (0, 0))  # trained further
    model()
    assert len(loaded) == 3
