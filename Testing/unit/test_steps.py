"""Work in steps: everything arrives, piece by piece."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from LungCAD.steps import copy_in_chunks, equal_in_steps, finish


@given(
    source=arrays(np.int16, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7)),
    chunk_bytes=st.integers(1, 300),
    wider=st.booleans(),
)
def test_everything_arrives_and_fractions_rise_to_one(source, chunk_bytes, wider):
    target = np.full(source.shape, -7, np.float64 if wider else np.int16)
    fractions = list(copy_in_chunks(source, target, chunk_bytes))
    np.testing.assert_array_equal(target, source)
    assert fractions[-1] == 1.0
    assert all(earlier < later for earlier, later in itertools.pairwise(fractions))


@given(shape=array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=7), chunk_bytes=st.integers(4, 300))
def test_no_step_copies_more_than_a_chunk(shape, chunk_bytes):
    source, target = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    copied = 0
    for _ in copy_in_chunks(source, target, chunk_bytes):
        now = np.count_nonzero(target)
        assert 0 < (now - copied) * 4 <= chunk_bytes
        copied = now
    assert copied == source.size


def test_memory_mapped_files_on_either_side(tmp_path):
    values = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    file = np.memmap(tmp_path / "ct.raw", np.int16, "w+", shape=values.shape)
    list(copy_in_chunks(values, file, 50))
    file.flush()
    back = np.zeros_like(values)
    list(copy_in_chunks(np.memmap(tmp_path / "ct.raw", np.int16, "r", shape=values.shape), back, 50))
    np.testing.assert_array_equal(back, values)


def test_flipped_views():
    values = np.arange(24).reshape(2, 3, 4)
    target = np.zeros_like(values)
    list(copy_in_chunks(values[::-1, :, ::-1], target[:, ::-1], 40))
    np.testing.assert_array_equal(target, values[::-1, ::-1, ::-1])


def test_bad_arguments_are_noticed_before_anything_is_copied():
    target = np.zeros((2, 3))
    with pytest.raises(ValueError, match="target"):
        copy_in_chunks(np.ones((3, 2)), target)
    with pytest.raises(ValueError, match="chunk_bytes"):
        copy_in_chunks(np.ones((2, 3)), target, 0)
    assert not target.any()


def test_finish_gives_what_the_steps_return():
    def steps():
        yield 0.5
        yield 1.0
        return "done"

    assert finish(steps()) == "done"


@given(one=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)), data=st.data())
def test_arrays_are_equal_only_if_every_value_is(one, data):
    other = one.copy()
    assert finish(equal_in_steps(one, other))
    place = tuple(data.draw(st.integers(0, size - 1)) for size in one.shape)
    other[place] ^= 1
    assert not finish(equal_in_steps(one, other))
