"""Readers of public sets of radiographs, on small files in exactly their layouts."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from LungCAD.errors import InputError
from LungCAD.labels import Provenance, load_schema
from LungCAD.review import Decision, Facts, Review, export_case
from LungCAD.train.xray import jsrt
from LungCAD.train.xray.jsrt import read_jsrt
from LungCAD.train.xray.masks import read_mask
from LungCAD.train.xray.pairs import read_pairs
from LungCAD.train.xray.radiographs import IGNORE
from LungCAD.train.xray.reviewed import read_reviewed
from LungCAD.train.xray.tuberculosis import read_montgomery, read_shenzhen


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)
    return path


def ramp(shape=(40, 30)):
    return np.linspace(0, 255, np.prod(shape)).reshape(shape)


def mask(rows, shape=(40, 30)):
    values = np.zeros(shape, np.uint8)
    values[rows] = 255
    return values


@pytest.fixture
def pairs(tmp_path):
    rows = []
    for index in range(3):
        truth = mask(slice(5, 20))
        truth[20:25] = 127
        save(tmp_path / f"images/{index}.png", ramp())
        save(tmp_path / f"masks/{index}.png", truth)
        rows.append(
            {"image": f"images/{index}.png", "mask": f"masks/{index}.png", "patient": f"p{index // 2}"}
            | {"view": "PA", "licence": "CC BY 4.0"}
        )
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_pairs(pairs):
    films = read_pairs(pairs)
    assert [film.patient for film in films.films] == ["p0", "p0", "p1"]
    assert "3 radiographs of 2 patients, with" in films.source and films.licence == "CC BY 4.0 (3 images)"
    image, truth = films.films[1].read()
    assert image.shape == (40, 30) and image.min() == 0 and image.max() == 1
    assert (truth[5:20] == 1).all() and (truth[20:25] == IGNORE).all() and not truth[25:].any()


def test_pairs_name_what_is_wrong(pairs):
    save(pairs / "masks/1.png", mask(slice(5, 20)) // 255 * 9)
    with pytest.raises(InputError, match=r"1\.png.*\[9\]"):
        read_pairs(pairs).films[1].read()
    save(pairs / "masks/1.png", mask(slice(5, 20), (41, 30)))
    with pytest.raises(InputError, match="size"):
        read_pairs(pairs).films[1].read()
    (pairs / "masks/1.png").unlink()
    with pytest.raises(InputError, match=r"1\.png.*does not exist"):
        read_pairs(pairs)
    with pytest.raises(InputError, match=r"pairs\.csv"):
        read_pairs(pairs / "images")


def test_truncated_mask(tmp_path):
    path = save(tmp_path / "m.png", mask(slice(3, 9)))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=r"m\.png"):
        read_mask(path, None)


def test_montgomery(tmp_path):
    save(tmp_path / "CXR_png/MCUCXR_0001_0.png", ramp())
    save(tmp_path / "CXR_png/MCUCXR_0002_1.png", ramp())
    save(tmp_path / "ManualMask/leftMask/MCUCXR_0001_0.png", mask(slice(0, 5)))
    save(tmp_path / "ManualMask/rightMask/MCUCXR_0001_0.png", mask(slice(10, 15)))
    films = read_montgomery(tmp_path)
    assert [film.name for film in films.films] == ["MCUCXR_0001_0"]
    _, truth = films.films[0].read()
    assert np.flatnonzero(truth.any(axis=1)).tolist() == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]


def test_shenzhen(tmp_path):
    save(tmp_path / "CXR_png/CHNCXR_0001_0.png", np.stack([ramp()] * 3, axis=-1))
    save(tmp_path / "mask/CHNCXR_0001_0_mask.png", mask(slice(7, 9)))
    image, truth = read_shenzhen(tmp_path).films[0].read()
    assert image.shape == truth.shape and truth.sum() == 2 * 30
    with pytest.raises(InputError, match="Shenzhen"):
        read_shenzhen(tmp_path / "mask")


def test_jsrt_is_big_endian_and_inverted(tmp_path, monkeypatch):
    monkeypatch.setattr(jsrt, "SIDE_PX", 16)
    values = (16 * np.arange(256)).reshape(16, 16).astype(">u2")
    (tmp_path / "JPCLN002.IMG").write_bytes(values.tobytes())
    lungs = np.zeros((8, 8), np.uint8)
    for number, side in enumerate(("left lung", "right lung")):
        lungs[:] = 0
        lungs[2:6, 4 * number : 4 * number + 2] = 255
        folder = tmp_path / "SCR/fold1/masks" / side
        folder.mkdir(parents=True)
        Image.fromarray(lungs).save(folder / "JPCLN002.gif")
    (film,) = read_jsrt(tmp_path, tmp_path / "SCR").films
    image, truth = film.read()
    assert film.pixel_mm == 0.175
    np.testing.assert_allclose(image, 1 - values.astype(float) / 4095, atol=1e-6)
    expected = np.zeros((16, 16), bool)
    expected[4:12, 0:4] = expected[4:12, 8:12] = True
    assert np.array_equal(truth == 1, expected)
    (tmp_path / "JPCLN002.IMG").write_bytes(values.tobytes()[:-2])
    with pytest.raises(InputError, match="255 pixels"):
        film.read()


def export(folder, name, labels, schema="lungs", patient="patient-1"):
    """Review an image with these labels (z, y, x), accept its first slice and export it."""
    loaded = load_schema(schema)
    facts = Facts(loaded.name, loaded.values, 1.0, {})
    provenance = np.full_like(labels, Provenance.MODEL)
    review = Review.begin(folder / name, labels, provenance, facts, case=name, reviewer="AB")
    review.decide(0, Decision.ACCEPT)
    image = sitk.GetImageFromArray(np.broadcast_to(ramp(labels.shape[1:]), labels.shape).astype(np.int16))
    export_case(review, image, loaded, folder / "dataset", patient=patient, licence="CC BY 4.0")


def test_reviewed_films(tmp_path):
    labels = np.zeros((1, 40, 30), np.uint8)
    labels[0, 5:30, 3:12], labels[0, 5:30, 18:27] = 1, 2
    for name, patient in (("case-1", "patient-1"), ("case-2", "patient-1"), ("case-3", "patient-2")):
        export(tmp_path, name, labels, patient=patient)
    films = read_reviewed(tmp_path / "dataset")
    assert films.source == "3 reviewed radiographs of 2 patients" and films.licence == "CC BY 4.0"
    assert [film.patient for film in films.films] == ["patient-1", "patient-1", "patient-2"]
    image, truth = films.films[0].read()
    assert image.min() == 0 and image.max() == 1 and image[0, 0] < image[-1, -1]
    np.testing.assert_array_equal(truth, labels[0] > 0)


def test_reviewed_scans_are_no_films(tmp_path):
    labels = np.zeros((2, 40, 30), np.uint8)
    labels[:, 5:30, 3:12] = 1
    export(tmp_path / "ct", "case-1", labels)
    with pytest.raises(InputError, match="case-1: has 2 slices"):
        read_reviewed(tmp_path / "ct/dataset").films[0].read()
    export(tmp_path / "tissue", "case-1", labels[:1], schema="gao5")
    with pytest.raises(InputError, match="schema gao5, not of lungs"):
        read_reviewed(tmp_path / "tissue/dataset")
    with pytest.raises(InputError, match="is no dataset"):
        read_reviewed(tmp_path / "nowhere")


def test_a_table_of_pairs_from_a_spreadsheet_is_read(pairs):
    table = pairs / "pairs.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert len(read_pairs(pairs).films) == 3


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: text.replace(",", ";"), "semicolons"),
        (lambda text: text.replace("CC BY", "Universit\u00e4t"), "UTF-8"),
        (lambda text: text.replace("masks/1.png,p0", ","), "line 3 has no mask, patient"),
        (lambda text: text.splitlines()[0], "no row"),
        (lambda text: text + "images/../images/0.png,masks/0.png,p9\n", "to p9, an earlier one to p0"),
    ],
)
def test_a_table_of_pairs_that_is_none_is_told(pairs, change, what):
    table = pairs / "pairs.csv"
    table.write_bytes(change(table.read_text()).encode("latin-1"))
    with pytest.raises(InputError, match=what):
        read_pairs(pairs)
