"""Small cases with known content, in every orientation."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.images import ScanFacts
from LungCAD.labels import Provenance, Schema, load_schema
from LungCAD.parameters import Parameters, parameter
from LungCAD.report.content import ReportContent
from LungCAD.report.densitometry import densitometry
from LungCAD.report.measurements import measure
from LungCAD.report.record import run_record

SPACING = (0.8, 1.1, 4.0)
"""mm along left, posterior, superior of the small chest."""

ORIENTATIONS = [
    "".join(letters)
    for order in itertools.permutations(("LR", "PA", "SI"))
    for letters in itertools.product(*order)
]


def make_image(
    array: np.ndarray, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None
) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection(np.ravel(direction).tolist())
    return image


@pytest.fixture
def image_of():
    """The function that makes an image of an array (z, y, x)."""
    return make_image


@pytest.fixture(params=ORIENTATIONS)
def orientation(request) -> str:
    """Each of the 48 ways in which voxel axes can follow the patient's."""
    return request.param


@dataclass(frozen=True)
class Knobs(Parameters):
    """Parameters of a method that does nothing."""

    sigma: float = parameter(2.0, "Width of the <kernel>", unit="mm")


@dataclass
class Chest:
    """Two box-shaped lungs on an LPS grid; disease at the right apex, anterior."""

    schema: Schema
    ct: np.ndarray
    labels: np.ndarray
    lungs: np.ndarray
    zones: np.ndarray
    rois: np.ndarray
    uncertainty: np.ndarray

    def image(self, name: str, orientation: str = "LPS") -> sitk.Image:
        image = make_image(getattr(self, name), SPACING, origin=(-30.0, -20.0, -100.0))
        return sitk.DICOMOrient(image, orientation)

    def content(self, orientation: str = "LPS", **changes) -> ReportContent:
        images = {name: self.image(name, orientation) for name in ("ct", "labels", "lungs", "zones", "rois")}
        provenance = np.where(
            self.rois > 0, Provenance.DRAWN, np.where(self.lungs > 0, Provenance.PROPAGATED, 0)
        )
        self.provenance = provenance.astype(np.uint8)
        facts = ScanFacts(modality="CT", kernel="B70f", sharp_kernel=True, slice_thickness_mm=4.0)
        content = ReportContent(
            title="Label propagation",
            ct=images["ct"],
            labels=images["labels"],
            lungs=images["lungs"],
            schema=self.schema,
            measurements=measure(images["labels"], images["lungs"], images["zones"], self.schema),
            densitometry=densitometry(images["ct"], images["lungs"], facts),
            parameters=Knobs(),
            record=run_record(
                "lungcad propagate CT --rois ROIS -o OUT",
                Knobs(),
                {"CT": images["ct"]},
                device="cpu",
                threads=1,
                started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
                seconds={"crf": 1.25},
            ),
            facts=facts,
            uncertainty=self.image("uncertainty", orientation),
            rois=images["rois"],
            provenance=self.image("provenance", orientation),
            warnings=("The first <warning>.",),
            expansion_factor=12.3,
        )
        return replace(content, **changes)


@pytest.fixture
def chest() -> Chest:
    return build_chest()


@pytest.fixture(scope="session")
def make_chest():
    """The function behind `chest`, for fixtures that live longer."""
    return build_chest


def build_chest() -> Chest:
    schema = load_schema("gao5")
    shape = (14, 44, 70)
    lungs = np.zeros(shape, np.uint8)
    lungs[1:13, 8:38, 8:30] = 1  # LPS: a small column is the patient's right
    lungs[1:13, 8:38, 40:62] = 2
    zones = np.zeros(shape, np.uint8)
    for third, rows in enumerate((slice(9, 13), slice(5, 9), slice(1, 5))):  # upper, middle, lower
        zones[rows][lungs[rows] == 1] = 1 + third
        zones[rows][lungs[rows] == 2] = 4 + third
    labels = (lungs > 0).astype(np.uint8)
    labels[9:12, 8:16, 8:18] = schema.by_code("fibrosis").value
    labels[2:4, 30:38, 50:62] = schema.by_code("ground_glass").value
    rois = np.zeros(shape, np.uint8)
    rois[10, 10:14, 10:15] = schema.by_code("fibrosis").value
    rois[6, 20:26, 45:52] = schema.by_code("healthy").value
    ct = np.full(shape, 40, np.int16)
    ct[lungs > 0] = np.random.default_rng(0).normal(-850, 40, np.count_nonzero(lungs)).astype(np.int16)
    ct[labels == schema.by_code("fibrosis").value] = -300
    uncertainty = np.where(lungs > 0, 0.1, 0).astype(np.float32)
    uncertainty[5][lungs[5] > 0] = 0.9
    return Chest(schema, ct, labels, lungs, zones, rois, uncertainty)
