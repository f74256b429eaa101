"""Reader's sheets: what they say, and every way in which they can be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import REGIONS
from LungCAD.train.cpa.sheets import read_sheets

SCANS = "patient,scan,image,date,disease,date_of_death,last_seen"
TICKS = "scan,side,level,preexisting,cavity,fungus_ball,pleural_thickening"


@pytest.fixture
def tables(tmp_path):
    """Write both tables, each from its rows; the images they may name exist."""

    def write(scans, ticks=(), header=SCANS, ticks_header=TICKS):
        for name in ("a.nii", "b.nii", "0.nii", "1.nii", "2.nii"):
            (tmp_path / name).touch()
        paths = tmp_path / "scans.csv", tmp_path / "regions.csv"
        for path, head, rows in ((paths[0], header, scans), (paths[1], ticks_header, ticks)):
            path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        return paths

    return write


def test_ticks_and_answers_are_read(tables):
    scans, ticks = tables(
        ["P1, S1, a.nii, 2010-05-01, 1,,", "P2,S2,b.nii,2010-05-01,0,,"],
        ["S1,left,upper,1,1,0,", "S1,left,upper,,,,1", "S1,right,lower,0,0,0,1"],
    )
    first, second = read_sheets(scans, ticks)
    assert (first.patient, first.scan, first.disease, second.disease) == ("P1", "S1", 1, 0)
    wanted = np.full((6, 3), -1)
    wanted[REGIONS.index("left_upper")] = 1, 0, 1
    wanted[REGIONS.index("right_lower")] = 0, 0, 1
    np.testing.assert_array_equal(first.signs, wanted)
    assert (second.signs == -1).all()
    assert SIGNS == ("cavity", "fungus_ball", "pleural_thickening")


@pytest.mark.parametrize(
    ("died", "seen", "survival"),
    [
        ("2011-01-01", "", 1),
        ("2012-05-01", "", 0),  # 731 days later: 2012 is a leap year
        ("2012-04-30", "", 1),
        ("2015-01-01", "", 0),
        ("", "2013-01-01", 0),
        ("", "2011-01-01", -1),
        ("", "", -1),
    ],
)
def test_survival_is_two_years_from_the_scan(tables, died, seen, survival):
    scans, _ = tables([f"P1,S1,a.nii,2010-05-01,1,{died},{seen}"])
    assert read_sheets(scans)[0].survival == survival


GOOD = "P1,S1,a.nii,2010-05-01,1,,"


@pytest.mark.parametrize(
    ("scans", "ticks", "message"),
    [
        ([GOOD, GOOD], [], "second time"),
        ([], [], "lists no scans"),
        ([",S1,a.nii,,1,,"], [], "no scan or no patient"),
        (["P1,S1,c.nii,,1,,"], [], "not there"),
        (["P1,S1,a.nii,,2,,"], [], "disease '2'"),
        (["P1,S1,a.nii,1.5.2010,1,,"], [], "YYYY-MM-DD"),
        (["P1,S1,a.nii,2010-05-01,1,2009-01-01,"], [], "before the scan"),
        (["P1,S1,a.nii,2010-05-01,0,,"], ["S1,left,upper,0,1,0,0"], "free of disease"),
        (["P1,S1,a.nii,2010-05-01,1,2012-01-01,2013-01-01"], [], "died on 2012-01-01"),
        ([GOOD, "P2,S2,./a.nii,2010-05-01,1,,"], [], "image of S1 again"),
        ([GOOD], ["S9,left,upper,0,1,0,0"], "S9"),
        ([GOOD], ["S1,both,upper,0,1,0,0"], "left or right"),
        ([GOOD], ["S1,left,upper,0,yes,0,0"], "cavity 'yes'"),
        ([GOOD], ["S1,left,upper,0,1,0,0", "S1,left,upper,0,0,0,0"], "contradicts"),
    ],
)
def test_a_wrong_row_is_named(tables, scans, ticks, message):
    with pytest.raises(InputError, match=message) as raised:
        read_sheets(*tables(scans, ticks))
    assert ".csv" in str(raised.value)


def test_a_patient_stays_on_one_side_of_the_split(tables):
    rows = ["P1,S1,a.nii,2010-05-01,1,,,training", "P1,S2,b.nii,2011-05-01,1,,,test"]
    scans, _ = tables(rows, header=f"{SCANS},split")
    with pytest.raises(InputError, match="one side of the split"):
        read_sheets(scans)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        ("P1,S2,b.nii,2011-05-01,1,2015-01-01,", "date of death 2015-01-01"),
        ("P1,S2,b.nii,2011-05-01,1,,2015-01-01", "seen on 2015-01-01"),
        ("P1,S2,b.nii,2015-05-01,1,,", "scanned or seen on 2015-05-01"),
    ],
)
def test_a_patient_has_one_life(tables, later, message):
    first = "P1,S1,a.nii,2010-05-01,1,2014-01-01,2013-01-01"
    for rows in ([first, later], [later, first]):
        with pytest.raises(InputError, match=r"scans.csv, row 3.*2014-01-01"):
            read_sheets(tables(rows)[0])
    with pytest.raises(InputError, match=message):
        read_sheets(tables([first, later])[0])
    for same in ("P1,S2,b.nii,2011-05-01,1,2014-01-01,2012-01-01", "P2,S2,b.nii,2015-05-01,1,,2016-01-01"):
        assert len(read_sheets(tables([first, same])[0])) == 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("training", "", "test"), "none for S1"),
        (("training", "training", "test"), "without validation"),
        (("test", "test", "test"), "without training and validation"),
    ],
)
def test_a_split_is_for_all_scans_and_has_all_parts(tables, parts, message):
    header = f"{SCANS},split"

    def scans(parts):
        return tables([f"P{i},S{i},{i}.nii,,1,,,{part}" for i, part in enumerate(parts)], header=header)[0]

    with pytest.raises(InputError, match=message):
        read_sheets(scans(parts))
    for good in (("training", "validation", "test"), ("", "", "")):
        assert tuple(sheet.part for sheet in read_sheets(scans(good))) == good


def test_missing_columns_and_files_are_named(tables, tmp_path):
    scans, _ = tables([], header="patient,scan")
    with pytest.raises(InputError, match="image, date, disease"):
        read_sheets(scans)
    scans, _ = tables([GOOD.replace(",", ";")], header=SCANS.replace(",", ";"))
    with pytest.raises(InputError, match="has semicolons between its cells"):
        read_sheets(scans)
    with pytest.raises(InputError, match="cannot be read"):
        read_sheets(tmp_path / "none.csv")
    binary = tmp_path / "image.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="cannot be read"):
        read_sheets(binary)
