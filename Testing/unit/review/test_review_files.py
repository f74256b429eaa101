"""Torn, altered and missing files: at most the act in flight is lost, and nothing is lost silently."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.review import Decision, Ledger, Review, VoxelFiles


@pytest.fixture
def ledger(review):
    review.decide(3, Decision.ACCEPT)
    review.comment(4, "naïve")
    return review.folder / "ledger.jsonl"


def test_a_torn_last_line_costs_that_line_alone(review, ledger):
    whole = ledger.read_bytes()
    kept = whole[: whole[:-1].rfind(b"\n") + 1]
    for size in range(len(kept), len(whole)):
        ledger.write_bytes(whole[:size])
        resumed = Review.resume(review.folder, "AB")
        assert len(resumed.entries) == 2
        assert ledger.read_bytes() == whole[:size], "reading changes nothing"
        resumed.decide(5, Decision.REJECT)
        assert Review.resume(review.folder, "AB").entries == resumed.entries
        assert ledger.read_bytes().startswith(kept)


def test_a_ledger_of_nothing_but_a_torn_line_is_empty(tmp_path):
    (tmp_path / "ledger.jsonl").write_bytes(b'{"version": 1, "numb')
    assert Ledger(tmp_path / "ledger.jsonl").entries == ()


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"accept", b"reject"), lines[2]], "altered: line 3"),
        (lambda lines: [lines[0], lines[2]], "altered: line 2"),
        (lambda lines: [lines[0], b"\x00\x00", lines[2]], "damaged: line 2"),
        (lambda lines: [lines[0], b"[]", lines[2]], "damaged: line 2 is no entry"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"version": 1', b'"version": 7')], "newer LungCAD"),
        (lambda lines: [lines[0], lines[1].replace(b"accept", b"maybe"), lines[2]], "damaged: line 2"),
        (lambda lines: [lines[0], lines[1].replace(b'"slice"', b'"shlice"'), lines[2]], "damaged: line 2"),
    ],
)
def test_an_altered_ledger_is_refused_with_the_line(ledger, alter, message):
    ledger.write_bytes(b"".join(line + b"\n" for line in alter(ledger.read_bytes().splitlines())))
    with pytest.raises(InputError, match=message):
        Ledger(ledger)


def test_a_damaged_or_missing_file_of_voxels_is_named(review):
    (file,) = (review.folder / "voxels").iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(InputError, match=rf"{file.name}: is damaged"):
        Review.resume(review.folder, "AB")
    file.unlink()
    with pytest.raises(InputError, match=rf"{file.name}: is missing"):
        Review.resume(review.folder, "AB")


def test_voxel_files_are_named_by_content_and_written_once(tmp_path):
    files = VoxelFiles(tmp_path / "voxels")
    arrays = {"labels": np.arange(24, dtype=np.uint8).reshape(2, 3, 4), "step": np.arange(3, dtype=np.uint32)}
    first = files.put(**arrays)
    written = (tmp_path / "voxels" / f"{first}.npz").stat()
    assert files.put(**arrays) == first
    assert (tmp_path / "voxels" / f"{first}.npz").stat() == written
    for name, array in files.get(first).items():
        assert np.array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype


def test_a_folder_that_cannot_be_made_is_named(result, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be"):
        result.begin(tmp_path / "file" / "review")
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "voxels").write_text("")
    with pytest.raises(InputError, match="cannot be"):
        result.begin(tmp_path / "review")


def test_label_maps_become_small(tmp_path):
    files = VoxelFiles(tmp_path)
    labels = np.repeat(np.arange(6, dtype=np.uint8), 40_000).reshape(6, 200, 200)
    assert len(files.get_bytes(files.put(labels=labels))) < labels.nbytes / 50


def test_a_full_disk_costs_the_act_alone(review, ledger, monkeypatch):
    before = ledger.read_bytes()
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(InputError, match="No space left"):
        review.decide(5, Decision.ACCEPT)
    assert ledger.read_bytes() == before
    assert review.state.decision(5) is None
    monkeypatch.undo()
    review.decide(5, Decision.ACCEPT)
    assert len(Review.resume(review.folder, "AB").entries) == 4
