"""A table that survives being broken off."""

import pytest

from LungCAD.batch import ResumableTable
from LungCAD.errors import InputError

COLUMNS = ("name", "value")


def write(path, names):
    with ResumableTable(path, COLUMNS) as table:
        for name in names:
            table.append({"name": name, "value": len(name)})


def test_rows_are_added_to_those_there(tmp_path):
    path = tmp_path / "t.csv"
    write(path, ["a", "bb"])
    write(path, ["c,c"])
    with ResumableTable(path, COLUMNS) as table:
        assert table.done == {"a", "bb", "c,c"}
        assert [row["value"] for row in table.rows()] == ["1", "2", "3"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_last_row_is_written_anew(tmp_path, cut):
    path = tmp_path / "t.csv"
    write(path, ["first", "second"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with ResumableTable(path, COLUMNS) as table:
        left = [name for name in ("first", "second") if name not in table.done]
        for name in left:
            table.append({"name": name, "value": len(name)})
    assert path.read_bytes() == whole


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("other,columns\n1,2\n")
    with pytest.raises(InputError, match="other columns"):
        ResumableTable(path, COLUMNS)
