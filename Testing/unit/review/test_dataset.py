"""What is exported is what was accepted, and tells nothing of the patient."""

from __future__ import annotations

import dataclasses
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import same_geometry
from LungCAD.labels import Provenance, load_schema
from LungCAD.review import (
    Decision,
    Facts,
    Review,
    case_pseudonym,
    export_case,
    from_stack,
    patient_pseudonym,
    read_dataset,
    secret_key,
    to_stack,
)

OBLIQUE = (0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1)
SAGITTAL = (0, 0, -1, 1, 0, 0, 0, -1, 0)
LEFT_HANDED = (1, 0, 0, 0, -1, 0, 0, 0, 1)
MIRRORED = (0, 0, 1, 1, 0, 0, 0, -1, 0)
SCHEMA = load_schema("gao5")
CC = {"patient": "patient-1", "licence": "CC BY 4.0"}


def scan(shape=(6, 12, 14), direction=OBLIQUE, seed=0):
    image = sitk.GetImageFromArray(np.random.default_rng(seed).integers(-1000, 100, shape).astype(np.int16))
    image.SetDirection(direction)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-101.123456789, 33.3, 1e3 / 7))
    image.SetMetaData("0010|0010", "Doe^Jane")
    return image


def reviewed(folder, result, image, accept=(2, 3), case="case-1"):
    facts = Facts("gao5", SCHEMA.values, 0.5, {})
    review = Review.begin(
        folder, result.labels, result.provenance, facts, case=case, reviewer="AB", model="m"
    )
    for number in accept:
        review.decide(number, Decision.ACCEPT)
    return review


class TurnedAway(Exception):
    """Another reader is exporting."""


@contextmanager
def turned_away():
    try:
        yield
    except InputError as error:
        assert "is being written to by another run" in str(error)
        time.sleep(0.01)
        raise TurnedAway from error


@pytest.fixture
def case(tmp_path, result):
    image = scan()
    return reviewed(tmp_path / "review", result, image), image


def test_accepted_slices_arrive_the_others_are_ignored(case, result, tmp_path):
    review, image = case
    labels = review.state.masks.labels.copy()
    labels[3, 3, 3] = 0
    review.edit(labels)
    review.decide(3, Decision.ACCEPT)
    written = export_case(review, image, SCHEMA, tmp_path / "set", **CC)
    dataset = read_dataset(tmp_path / "set")
    (listed,) = dataset.cases
    assert listed == written
    assert listed.accepted == (2, 3)
    assert listed.axis == 0
    assert listed.counts["drawn"] == 6
    assert listed.counts["corrected"] == 1
    assert dataset.schema == SCHEMA
    assert dataset.patients == ("patient-1",)
    assert np.array_equal(sitk.GetArrayFromImage(dataset.image(listed)), sitk.GetArrayFromImage(image))
    for each in (dataset.image(listed), dataset.labels(listed), dataset.provenance(listed)):
        assert same_geometry(each, image, 1e-9)
    exported = sitk.GetArrayFromImage(dataset.labels(listed))
    assert (exported[[0, 1, 4, 5]] == 255).all()
    undecided = result.provenance[3] == Provenance.UNDECIDED
    assert (exported[3][undecided] == 255).all()
    assert exported[3, 3, 3] == 0
    assert np.array_equal(exported[3][~undecided], labels[3][~undecided])
    provenance = sitk.GetArrayFromImage(dataset.provenance(listed))
    assert np.array_equal(provenance, review.state.masks.provenance)
    for _, _, labels in dataset:
        assert labels.GetPixelID() == sitk.sitkUInt8


def test_nothing_of_the_patient_is_written(case, tmp_path):
    review, image = case
    review.comment(2, "Jane Doe, born 1950")
    export_case(review, image, SCHEMA, tmp_path / "set", **CC)
    for file in (tmp_path / "set").rglob("*"):
        assert "doe" not in file.name.lower()
        if file.is_file():
            assert b"Doe" not in file.read_bytes()


def test_a_stack_of_any_orientation_comes_back(result, tmp_path):
    stack = result.labels
    image = scan((12, 6, 14), SAGITTAL)  # array axis 1 runs along the body
    labels = from_stack(stack, image)
    assert same_geometry(labels, image)
    assert np.array_equal(to_stack(labels), stack)
    review = reviewed(tmp_path / "review", result, image)
    export_case(review, image, SCHEMA, tmp_path / "set", **CC)
    dataset = read_dataset(tmp_path / "set")
    exported = dataset.labels(dataset.cases[0])
    assert dataset.cases[0].axis == 1
    assert (to_stack(exported)[[0, 1, 4, 5]] == 255).all()
    assert (sitk.GetArrayFromImage(exported)[:, 2] != 255).all()
    with pytest.raises(ValueError, match="does not fit"):
        from_stack(stack[:3], image)


def test_a_second_case_joins_and_none_is_overwritten_silently(case, make_result, tmp_path):
    review, image = case
    folder = tmp_path / "set"
    export_case(review, image, SCHEMA, folder, **CC)
    other = reviewed(tmp_path / "other", make_result(1), scan(seed=1), case="case-2")
    export_case(other, scan(seed=1), SCHEMA, folder, patient="patient-2", licence="CC0")
    assert [each.id for each in read_dataset(folder).cases] == ["case-1", "case-2"]
    review.decide(3, Decision.REJECT)
    before = (folder / "labels" / "case-1.nrrd").read_bytes()
    with pytest.raises(InputError, match="has case-1 already"):
        export_case(review, image, SCHEMA, folder, **CC)
    assert (folder / "labels" / "case-1.nrrd").read_bytes() == before
    export_case(review, image, SCHEMA, folder, overwrite=True, **CC)
    dataset = read_dataset(folder)
    assert [each.id for each in dataset.cases] == ["case-2", "case-1"]
    assert dataset.cases[1].accepted == (2,)
    assert json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["licences"] == [
        "CC BY 4.0",
        "CC0",
    ]


def test_a_crash_while_a_case_joins_leaves_the_dataset_whole(case, make_result, tmp_path, monkeypatch):
    review, image = case
    folder = tmp_path / "set"
    export_case(review, image, SCHEMA, folder, **CC)
    other = reviewed(tmp_path / "other", make_result(1), scan(seed=1), case="case-2")
    monkeypatch.setattr("LungCAD.review.export.write_text", lambda *args, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_case(other, scan(seed=1), SCHEMA, folder, **CC)
    assert [each.id for each in read_dataset(folder).cases] == ["case-1"]
    with pytest.raises(ZeroDivisionError):
        export_case(other, scan(seed=1), SCHEMA, tmp_path / "new", **CC)
    assert list((tmp_path / "new").iterdir()) == []
    monkeypatch.undo()
    export_case(other, scan(seed=1), SCHEMA, folder, **CC)
    assert len(read_dataset(folder).cases) == 2


def test_readers_who_export_at_once_lose_no_case(make_result, tmp_path):
    """Whoever is turned away comes again, as the message says."""
    names = [f"case-{number}" for number in range(6)]
    reviews = [
        reviewed(tmp_path / name, make_result(seed), scan(seed=seed), case=name)
        for seed, name in enumerate(names)
    ]
    together = Barrier(len(names))

    def export(number):
        together.wait()
        written = None
        while written is None:
            with suppress(TurnedAway), turned_away():
                written = export_case(reviews[number], scan(seed=number), SCHEMA, tmp_path / "set", **CC)

    with ThreadPoolExecutor(len(names)) as readers:
        list(readers.map(export, range(len(names))))
    dataset = read_dataset(tmp_path / "set")
    assert sorted(case.id for case in dataset.cases) == names
    for number, case in enumerate(sorted(dataset.cases, key=lambda case: case.id)):
        assert np.array_equal(
            sitk.GetArrayFromImage(dataset.image(case)), sitk.GetArrayFromImage(scan(seed=number))
        )
    assert {file.name for file in (tmp_path / "set").iterdir()} == {
        "dataset.json",
        "images",
        "labels",
        "provenance",
    }


def test_a_schema_without_an_ignore_value_gets_one(case, tmp_path):
    review, image = case
    export_case(review, image, dataclasses.replace(SCHEMA, ignore_value=None), tmp_path / "set", **CC)
    assert read_dataset(tmp_path / "set").schema.ignore_value == 255


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patient": "Doe, Jane"}, "no pseudonym"),
        ({"patient": "../x"}, "no pseudonym"),
        ({"licence": "  "}, "licence: is not stated"),
    ],
)
def test_bad_names_are_refused(case, tmp_path, change, message):
    review, image = case
    with pytest.raises(InputError, match=message):
        export_case(review, image, SCHEMA, tmp_path / "set", **{**CC, **change})
    assert not (tmp_path / "set").exists()


def test_what_does_not_fit_is_refused(case, result, tmp_path):
    review, image = case
    nothing = reviewed(tmp_path / "nothing", result, image, accept=())
    with pytest.raises(InputError, match="no accepted slice"):
        export_case(nothing, image, SCHEMA, tmp_path / "set", **CC)
    with pytest.raises(InputError, match="not the reviewed"):
        export_case(review, scan((6, 12, 15)), SCHEMA, tmp_path / "set", **CC)
    named = reviewed(tmp_path / "named", result, image, case=case_pseudonym(image))
    for other in (scan(seed=1), scan((6, 12, 15))):
        with pytest.raises(InputError, match="not the reviewed scan: its voxels are not those of case-"):
            export_case(named, other, SCHEMA, tmp_path / "set", **CC)
    assert not (tmp_path / "set").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    with pytest.raises(InputError, match="is no dataset"):
        export_case(review, image, SCHEMA, tmp_path / "photos", **CC)
    export_case(review, image, SCHEMA, tmp_path / "set", **CC)
    with pytest.raises(InputError, match="has the schema gao5, not lungnet6"):
        export_case(review, image, load_schema("lungnet6"), tmp_path / "set", **CC)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda text: text[:-40], "is damaged"),
        (lambda text: "[]", "is no LungCAD dataset"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "has version 2"),
        (lambda text: text.replace('"accepted"', '"excepted"'), "damaged case"),
        (lambda text: text.replace('"color"', '"colour"'), "no valid label schema"),
    ],
)
def test_a_damaged_index_is_named(case, tmp_path, alter, message):
    review, image = case
    export_case(review, image, SCHEMA, tmp_path / "set", **CC)
    index = tmp_path / "set" / "dataset.json"
    index.write_text(alter(index.read_text(encoding="utf-8")))
    with pytest.raises(InputError, match=message):
        read_dataset(tmp_path / "set")


@pytest.mark.parametrize("given", ["as it was reviewed", "as Slicer turned it"])
@pytest.mark.parametrize(
    ("shape", "direction"),
    [((6, 12, 14), OBLIQUE), ((12, 6, 14), SAGITTAL), ((6, 12, 14), LEFT_HANDED), ((12, 6, 14), MIRRORED)],
)
def test_what_is_exported_lies_where_it_was_reviewed(result, tmp_path, shape, direction, given):
    """In whichever order the slices of the image are stored that it is exported with."""
    image = scan(shape, direction)
    review = reviewed(tmp_path / "review", result, image, case=case_pseudonym(image))
    turned = image[:, :, ::-1]
    written = export_case(review, turned if "turned" in given else image, SCHEMA, tmp_path / "set", **CC)
    dataset = read_dataset(tmp_path / "set")
    assert same_geometry(dataset.labels(written), image)
    assert np.array_equal(sitk.GetArrayFromImage(dataset.image(written)), sitk.GetArrayFromImage(image))
    exported = to_stack(dataset.labels(written))
    assert np.array_equal(exported[2], result.labels[2])


def test_pseudonyms_tell_nothing_and_stay_the_same(tmp_path):
    image = scan()
    assert case_pseudonym(image) == case_pseudonym(sitk.Cast(image, sitk.sitkFloat32))
    assert case_pseudonym(image) != case_pseudonym(scan(seed=1))
    assert case_pseudonym(image) != case_pseudonym(image[:, :, ::-1])
    key = secret_key(tmp_path / "keys" / "key")
    assert secret_key(tmp_path / "keys" / "key") == key
    assert len(key) == 32
    assert patient_pseudonym("4711", key) == patient_pseudonym("4711", key)
    assert patient_pseudonym("4711", key) != patient_pseudonym("4711", secret_key(tmp_path / "other"))
    for left in ("none", "", key.hex()[:20]):
        (tmp_path / "other").write_text(left)
        with pytest.raises(InputError, match="holds no key"):
            secret_key(tmp_path / "other")


def test_films_of_grey_levels_below_one_have_names_of_their_own():
    films = [np.random.default_rng(seed).random((1, 9, 9)).astype(np.float32) for seed in range(2)]
    assert len({case_pseudonym(sitk.GetImageFromArray(film)) for film in films}) == 2
    twice = sitk.GetImageFromArray(films[0])
    assert case_pseudonym(twice) == case_pseudonym(sitk.Cast(twice, sitk.sitkFloat64))
