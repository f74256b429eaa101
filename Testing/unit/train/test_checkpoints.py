"""Whose checkpoints a folder holds."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.train.checkpoints import claim_checkpoints, digest


def test_a_folder_is_one_training_only(tmp_path):
    claim_checkpoints(tmp_path / "own", {"seed": 1, "cases": digest(["a"])})
    claim_checkpoints(tmp_path / "own", {"seed": 1, "cases": digest(["a"])})
    with pytest.raises(InputError, match="another training"):
        claim_checkpoints(tmp_path / "own", {"seed": 1, "cases": digest(["b"])})


def test_a_digest_tells_whatever_differs():
    ticks = np.zeros((2, 3), np.int8)
    others = (
        [],
        ["a"],
        ["ab", ticks],
        ["a", "b", ticks],
        ["a", ticks + 1],
        ["a", ticks.T],
        ["a", ticks.astype(bool)],
        [ticks, "a"],
        ["a", ticks[:0]],
        ["a", np.array("a")[None]],
    )
    assert len({digest(parts) for parts in (["a", ticks], *others)}) == len(others) + 1
    assert digest(["a", ticks]) == digest(iter(["a", np.asfortranarray(ticks)]))


def test_what_is_mapped_from_a_file_is_not_copied_into_memory(tmp_path):
    mapped = np.memmap(tmp_path / "slices.raw", np.uint8, "w+", shape=(64, 3, 224, 224))
    tracemalloc.start()
    found = digest([mapped])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < mapped.nbytes / 10
    assert found == digest([np.zeros_like(mapped)])
