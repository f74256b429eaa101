"""The Geneva database, from small files in exactly its layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

import LungCAD.train.ild.geneva as geneva
from LungCAD.errors import InputError
from LungCAD.images import image_like
from LungCAD.labels import load_schema
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.geneva import geneva_scans
from LungCAD.train.patches.geneva import read_geneva

SPACING = 0.8
SIZE = 64
LEVELS = {"healthy": -850, "emphysema": -960, "ground_glass": -600, "HC": -500, "micronodules": -780}


def write_slices(folder, levels):
    """Write one DICOM slice per level, every 10 mm from the top; each is that level but for padding."""
    folder.mkdir(parents=True, exist_ok=True)
    series, frame = generate_uid(), generate_uid()
    for number, level in enumerate(levels, 1):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        header.SeriesInstanceUID, header.FrameOfReferenceUID = series, frame
        header.Modality, header.InstanceNumber = "CT", number
        header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        header.ImagePositionPatient = [-25.6, -25.6, 100 - 10 * number]
        header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        header.PixelSpacing, header.SliceThickness = [SPACING, SPACING], 1
        header.Rows = header.Columns = SIZE
        header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
        header.BitsAllocated = header.BitsStored = 16
        header.HighBit, header.PixelRepresentation = 15, 1
        header.RescaleIntercept, header.RescaleSlope = 0, 1
        pixels = np.full((SIZE, SIZE), level, np.int16)
        pixels[:3, :3] = -2000
        header.PixelData = pixels.tobytes()
        pydicom.dcmwrite(folder / f"CT-7605-{number:04d}.dcm", header, enforce_file_format=True)


def write_contours(path, regions):
    """Write regions (label, slice from 1, first and last row and column) as the database does."""
    lines = [
        "Study: CT thorax",
        "Series: INSPIRIUM",
        f"SpacingX: {SPACING}",
        f"SpacingY: {SPACING}",
        "SpacingZ: 10",
    ]
    for label, number, (top, bottom, left, right) in regions:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        lines += [f"label: {label}", f"slice_number: {number}", f"nb_points_on_contour: {len(corners)}"]
        outward = [
            (x + (0.4 if x == right else -0.4), y + (0.4 if y == bottom else -0.4)) for x, y in corners
        ]
        lines += [f"{x * SPACING} {y * SPACING}" for x, y in outward]
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")


@pytest.fixture
def database(tmp_path):
    """Two patients, one with a folder per series, and one of the pilot study."""
    root = tmp_path / "ILD_DB_txtROIs"
    levels = list(LEVELS.values())
    write_slices(root / "3", levels)
    write_contours(
        root / "3" / "CT-INSPIRIUM-1186.txt",
        [
            ("healthy", 1, (4, 35, 8, 39)),
            ("emphysema", 2, (10, 60, 10, 60)),
            ("HC", 4, (4, 60, 4, 60)),
            ("healthy", 1, (40, 50, 8, 39)),
        ],
    )
    for series in ("CT-series-5652", "CT--0002"):
        write_slices(root / "57" / series, levels)
        write_contours(root / "57" / series / "CT-57.txt", [("ground_glass", 3, (4, 36, 4, 36))])
    write_slices(root / "HRCT_pilot" / "200", levels)
    write_contours(root / "HRCT_pilot" / "200" / "Tho-200.txt", [("micronodules", 5, (4, 40, 4, 40))])
    return tmp_path


@pytest.mark.parametrize("inside", ["", "ILD_DB_txtROIs"])
def test_patches_come_from_their_region_with_its_label_and_patient(database, inside):
    data = read_geneva(database / inside, load_schema("gao5"))
    assert data.classes == ("healthy", "emphysema", "ground_glass", "micronodules")
    assert data.patch_px == 32
    assert not data.synthetic
    for patch, label in zip(data.hu, data.labels, strict=True):
        assert (patch == LEVELS[data.classes[label]]).all()
    assert data.counts == {"healthy": 1, "emphysema": 4, "ground_glass": 2, "micronodules": 1}
    by_class = {code: set(data.patients[data.labels == i]) for i, code in enumerate(data.classes)}
    assert by_class["healthy"] == by_class["emphysema"]
    assert len(by_class["ground_glass"]) == 1, "two series of one patient are one patient"
    assert len(set(data.patients)) == 3


def test_labels_that_the_database_writes_otherwise(database):
    data = read_geneva(database, load_schema("lungnet6"))
    assert set(data.classes) == {"healthy", "ground_glass", "micronodules", "honeycombing"}


def test_a_patient_that_cannot_be_read_is_left_out_and_named(database):
    text = database / "ILD_DB_txtROIs" / "57" / "CT--0002" / "CT-57.txt"
    text.write_text(text.read_text(encoding="utf-8").replace("SpacingX: 0.8", "SpacingX: 0.5"))
    data = read_geneva(database, load_schema("gao5"))
    assert data.counts["ground_glass"] == 1
    assert len(data.warnings) == 1
    assert data.warnings[0].startswith("A scan of patient 57 was left out")


@pytest.mark.parametrize(
    "folder", ["above", "ILD_DB_txtROIs/HRCT_pilot/200", "ILD_DB_txtROIs/57", "elsewhere"]
)
def test_patients_are_the_same_from_whatever_folder_they_are_read(database, folder):
    """Above the database; one patient's own folder, with a folder per series; copied to another place."""
    root = database / "ILD_DB_txtROIs"
    if folder == "elsewhere":
        shutil.copytree(root / "57", database / folder / "57")
        shutil.copytree(root / "3", database / folder / "3")
    if folder == "above":
        shutil.copytree(root, database / folder / "Geneva" / root.name)
    expected = {"above": {"3", "57", "200"}, "elsewhere": {"3", "57"}}.get(folder, {Path(folder).name})
    assert {one.patient for one in geneva_scans(database / folder, [])} == expected


def test_files_that_a_file_system_leaves_are_no_contours(database):
    (database / "ILD_DB_txtROIs" / "3" / "._CT-INSPIRIUM-1186.txt").write_bytes(b"\0\5\x16\7")
    skipped = []
    assert len(list(geneva_scans(database, skipped))) == 4 and not skipped


def test_a_folder_without_the_database(tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(InputError, match="no texts of contours"):
        read_geneva(tmp_path, load_schema("gao5"))


def test_a_schema_without_its_labels(database):
    with pytest.raises(InputError, match="0 classes"):
        read_geneva(database, load_schema("emphysema3"))


def test_slices_of_the_database(database, monkeypatch):
    """All series of a patient; regions of the six classes; emphysema has none and takes no part."""

    def halves(ct):
        sides = np.ones((len(LEVELS), SIZE, SIZE), np.uint8)
        sides[:, :, SIZE // 2 :] = 2
        return image_like(sides, ct)

    monkeypatch.setattr(geneva, "segment_lungs", halves)
    with pytest.raises(InputError, match="shows no consolidation, reticulation"):
        geneva.geneva_slices(database, load_schema("lungnet6"), IldInput())
    data = geneva.geneva_slices(database, load_schema("lungnet6"), IldInput(), require_all=False)
    assert data.patients == ("200", "3", "57")
    assert not data.synthetic and not data.warnings
    three = data.pixels[1]
    assert three.tolist() == [32 * 32 + 11 * 32, 0, 0, 0, 0, 57 * 57]
    assert data.pixels[2].tolist() == [0, 2 * 33 * 33, 0, 0, 0, 0], "two series"
    for one in data.slices:
        for value in np.unique(one.targets[one.targets >= 0]):
            name = {"honeycombing": "HC"}.get(data.classes[value], data.classes[value])
            assert (one.hu[one.targets == value] == LEVELS[name]).all()


def test_only_patients_that_are_learned_from_are_counted(database, monkeypatch):
    """A patient with emphysema alone has none of the six classes; half of what was drawn is no lung here."""
    root = database / "ILD_DB_txtROIs"
    write_slices(root / "50", list(LEVELS.values()))
    write_contours(root / "50" / "CT-50.txt", [("emphysema", 2, (10, 60, 10, 60))])

    def top(ct):
        found = np.zeros((len(LEVELS), SIZE, SIZE), np.uint8)
        found[:, :34] = 1
        return image_like(found, ct)

    monkeypatch.setattr(geneva, "segment_lungs", top)
    data = geneva.geneva_slices(database, load_schema("lungnet6"), IldInput(), require_all=False)
    assert data.patients == ("200", "3", "57") and "3 patients" in data.source
    unused, outside = data.warnings
    assert unused.startswith("1 scans show no class")
    shares = {
        "healthy": 100 * 13 / 43,
        "ground_glass": 100 * 3 / 33,
        "micronodules": 100 * 7 / 37,
        "honeycombing": 100 * 27 / 57,
    }
    assert all(f"{share:.0f} % of {code}" in outside for code, share in shares.items())
    with pytest.raises(InputError, match=r"no labelled slice.*1 scans show no class"):
        geneva.geneva_slices(root / "50", load_schema("lungnet6"), IldInput())
