"""Messages survive any way in which a pipe cuts them, and errors cross as what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from LungCAD.errors import Cancelled, InputError
from LungCAD.worker import JobError, Reason
from LungCAD.worker.job_error import understandable
from LungCAD.worker.protocol import MessageReader, encode, error_as_data, error_from_data


@given(st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_whole_however_they_are_cut(lengths):
    messages = [encode("progress", job=1, fraction=0.25, message=f"Grün {n}\n") for n in range(5)]
    data, found, reader = b"".join(messages), [], MessageReader()
    while data:
        for length in lengths:
            found += reader.feed(data[:length])
            data = data[length:]
    assert [each["message"] for each in found] == [f"Grün {n}\n" for n in range(5)]


@pytest.mark.parametrize(
    "line", [b"Loading...\n", b"[1, 2]\n", b"{}\n", b'{"kind"\r\n', b"\xff\xfe\n", b"12\n"]
)
def test_what_is_no_message_is_text(line):
    first, second = MessageReader().feed(line + encode("hello"))
    assert isinstance(first, str)
    assert second == {"kind": "hello"}


@pytest.mark.parametrize(
    "error",
    [InputError("CT", "is empty", "Load one"), InputError("CT", "is empty"), JobError(Reason.HANG, "5 min")],
)
def test_errors_cross_whole(error):
    copy = error_from_data(error_as_data(error))
    assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), Reason.MEMORY),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), Reason.MEMORY),
        (RuntimeError("CUDA out of memory. Tried to allocate 20 GiB\nmore"), Reason.MEMORY),
        (OSError(28, "No space left on device"), Reason.TRANSFER),
        (KeyError("x"), Reason.ERROR),
    ],
)
def test_every_error_has_a_reason_and_one_sentence(error, reason):
    told = understandable(error)
    assert told.reason is reason
    assert "\n" not in str(told)


def test_errors_for_users_stay_as_they_are():
    for error in (InputError("CT", "is empty"), Cancelled()):
        assert understandable(error) is error
