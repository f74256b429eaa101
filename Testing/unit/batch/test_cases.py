"""Finding the images of a case in its folder."""

from __future__ import annotations

import pytest

from LungCAD.batch.cases import case_folders, read_case
from LungCAD.batch.run import State, run_cases
from LungCAD.errors import InputError


@pytest.fixture
def make(tmp_path):
    """Make a case folder with these empty files."""

    def make(*files, name="case"):
        for file in files:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / name

    return make


def test_every_image_format(make):
    for suffix in (".nii.gz", ".nii", ".nrrd", ".mha"):
        folder = make(f"ct{suffix}", f"rois{suffix}", f"lungs.seg{suffix}", name=f"case{suffix}")
        case = read_case(folder)
        assert (case.name, case.ct, case.rois) == (
            folder.name,
            folder / f"ct{suffix}",
            folder / f"rois{suffix}",
        )
        assert case.lungs == folder / f"lungs.seg{suffix}"
        assert case.truth is None


def test_dicom_in_its_own_folder_or_anywhere(make):
    folder = make("ct/0001.dcm", "rois.seg.nrrd", "notes.md")
    assert read_case(folder).ct == folder / "ct"
    other = make("scan/0001.dcm", "rois.seg.nrrd", name="other")
    assert read_case(other).ct == other


def test_contours_under_any_name(make):
    folder = make("0001.dcm", "patient_7.txt")
    assert read_case(folder).rois == folder / "patient_7.txt"
    two = make("0001.dcm", "a.txt", "b.txt", name="two")
    with pytest.raises(InputError, match=r"2 files of contours.*a\.txt, b\.txt"):
        read_case(two)


def test_nothing_drawn_and_too_much_drawn(make):
    with pytest.raises(InputError, match=r"no drawn regions.*rois\.seg\.nrrd"):
        read_case(make("ct.nii.gz"))
    with pytest.raises(InputError, match="2 files of rois"):
        read_case(make("ct.nii.gz", "rois.nii.gz", "rois.seg.nrrd"))


def test_folders_of_a_batch(make, tmp_path):
    with pytest.raises(InputError, match="no folders"):
        case_folders(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        case_folders(tmp_path / "nowhere")
    made = [make("ct.nii", name=name) for name in ("b", ".hidden", "a")]
    (tmp_path / "manifest.csv").touch()
    assert case_folders(tmp_path) == [made[2], made[0]]


def test_results_among_the_cases_are_no_case(make, tmp_path):
    case = make("ct.nii.gz", name="a")
    make("a/report.html", name="results")
    assert case_folders(tmp_path, case / ".." / "results") == [case]
    with pytest.raises(InputError, match="another folder for the results"):
        case_folders(tmp_path, case / "..")
    run_cases([case], lambda _: State.DONE, tmp_path / "results" / "manifest.csv")
    (case / "manifest.csv").write_text("file,size\n")
    assert case_folders(tmp_path, tmp_path / "others") == [case]
