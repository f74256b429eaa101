"""The shipped schemas, and what a user's own schema must look like."""

from __future__ import annotations

import copy
import itertools
import json

import numpy as np
import pytest
from pydicom.sr._concepts_dict import concepts
from skimage.color import rgb2lab

from LungCAD.errors import InputError
from LungCAD.labels import BACKGROUND, Schema, available_schemas, load_schema, parse_schema

PUBLISHED = {
    "lungnet6": "healthy ground_glass micronodules consolidation reticulation honeycombing",
    "gao5": "healthy emphysema ground_glass fibrosis micronodules",
    "ltrc5": "healthy ground_glass reticulation honeycombing emphysema",
    "cpa3": "cavity fungus_ball pleural_thickening",
    "cxr_lungs": "lungs",
    "emphysema3": "centrilobular_emphysema paraseptal_emphysema panlobular_emphysema",
    "emphysema6": "healthy paraseptal_emphysema panlobular_emphysema mild_centrilobular_emphysema "
    "moderate_centrilobular_emphysema severe_centrilobular_emphysema",
    "lungs": "right_lung left_lung",
    "zones": "right_upper right_middle right_lower left_upper left_middle left_lower",
}


@pytest.fixture(scope="module")
def shipped() -> list[Schema]:
    return [load_schema(name) for name in available_schemas()]


@pytest.mark.parametrize("name", PUBLISHED)
def test_values_and_codes_never_change(name):
    schema = load_schema(name)
    assert schema.name == name
    assert schema.codes == tuple(PUBLISHED[name].split())
    assert schema.values == tuple(range(1, len(schema.codes) + 1))


def test_geneva_has_healthy_and_seventeen_patterns():
    schema = load_schema("geneva18")
    assert len(schema.labels) == 18
    assert schema.by_value(1).code == "healthy"


def test_lookups_agree(shipped):
    for schema in shipped:
        for label in schema.labels:
            assert schema.by_value(label.value) is label
            assert schema.by_code(label.code) is label
        assert BACKGROUND not in schema.values
        assert schema.ignore_value not in schema.values


def test_a_class_looks_and_means_the_same_in_every_schema(shipped):
    seen = {}
    for label in itertools.chain.from_iterable(schema.labels for schema in shipped):
        same = (label.name, label.color, label.terminology)
        assert seen.setdefault(label.code, same) == same
    colors = [color for _, color, _ in seen.values()]
    assert len(set(colors)) == len(colors)
    identities = [terminology.identity for _, _, terminology in seen.values()]
    assert len(set(identities)) == len(identities)


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "name", ["lungnet6", "gao5", "ltrc5", "cpa3", "emphysema3", "emphysema6", "lungs", "zones"]
)
def test_colours_stay_apart_for_the_colour_blind(name, sight):
    rgb = np.array([label.color for label in load_schema(name).labels]) / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    seen = np.clip(linear @ np.transpose(SIGHT[sight]), 0, 1)
    lab = rgb2lab(np.where(seen > 0.0031308, 1.055 * seen ** (1 / 2.4) - 0.055, 12.92 * seen)[None])[0]
    closest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2))
    assert closest > 15  # CIE76; about 2 is just noticeable


def dicom_concepts():
    for scheme in ("DCM", "SCT"):
        for entry in concepts[scheme].values():
            for value, (meaning, _) in entry.items():
                yield scheme, value, meaning


def test_dicom_codes_mean_what_dicom_says(shipped):
    dicom = {(scheme, value, meaning.lower()) for scheme, value, meaning in dicom_concepts()}
    known = {(scheme, value) for scheme, value, _ in dicom}
    checked = 0
    for label in itertools.chain.from_iterable(schema.labels for schema in shipped):
        for code in (label.terminology.type, label.terminology.modifier):
            if code and (code.scheme, code.value) in known:
                assert (code.scheme, code.value, code.meaning.lower()) in dicom, label.code
                checked += 1
            else:
                assert code is None or code.scheme != "DCM", label.code
    assert checked > 30


def test_codes_fit_into_dicom(shipped):
    for label in itertools.chain.from_iterable(schema.labels for schema in shipped):
        terminology = label.terminology
        for code in filter(None, (terminology.category, terminology.type, terminology.modifier)):
            assert len(code.value) <= 16
            assert len(code.meaning) <= 64
            assert code.scheme in {"SCT", "DCM", "99LUNGCAD"}


OWN = {
    "name": "mine",
    "title": "My own classes",
    "labels": [
        {"value": 7, "code": "b", "name": "Second", "color": [0, 0, 255]},
        {
            "value": 2,
            "code": "a",
            "name": "First",
            "color": [255, 0, 0],
            "terminology": {
                "category": {
                    "scheme": "SCT",
                    "value": "49755003",
                    "meaning": "Morphologically Altered Structure",
                },
                "type": {"scheme": "SCT", "value": "4147007", "meaning": "Mass"},
            },
        },
    ],
}


def test_own_schema_is_sorted_by_value(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(OWN))
    schema = load_schema(path)
    assert schema.values == (2, 7)
    assert schema.codes == ("a", "b")
    assert schema.ignore_value is None
    assert schema.by_code("a").terminology.identity == (("SCT", "4147007"),)
    assert schema.by_code("b").terminology is None


def changed(*keys, to):
    """OWN with one entry replaced, or removed where `to` is None."""
    data = copy.deepcopy(OWN)
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    if to is None:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = to
    return data


def test_spaces_around_a_name_count_nothing():
    spaced = parse_schema(changed("labels", 0, "name", to=" Second "), "mine")
    assert spaced.find(None, "second ").code == "b"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "must be an object"),
        (changed("title", to=None), "lacks title"),
        (changed("colours", to=[]), "unknown colours"),
        (changed("labels", to=[]), "at least one label"),
        (changed("labels", to={"a": 1}), "at least one label"),
        (changed("labels", 0, to="a"), "label 1 must be an object"),
        (changed("labels", 0, "value", to=0), "value of label 1 must be a whole number from 1 to 254"),
        (changed("labels", 0, "value", to=255), "from 1 to 254"),
        (changed("labels", 0, "value", to=1.5), "whole number"),
        (changed("labels", 0, "value", to=True), "whole number"),
        (changed("labels", 0, "value", to=2), "value 2 stands for more than one label"),
        (changed("labels", 0, "code", to="a"), "code a stands for more than one label"),
        (changed("labels", 0, "name", to="a"), "name or code a stands for more than one label"),
        (changed("labels", 0, "name", to=" FIRST"), "name or code first stands for more than one"),
        (changed("labels", 0, "code", to="Ground glass"), "lower-case"),
        (changed("labels", 0, "name", to=" "), "name of label 1"),
        (changed("labels", 0, "color", to=[0, 0]), "color of label 1 must be three numbers"),
        (changed("labels", 0, "color", to=[0, 0, 256]), "from 0 to 255"),
        (changed("labels", 0, "color", to="red"), "three numbers"),
        (changed("ignore_value", to=2), "also the value of a label"),
        (changed("labels", 1, "terminology", "type", to=None), "terminology of label 2 lacks type"),
        (changed("labels", 1, "terminology", "type", "value", to=4147007), "value in type of label 2"),
        (changed("labels", 1, "terminology", "type", "meaning", to="a^b"), "must not contain"),
    ],
)
def test_faults_are_named(tmp_path, data, says):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=r"mine\.json") as error:
        load_schema(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_unreadable_files(tmp_path):
    with pytest.raises(InputError, match=r"neither a shipped label schema .*gao5"):
        load_schema("gao6")
    with pytest.raises(InputError, match="neither a shipped"):
        load_schema(tmp_path)
    broken = tmp_path / "broken.json"
    broken.write_text('{"name": ')
    with pytest.raises(InputError, match="no valid JSON"):
        load_schema(broken)
    broken.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="not a text file"):
        load_schema(broken)
