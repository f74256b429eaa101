"""`lungcad xray` as a user runs it, with a network too small to be good."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from LungCAD.batch import xray
from LungCAD.cli import main
from LungCAD.files import sole_use
from LungCAD.weights import load_network, save_network
from LungCAD.weights.checksum import sha256_of_file
from Testing.slicer.dark_network import chest, save_dark_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_dark_network(tmp_path_factory.mktemp("weights") / "dark.safetensors")


@pytest.fixture
def folder(tmp_path):
    films = tmp_path / "films"
    (films / "more").mkdir(parents=True)
    Image.fromarray(chest()).save(films / "a.png")
    Image.fromarray(chest((300, 200), 65535)).save(films / "b.png")
    Image.fromarray(chest()).save(films / "more" / "a.jpg", quality=95)
    (films / "broken.png").write_bytes((films / "a.png").read_bytes()[:120])
    Image.new("L", (64, 64)).save(films / "black.png")
    Image.new("L", (1, 1), 9).save(films / "dot.png")
    return films


def lungcad(*words):
    return main(["xray", *map(str, words), "--bone", "bright", "--quiet"])


def rows_of(out):
    with (out / "results.csv").open(newline="") as file:
        return {row["image"]: row for row in csv.DictReader(file)}


def test_a_folder(folder, weights, tmp_path):
    out = tmp_path / "out"
    assert lungcad(folder, "--weights", weights, "-o", out) == 0
    rows = rows_of(out)
    assert set(rows) == {"a.png", "b.png", "more/a.jpg", "broken.png", "black.png", "dot.png"}
    for name in ("broken.png", "black.png", "dot.png"):
        assert name in rows[name]["error"] or "pixels" in rows[name]["error"]
        assert not rows[name]["mask"]
    for name, shape in {"a.png": (100, 90), "b.png": (300, 200), "more/a.jpg": (100, 90)}.items():
        mask = np.asarray(Image.open(out / rows[name]["mask"]))
        assert mask.shape == shape and set(np.unique(mask)) == {0, 1, 2}
        assert mask[shape[0] // 2, int(0.3 * shape[1])] == 1 and mask[shape[0] // 2, int(0.7 * shape[1])] == 2
        truth = chest(shape) < 100
        assert 2 * ((mask > 0) & truth).sum() / ((mask > 0).sum() + truth.sum()) > 0.95
        assert int(rows[name]["right_px"]) == (mask == 1).sum()
        assert rows[name]["right_cm2"] == ""  # pictures say nothing of the size of their pixels
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 3 and "not a medical device" in page.lower()
    assert "broken.png" in page
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["films"] == 6 and str(tmp_path) not in json.dumps(record)
    assert record["parameters"]["weights"] == "dark.safetensors"
    assert record["weights"]["WEIGHTS"]["sha256"] == sha256_of_file(weights)
    assert not (out / "unfinished.json").exists()


def test_a_sheet_that_does_not_show_all_films_says_so(folder, weights, tmp_path, monkeypatch):
    assert lungcad(folder, "--weights", weights, "-o", tmp_path / "all") == 0
    assert "are shown" not in (tmp_path / "all" / "report.html").read_text(encoding="utf-8")
    monkeypatch.setattr("LungCAD.batch.xray_run.MOST_TILES", 2)
    assert lungcad(folder, "--weights", weights, "-o", tmp_path / "two") == 0
    page = (tmp_path / "two" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 2
    assert "Only 2 of 3 films are shown; results.csv has all." in page


def test_same_stem_in_one_folder(weights, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for suffix in ("png", "jpg"):
        Image.fromarray(chest()).save(films / f"a.{suffix}")
    assert lungcad(films, "--weights", weights, "-o", tmp_path / "out") == 0
    assert len({row["mask"] for row in rows_of(tmp_path / "out").values()}) == 2


def test_a_csv_and_the_mirror(folder, weights, tmp_path):
    table = folder / "list.csv"
    table.write_text("image,note\na.png,x\nmore/a.jpg,y\n../outside.png,z\n")
    Image.fromarray(chest()).save(tmp_path / "outside.png")
    out = tmp_path / "out"
    assert lungcad(table, "--weights", weights, "--mirrored", "-o", out) == 0
    rows = rows_of(out)
    assert list(rows) == ["a.png", "more/a.jpg", "../outside.png"]
    assert rows["../outside.png"]["mask"] == "masks/outside.png"
    mask = np.asarray(Image.open(out / "masks/a.png"))
    assert mask[50, 27] == 2 and mask[50, 63] == 1


@pytest.mark.parametrize("name", ["broken.png", "black.png", "dot.png", "missing.png"])
def test_a_single_bad_film_is_an_error(folder, weights, tmp_path, name, capsys):
    out = tmp_path / "out"
    assert lungcad(folder / name, "--weights", weights, "-o", out) == 2
    assert not out.exists()
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and ("pixels" in error or name in error)


def test_existing_output_and_wrong_weights(folder, weights, tmp_path, capsys):
    out = tmp_path / "out"
    assert lungcad(folder / "a.png", "--weights", weights, "-o", out) == 0
    assert lungcad(folder / "a.png", "--weights", weights, "-o", out) == 2
    assert "exists already" in capsys.readouterr().err
    assert lungcad(folder / "b.png", "--weights", weights, "-o", out, "--overwrite") == 0
    assert set(rows_of(out)) == {"b.png"} and not (out / "masks/a.png").exists()
    assert lungcad(folder, "--weights", "no-such", "-o", tmp_path / "x") == 2
    assert "shipped" in capsys.readouterr().err
    table = tmp_path / "t.csv"
    table.write_text("file\na.png\n")
    assert lungcad(table, "--weights", weights, "-o", tmp_path / "x") == 2
    assert "lacks the column image" in capsys.readouterr().err


def test_a_killed_run_is_gone_on_with(weights, tmp_path):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    for number in range(60):
        Image.fromarray(chest((400, 360))).save(films / f"{number:03}.png")
    words = [sys.executable, "-c", "import sys; from LungCAD.cli import main; sys.exit(main())"]
    words += [
        "xray",
        str(films),
        "--weights",
        str(weights),
        "-o",
        str(out),
        "--batch",
        "4",
        "--bone",
        "bright",
        "--quiet",
    ]
    process = subprocess.Popen(words, env={**os.environ, "OMP_NUM_THREADS": "1"})
    table = out / "results.csv"
    while not table.exists() or table.read_text(encoding="utf-8").count("\n") < 8:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = table.read_text(encoding="utf-8")
    assert (out / "unfinished.json").exists() and not (out / "run.json").exists()
    network, description = load_network(weights)
    further = tmp_path / weights.name
    save_network(network, replace(description, card=replace(description.card, seed=9)), further)
    assert subprocess.run([str(further) if word == str(weights) else word for word in words]).returncode == 2
    assert subprocess.run(words, check=False).returncode == 0
    assert len(rows_of(out)) == 60 and len(list((out / "masks").iterdir())) == 60
    assert table.read_text(encoding="utf-8").startswith(before[: before.rfind("\n") + 1])


def test_a_list_of_files_of_one_name(weights, tmp_path):
    shapes = [(100, 90), (110, 90), (120, 90), (130, 90)]
    for number, shape in enumerate(shapes):
        (tmp_path / f"patient{number}").mkdir()
        Image.fromarray(chest(shape)).save(tmp_path / f"patient{number}" / "film.png")
    names = [str(tmp_path / f"patient{number}" / "film.png") for number in range(4)]
    table = tmp_path / "list.csv"
    table.write_text("\n".join(["image", *names]))
    assert lungcad(table, "--weights", weights, "-o", tmp_path / "out") == 0
    rows = rows_of(tmp_path / "out")
    for name, shape in zip(names, shapes, strict=True):
        assert np.asarray(Image.open(tmp_path / "out" / rows[name]["mask"])).shape == shape


def test_no_film_of_all_that_can_be_used_is_bad_input(weights, tmp_path, capsys):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    (films / "a.png").write_bytes(b"no picture")
    assert lungcad(films, "--weights", weights, "-o", out) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "holds no film that can be used" in said[0] and "report.html" in said[0]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert rows_of(out)["a.png"]["error"] and "No film could be used." in page and "Outlines:" not in page
    Image.fromarray(chest((100, 90))).save(films / "b.png")
    assert lungcad(films, "--weights", weights, "-o", out, "--overwrite") == 0


def test_an_odd_film_stops_no_other_and_is_named(folder, weights, tmp_path, monkeypatch):
    read = xray.read_radiograph

    def fails(path):
        if path.name == "b.png":
            raise RuntimeError(f"surprise at {path}")
        return read(path)

    monkeypatch.setattr(xray, "read_radiograph", fails)
    Image.fromarray(chest((20, 20))).save(folder / "small.png")
    out = tmp_path / "out"
    assert lungcad(folder, "--weights", weights, "-o", out) == 0
    rows = rows_of(out)
    assert rows["b.png"]["error"] == "b.png: cannot be read (RuntimeError)"
    assert rows["small.png"]["error"].startswith("small.png: has 20 x 20 pixels")
    assert rows["a.png"]["mask"] and rows["more/a.jpg"]["mask"]
    for name in ("results.csv", "report.html"):  # folders above the films may name people
        assert str(tmp_path) not in (out / name).read_text(encoding="utf-8")


def test_a_full_disk_is_named_and_gone_on_from(folder, weights, tmp_path, monkeypatch, capsys):
    real, written = xray.write_mask, []

    def full_after_one(labels, path):
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        real(labels, path)

    monkeypatch.setattr(xray, "write_mask", full_after_one)
    words = (folder, "--weights", weights, "-o", tmp_path / "out", "--batch", 1, "--workers", 1)
    assert lungcad(*words) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'out'}: could not be written (No space left on device)" in said
    monkeypatch.undo()
    assert lungcad(*words) == 0
    assert sum(1 for row in rows_of(tmp_path / "out").values() if row["mask"]) == 3


def test_films_elsewhere_do_not_go_on_in_a_run_that_was_broken_off(weights, tmp_path, monkeypatch, capsys):
    for day in ("first", "second"):
        (tmp_path / day / "films").mkdir(parents=True)
        Image.fromarray(chest()).save(tmp_path / day / "films" / "1.png")
    out = tmp_path / "out"

    def stops(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(xray, "write_mask", stops)
        assert lungcad(tmp_path / "first" / "films", "--weights", weights, "-o", out) == 130
    assert "goes on from here" in capsys.readouterr().err
    assert lungcad(tmp_path / "second" / "films", "--weights", weights, "-o", out) == 2
    assert "first" not in (out / "unfinished.json").read_text(encoding="utf-8")
    assert lungcad(tmp_path / "first" / "films", "--weights", weights, "-o", out) == 0


def test_results_among_the_films_are_no_films(folder, weights):
    for _ in range(2):
        assert lungcad(folder, "--weights", weights, "-o", folder / "out", "--overwrite") == 0
        assert not [name for name in rows_of(folder / "out") if name.startswith("out")]


def test_results_of_an_earlier_run_are_no_films(folder, weights, capsys):
    assert lungcad(folder, "--weights", weights, "-o", folder / "out") == 0
    before = set(rows_of(folder / "out"))
    assert lungcad(folder, "--weights", weights, "-o", folder / "more" / "again") == 0
    assert set(rows_of(folder / "more" / "again")) == before
    assert lungcad(folder / "out", "--weights", weights, "-o", folder / "x") == 2
    assert "holds no image" in capsys.readouterr().err


def test_masks_beside_the_films_are_not_taken_for_old_results(folder, weights, capsys):
    (folder / "masks").mkdir()
    (folder / "masks" / "drawn.png").touch()
    for source in (folder, folder / "more", folder / "a.png"):
        assert lungcad(source, "--weights", weights, "-o", folder, "--overwrite") == 2
        assert "holds the films" in capsys.readouterr().err
    assert (folder / "masks" / "drawn.png").exists()


def test_masks_that_somebody_drew_are_never_cleared(folder, weights, tmp_path, capsys):
    """A list beside a data set, and the data set named as the place of the results."""
    (tmp_path / "set" / "masks").mkdir(parents=True)
    drawn = tmp_path / "set" / "masks" / "drawn.png"
    drawn.touch()
    (tmp_path / "list.csv").write_text(f"image\n{folder / 'a.png'}\n")
    words = (tmp_path / "list.csv", "--weights", weights, "--overwrite", "-o")
    assert lungcad(*words, tmp_path / "set") == 2
    assert "holds other things" in capsys.readouterr().err and drawn.exists()
    for _ in range(2):  # among results, too
        assert lungcad(*words, tmp_path / "out") == 0
        (tmp_path / "out" / "masks" / "drawn.png").touch()
    assert sorted(path.name for path in (tmp_path / "out" / "masks").iterdir()) == ["a.png", "drawn.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
def test_odd_names_of_films_stop_nothing(weights, tmp_path, capsysbinary):
    """From archives of other systems, and as long as can be."""
    films = tmp_path / "films"
    films.mkdir()
    latin, longest = os.fsdecode(b"M\xfcller.png"), "x" * 251 + ".png"
    for name in ("a.png", latin, longest):
        Image.fromarray(chest()).save(films / name)
    (films / os.fsdecode(b"no\xfc.png")).write_bytes(b"no picture")
    options = ["--weights", str(weights), "--bone", "bright", "-o", str(tmp_path / "out")]
    assert main(["xray", str(films), *options]) == 0
    with (tmp_path / "out" / "results.csv").open(newline="", errors="surrogateescape") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"a.png", latin, longest, os.fsdecode(b"no\xfc.png")}
    assert [name for name, row in rows.items() if row["error"]] == [os.fsdecode(b"no\xfc.png")]
    for name in ("a.png", latin, longest):
        assert (tmp_path / "out" / rows[name]["mask"]).is_file()
    assert b"M\xfcller.png" in (tmp_path / "out" / "report.html").read_bytes()


def test_films_that_changed_meanwhile_are_read_again(weights, tmp_path, monkeypatch):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    for number in range(4):
        Image.fromarray(chest((100 + number, 90))).save(films / f"{number}.png")
    (films / "bad.png").write_bytes(b"no picture")
    words = (films, "--weights", weights, "-o", out, "--batch", 1, "--workers", 1)
    with monkeypatch.context() as patch:
        patch.setattr("LungCAD.batch.xray_run.render_contact_sheet", lambda *_: 1 / 0)
        assert lungcad(*words) == 1
    assert len(rows_of(out)) == 5
    time.sleep(0.05)
    (films / "0.png").unlink()
    for name in ("1.png", "bad.png"):
        Image.fromarray(chest((150, 90))).save(films / name)
    assert lungcad(*words) == 0
    rows = rows_of(out)
    heights = {name: row["height"] for name, row in rows.items()}
    assert heights == {"1.png": "150", "2.png": "102", "3.png": "103", "bad.png": "150"}
    masks = {row["mask"] for row in rows.values()}
    assert {f"masks/{path.name}" for path in (out / "masks").iterdir()} == masks
    assert np.asarray(Image.open(out / rows["1.png"]["mask"])).shape == (150, 90)


def test_folders_of_weights_are_not_recorded(folder, weights, tmp_path):
    mine = tmp_path / "Smith John" / weights.name
    mine.parent.mkdir()
    mine.write_bytes(weights.read_bytes())
    assert lungcad(folder, "--weights", mine, "-o", tmp_path / "out") == 0
    assert "Smith" not in (tmp_path / "out" / "run.json").read_text(encoding="utf-8")


def test_two_runs_do_not_write_to_one_folder(folder, weights, tmp_path, capsys):
    out = tmp_path / "out"
    assert lungcad(folder / "a.png", "--weights", weights, "-o", out) == 0
    with sole_use(out):
        assert lungcad(folder, "--weights", weights, "-o", out, "--overwrite") == 2
    assert "another run" in capsys.readouterr().err
    assert set(rows_of(out)) == {"a.png"} and (out / "masks/a.png").exists()
    assert lungcad(folder, "--weights", weights, "-o", out, "--overwrite") == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"note;image\nx;a.png\n", "semicolons"),
        (b"note,image\nx,a.png\ny\n", "line 3 names no image"),
        (b"image\nM\xfcller.png\n", "UTF-8"),
        (b"image\n", "lists no image"),
    ],
)
def test_a_list_that_cannot_be_used(folder, weights, content, complaint, capsys):
    (folder / "list.csv").write_bytes(content)
    assert lungcad(folder / "list.csv", "--weights", weights, "-o", folder / "out") == 2
    assert complaint in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_list_from_a_spreadsheet(folder, weights, tmp_path):
    (folder / "list.csv").write_bytes(b"\xef\xbb\xbfimage,note\r\na.png,x\r\n")
    assert lungcad(folder / "list.csv", "--weights", weights, "-o", tmp_path / "out") == 0
    assert rows_of(tmp_path / "out")["a.png"]["mask"]


def test_a_film_that_is_listed_twice_is_one_film(folder, weights, tmp_path):
    (folder / "list.csv").write_text("image,date\na.png,2019\nb.png,2019\na.png ,2020\n")
    assert lungcad(folder / "list.csv", "--weights", weights, "-o", tmp_path / "out") == 0
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        assert [row["image"] for row in csv.DictReader(file)] == ["a.png", "b.png"]
    assert {path.name for path in (tmp_path / "out" / "masks").iterdir()} == {"a.png", "b.png"}


def test_files_that_an_archive_has_named_by_uid(weights, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    for number in (7, 8):
        image = sitk.GetImageFromArray(chest().astype(np.uint16)[None])
        image.SetMetaData("0008|0060", "CR")
        sitk.WriteImage(image, films / "film.dcm")
        (films / "film.dcm").rename(films / f"1.2.840.{number}")
    assert lungcad(films, "--weights", weights, "-o", tmp_path / "out") == 0
    masks = {name: row["mask"] for name, row in rows_of(tmp_path / "out").items()}
    assert masks == {"1.2.840.7": "masks/1.2.840.7.png", "1.2.840.8": "masks/1.2.840.8.png"}


@pytest.mark.parametrize("option", ["--batch", "--workers"])
def test_no_films_at_once_are_refused(folder, weights, tmp_path, option, capsys):
    assert lungcad(folder, "--weights", weights, "-o", tmp_path / "out", option, "0") == 2
    assert option.strip("-") in capsys.readouterr().err


def test_a_file_is_no_output_folder(folder, weights, capsys):
    assert lungcad(folder, "--weights", weights, "-o", folder / "a.png", "--overwrite") == 2
    assert "exists already" in capsys.readouterr().err
