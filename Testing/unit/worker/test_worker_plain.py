"""Results cross as plain data and come back as what they were."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.images import ScanFacts
from LungCAD.labels import load_schema
from LungCAD.lungs import lung_zones
from LungCAD.report.densitometry import Densitometry, densitometry
from LungCAD.report.measurements import Measurements, measure
from LungCAD.worker.cache import Cache
from LungCAD.worker.plain import from_plain, to_plain


def through_json(value):
    return json.loads(json.dumps(to_plain(value)))


def test_measurements_and_densitometry(small_scan):
    scan = small_scan()
    labels, lungs = scan.image(scan.truth), scan.image(scan.lungs)
    measured = measure(labels, lungs, lung_zones(lungs), load_schema("gao5"), (1, 2, 3))
    assert from_plain(Measurements, through_json(measured)) == measured
    dense = densitometry(scan.image(scan.hu), lungs)
    assert from_plain(Densitometry, through_json(dense)) == dense


@pytest.mark.parametrize("facts", [ScanFacts(), ScanFacts(kernel="B70f", sharp_kernel=True, kvp=120.0)])
def test_optional_values(facts):
    assert from_plain(ScanFacts, through_json(facts)) == facts


def test_numbers_of_numpy_become_plain():
    assert through_json({"n": np.int64(3), "x": np.float32(0.5), "t": (1, 2)}) == {
        "n": 3,
        "x": 0.5,
        "t": [1, 2],
    }


def test_the_cache_keeps_the_last_of_every_kind():
    cache = Cache()
    assert cache.get("network", "a", lambda: 1) == 1
    assert cache.get("network", "a", lambda: 2) == 1
    cache.keep("session", "case", 3)
    assert cache.get("network", "b", lambda: 4) == 4
    assert not cache.has("network", "a")
    assert cache.has("session", "case")


def test_the_old_value_goes_before_the_new_one_is_made():
    cache = Cache()
    cache.keep("session", "old", 1)
    old_is_there = cache.get("session", "new", lambda: cache.has("session", "old"))
    assert not old_is_there


def test_a_value_that_could_not_be_made_is_not_kept():
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("session", "case", lambda: 1 / 0)
    assert cache.get("session", "case", lambda: 2) == 2
