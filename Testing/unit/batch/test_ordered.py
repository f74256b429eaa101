"""A stream worked on by several threads."""

import threading
import time

import pytest

from LungCAD.batch import ordered_map


def test_results_come_in_order():
    def slow_when_even(n):
        time.sleep(0.004 * (n % 2 == 0))
        return n * n

    assert list(ordered_map(slow_when_even, range(50), workers=4, ahead=8)) == [n * n for n in range(50)]


def test_no_more_is_taken_from_the_stream_than_allowed():
    taken = []

    def stream():
        for n in range(1000):
            taken.append(n)
            yield n

    for result in ordered_map(lambda n: n, stream(), workers=2, ahead=5):
        assert len(taken) <= result + 6
        if result == 20:
            break


def test_it_works_on_several_at_once():
    meeting = threading.Barrier(3, timeout=5)
    assert len(list(ordered_map(lambda _: meeting.wait(), range(3), workers=3, ahead=4))) == 3


def test_an_error_comes_at_its_turn():
    results = []
    with pytest.raises(ZeroDivisionError):
        results.extend(ordered_map(lambda n: 1 / (n - 3), range(10), workers=2, ahead=4))
    assert results == [-1 / 3, -1 / 2, -1]


def test_an_empty_stream():
    assert list(ordered_map(str, [], workers=1, ahead=1)) == []
