"""CSV as a spreadsheet reads it."""

from __future__ import annotations

import csv

import pytest

from LungCAD.errors import InputError
from LungCAD.report.measurements import REGIONS
from LungCAD.report.tables import write_densitometry, write_measurements


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_measurements_carry_units_and_every_share(chest, tmp_path):
    measurements = chest.content().measurements
    path = tmp_path / "measurements.csv"
    write_measurements(path, measurements)
    rows = read(path)
    assert list(rows[0]) == [
        "region",
        "label",
        "name",
        "volume [ml]",
        "share of region [%]",
        "region volume [ml]",
    ]
    assert len(rows) == len(REGIONS) * (len(chest.schema.labels) + 1)
    for row in rows:
        share = measurements.share(row["region"], row["label"])
        assert float(row["volume [ml]"]) == pytest.approx(share.volume_ml, abs=6e-4)
        assert float(row["share of region [%]"]) == pytest.approx(share.percent, abs=6e-4)


def test_empty_regions_have_no_share(chest, tmp_path):
    chest.lungs[chest.lungs == 2] = 0
    chest.zones[chest.zones > 3] = 0
    write_measurements(tmp_path / "m.csv", chest.content().measurements)
    left = [row for row in read(tmp_path / "m.csv") if row["region"].startswith("left")]
    assert {row["share of region [%]"] for row in left} == {""}


def test_withheld_numbers_are_empty_with_their_reason(chest, tmp_path):
    chest.lungs[chest.lungs == 2] = 0
    write_densitometry(tmp_path / "d.csv", chest.content().densitometry)
    rows = {row["region"]: row for row in read(tmp_path / "d.csv")}
    assert float(rows["right_lung"]["Lung volume [ml]"]) == pytest.approx(
        12 * 30 * 22 * 0.8 * 1.1 * 4 / 1000, abs=6e-4
    )
    assert rows["left_lung"]["LAA-950 [%]"] == ""
    assert "LAA-950: no lung in view" in rows["left_lung"]["withheld"]
    assert "4 mm thick" in rows["right_lung"]["cautions"]


def test_existing_tables_stay_unless_asked(chest, tmp_path):
    content, path = chest.content(), tmp_path / "table.csv"
    path.write_text("mine")
    for write, table in (
        (write_measurements, content.measurements),
        (write_densitometry, content.densitometry),
    ):
        with pytest.raises(InputError, match="exists already"):
            write(path, table)
        assert path.read_text(encoding="utf-8") == "mine"
    write_measurements(path, content.measurements, overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("region,")
    assert list(tmp_path.iterdir()) == [path]
