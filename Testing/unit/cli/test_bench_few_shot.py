from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.cli.bench.few_shot import measure, split
from LungCAD.errors import InputError


def test_no_group_is_on_both_sides():
    rng = np.random.default_rng(1)
    labels, groups = np.repeat([0, 1, 2], 40), rng.integers(0, 60, 120)
    for draw in range(20):
        train, test = split(labels, groups, 3, np.random.default_rng(draw))
        assert np.bincount(labels[train]).tolist() == [3, 3, 3]
        assert len(set(groups[train])) == len(train)
        assert not set(groups[train]) & set(groups[test])


def test_missing_patches_are_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"patches\.npz"):
        measure(tmp_path)


@pytest.mark.data
def test_real_patches_are_recognised_better_than_by_nearest_neighbour(real_data):
    result = measure(real_data / "emphysema_patches", draws=8, seed=1, shots=(1, 3))
    assert json.loads(json.dumps(result)) == result
    assert result["patches"] == 937 and result["groups"] == 921
    assert result["3"]["unary"]["mean"] >= 0.52 + 0.05
    assert result["3"]["gain"]["mean"] > 0
    assert result["1"]["unary"]["mean"] < result["3"]["unary"]["mean"]
