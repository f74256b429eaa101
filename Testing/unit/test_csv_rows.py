"""Tables as spreadsheets leave them."""

from __future__ import annotations

from LungCAD.csv_rows import read_rows


def test_rows_without_anything_are_blank(tmp_path):
    path = tmp_path / "scans.csv"
    path.write_bytes(b"\xef\xbb\xbfpatient,image\r\np01,a.nrrd\r\n,\r\n\r\np02\r\n, \r\n")
    headings, rows = read_rows(path, ("patient", "image"))
    assert headings == ["patient", "image"]
    assert rows == [(2, {"patient": "p01", "image": "a.nrrd"}), (5, {"patient": "p02", "image": None})]
