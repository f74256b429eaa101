"""A whole chest of 512 x 512 x 300 voxels is shown and taken under review in steps that no user notices."""

from __future__ import annotations

import time
from collections.abc import Generator

import numpy as np
import pytest

from LungCAD.labels import Provenance, load_schema
from Testing import host

SHAPE = (300, 512, 512)
LONGEST_STEP_S = 0.1
"""Of this thread's own time: what other programs do to the machine meanwhile is not ours."""

host.start()


@pytest.fixture
def scan():
    """CT, labels, provenance and uncertainty in bytes: two ellipsoids, four-pixel checks of five classes."""
    import slicer

    from LungCAD.mrml.volumes import image_at

    app = host.fresh_application()
    next(app)
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    inside = [
        ((x - middle) / 110) ** 2 + ((y - 256) / 150) ** 2 + ((z - 150) / 150) ** 2 < 1
        for middle in (150, 362)
    ]
    lung = inside[0] | inside[1]
    hu = np.where(lung, -850, 40).astype(np.int16) + np.random.default_rng(0).integers(-60, 60, (1, 512, 512))
    ct = slicer.util.addVolumeFromArray(hu.astype(np.int16), name="CT")
    labels = np.where(lung, 1 + (x // 4 + y // 4 + z // 4) % 5, 0).astype(np.uint8)
    arrays = {
        "labels": labels,
        "unary_labels": np.where(lung, labels % 5 + 1, 0).astype(np.uint8),
        "provenance": np.where(lung, Provenance.PROPAGATED, 0).astype(np.uint8),
        "uncertainty": (lung * (x % 200)).astype(np.uint8),
        "lungs": lung.astype(np.uint8),
    }
    yield ct, {name: image_at(ct, array) for name, array in arrays.items()}
    next(app, None)


def take(steps: Generator, doing: str, times: dict[str, float]):
    """Take all steps; remember how long the longest took."""
    while True:
        start = time.thread_time()
        try:
            next(steps)
        except StopIteration as end:
            times[doing] = max(times.get(doing, 0.0), time.thread_time() - start)
            return end.value
        times[doing] = max(times.get(doing, 0.0), time.thread_time() - start)


@pytest.mark.slow
def test_no_step_takes_long(scan, tmp_path, capsys):
    from LungCAD.mrml.heat_maps import uncertainty_in_steps
    from LungCAD.mrml.plots import along_z_in_steps
    from LungCAD.mrml.reviewed_case import Subject, review_in_steps
    from LungCAD.mrml.segments import labels_in_steps
    from LungCAD.mrml.volumes import volume_in_steps

    ct, images = scan
    schema, times = load_schema("gao5"), {}
    node = take(labels_in_steps(images["labels"], schema, ct), "labels", times)
    take(uncertainty_in_steps(images["uncertainty"], ct), "uncertainty", times)
    take(volume_in_steps(images["provenance"], "provenance", None, ct), "provenance", times)
    take(along_z_in_steps(images["labels"], images["lungs"], schema), "plot", times)

    def subject(labels):
        maps = {"uncertainty": images["uncertainty"], "alternative": images["unary_labels"], "result": labels}
        return Subject(ct, node, schema, images["provenance"], **maps)

    case = take(review_in_steps(subject(images["labels"]), tmp_path, "AB"), "begin", times)
    case.decide(150, "accept")
    take(case.constraints_in_steps(), "constraints", times)
    case = take(review_in_steps(subject(images["unary_labels"]), tmp_path, "AB"), "next result", times)
    assert len(case.review.entries) == 3
    with capsys.disabled():
        print({doing: f"{1000 * seconds:.0f} ms" for doing, seconds in times.items()})
    assert max(times.values()) < LONGEST_STEP_S
