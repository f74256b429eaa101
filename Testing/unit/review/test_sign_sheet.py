import csv

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.files import sole_use
from LungCAD.images import same_geometry
from LungCAD.labels.sheet import REGIONS, TICKS
from LungCAD.review import case_pseudonym
from LungCAD.review.sheet_export import export_sheet
from LungCAD.review.sign_sheet import LEDGER, SignSheet
from LungCAD.review.slice_export import export_slices
from LungCAD.review.slice_review import SliceReview
from LungCAD.tasks import cpa_projections
from LungCAD.tasks.cpa import SIGNS
from LungCAD.train.cpa.sheets import read_sheets

CASE = "case-1a2b"


@pytest.fixture
def sheet(tmp_path):
    return SignSheet(tmp_path / "review", CASE, "AB", "networks")


@pytest.fixture
def image():
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    image.SetMetaData("0010|0010", "Doe^John")
    return image


def test_names_are_those_of_the_method():
    assert REGIONS == cpa_projections.REGIONS
    assert TICKS[1:] == SIGNS


def test_ticks_outlive_the_program(sheet, tmp_path):
    sheet.judge("left_upper", {"cavity", "fungus_ball"})
    sheet.judge("right_lower", set())
    sheet.judge("left_upper", {"cavity"})
    sheet.judge("left_middle", {"preexisting"})
    sheet.take_back("left_middle")
    again = SignSheet(tmp_path / "review", CASE, "AB")
    assert again.judgements == {"right_lower": frozenset(), "left_upper": frozenset({"cavity"})}
    assert [line.number for line in again.entries] == [1, 2, 3, 4, 5]
    assert again.entries[0].shown == ("cavity", "fungus_ball")


def test_a_line_that_was_altered_is_found(sheet):
    sheet.judge("left_upper", {"cavity"})
    sheet.judge("left_lower", set())
    path = sheet.folder / LEDGER
    path.write_text(path.read_text(encoding="utf-8").replace('["cavity"]', "[]"))
    with pytest.raises(InputError, match="altered"):
        SignSheet(sheet.folder, CASE, "AB")


def test_sheets_of_other_scans_are_refused(sheet):
    sheet.judge("left_upper", set())
    with pytest.raises(InputError, match="another scan"):
        SignSheet(sheet.folder, "case-ffff", "AB")


def test_what_is_no_tick_is_refused(sheet):
    with pytest.raises(ValueError, match="region: 'middle'"):
        sheet.judge("middle", set())
    with pytest.raises(ValueError, match="shown: tumour"):
        sheet.judge("left_upper", {"tumour"})
    assert not sheet.folder.exists()


def test_agreement_by_hand(sheet):
    """Of eight pairs six agree; the reader says yes 3 times, the method 3 times: chance 0.53125."""
    sheet.judge("left_upper", {"cavity", "fungus_ball"})
    sheet.judge("right_upper", {"cavity"})
    sheet.judge("right_lower", set())
    said = {
        ("left_upper", "cavity"): True,
        ("left_upper", "fungus_ball"): True,
        ("left_upper", "pleural_thickening"): True,
        ("right_upper", "cavity"): False,
        ("right_upper", "fungus_ball"): False,
        ("right_lower", "cavity"): False,
        ("right_lower", "fungus_ball"): False,
        ("right_lower", "pleural_thickening"): False,
        ("left_lower", "cavity"): True,
    }
    found = sheet.agreement(said)
    assert (found.compared, found.agreed) == (8, 6)
    assert found.kappa == pytest.approx((0.75 - 0.53125) / (1 - 0.53125))
    assert sheet.agreement({}).kappa is None


def test_exported_tables_are_read_by_the_training(sheet, image, tmp_path):
    sheet.judge("left_upper", {"cavity", "preexisting"})
    sheet.judge("right_lower", set())
    table = export_sheet(sheet, image, tmp_path / "set", "patient-1")
    (read,) = read_sheets(table, table.with_name("regions.csv"))
    assert (read.scan, read.patient, read.disease) == (CASE, "patient-1", 1)
    assert read.signs[REGIONS.index("left_upper")].tolist() == [1, 0, 0]
    assert read.signs[REGIONS.index("right_lower")].tolist() == [0, 0, 0]
    assert read.signs[REGIONS.index("right_upper")].tolist() == [-1, -1, -1]
    assert np.array_equal(
        sitk.GetArrayFromImage(sitk.ReadImage(str(read.image))), sitk.GetArrayViewFromImage(image)
    )
    assert b"Doe" not in read.image.read_bytes()


def test_sheet_and_slices_of_a_scan_share_its_image(image, tmp_path):
    """In the order of the slices that the pseudonym stands for, whichever the volume was stored in."""
    case = case_pseudonym(image)
    slices = SliceReview(tmp_path / "slices", case, "AB", ("emphysema",))
    slices.judge(1, {"emphysema"})
    sheet = SignSheet(tmp_path / "sheet", case, "AB")
    sheet.judge("left_upper", {"cavity"})
    export_slices(slices, image, tmp_path / "set", "patient-1")
    export_sheet(sheet, image[:, :, ::-1], tmp_path / "set", "patient-1")
    written = sitk.ReadImage(tmp_path / "set" / "images" / f"{case}.nrrd")
    assert case_pseudonym(written) == case
    assert same_geometry(written, image)


def test_scans_join_and_columns_of_others_stay(sheet, image, tmp_path):
    folder = tmp_path / "set"
    sheet.judge("left_upper", {"cavity"})
    export_sheet(sheet, image, folder, "patient-1")
    table = folder / "scans.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text(f"{lines[0]},split\n{lines[1]},training\n")
    other = SignSheet(tmp_path / "other", "case-2", "AB")
    other.judge("left_upper", set())
    export_sheet(other, image, folder, "patient-2")
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [row["split"] for row in rows] == ["training", ""]
    assert [row["disease"] for row in rows] == ["1", ""]
    with pytest.raises(InputError, match="has case-1a2b already"):
        export_sheet(sheet, image, folder, "patient-1")
    sheet.judge("left_upper", set())
    export_sheet(sheet, image, folder, "patient-1", overwrite=True)
    rows = list(csv.DictReader((folder / "regions.csv").open(encoding="utf-8")))
    assert {row["scan"]: row["cavity"] for row in rows} == {"case-2": "0", CASE: "0"}


def test_what_others_filled_in_outlives_another_export(sheet, image, tmp_path):
    """Dates, split and a healthy scan's 0; disease that followed from ticks follows them."""
    sheet.judge("left_upper", set())
    table = export_sheet(sheet, image, tmp_path / "set", "patient-1")
    header = table.read_text(encoding="utf-8").splitlines()[0]
    known = f"patient-1,{CASE},images/{CASE}.nrrd,2019-03-01,0,,2022-05-10,training"
    table.write_text(f"{header},split\n{known}\n", encoding="utf-8")

    def exported(shown):
        sheet.judge("left_lower", shown)
        export_sheet(sheet, image, tmp_path / "set", "patient-1", overwrite=True)
        return table.read_text(encoding="utf-8").splitlines()[1:]

    assert exported({"preexisting"}) == [known]
    assert exported({"cavity"}) == [known.replace(",0,,", ",1,,")]
    assert exported(set()) == [known.replace(",0,,", ",,,")]
    assert exported(set()) == [known.replace(",0,,", ",,,")]


def test_what_cannot_be_exported(sheet, image, tmp_path):
    with pytest.raises(InputError, match="no judged region"):
        export_sheet(sheet, image, tmp_path / "set", "patient-1")
    sheet.judge("left_upper", set())
    with pytest.raises(InputError, match="no pseudonym"):
        export_sheet(sheet, image, tmp_path / "set", "John Doe")
    read = SignSheet(tmp_path / "read", case_pseudonym(image), "AB")
    read.judge("left_upper", set())
    with pytest.raises(InputError, match="not the reviewed scan: its voxels"):
        export_sheet(read, image + 1, tmp_path / "set", "patient-1")
    assert not (tmp_path / "set").exists()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "scans.csv").write_text("scan,colour\n")
    with pytest.raises(InputError, match="lacks the column patient"):
        export_sheet(sheet, image, tmp_path / "set", "patient-1")


def test_no_table_is_changed_while_another_export_changes_it(sheet, image, tmp_path):
    sheet.judge("left_upper", {"cavity"})
    (tmp_path / "set").mkdir()
    with sole_use(tmp_path / "set"), pytest.raises(InputError, match="being written to by another run"):
        export_sheet(sheet, image, tmp_path / "set", "patient-1")
    assert list((tmp_path / "set").iterdir()) == []
    assert export_sheet(sheet, image, tmp_path / "set", "patient-1").is_file()
