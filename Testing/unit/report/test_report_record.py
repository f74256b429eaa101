"""The record repeats a run and names nobody."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

import LungCAD
from LungCAD.report.page import parameter_rows
from LungCAD.report.record import describe_image, made_with, repeatable_command, run_record
from LungCAD.tasks.ild_detection import IldDetectionParameters
from LungCAD.tasks.label_propagation import LabelPropagationParameters


def test_the_hash_is_of_the_pixels(image_of):
    pixels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    hashes = {
        "original": describe_image(image_of(pixels))["sha256"],
        "moved": describe_image(image_of(pixels, (1, 2, 3), (4, 5, 6)))["sha256"],
        "changed": describe_image(image_of(pixels + (pixels == 23)))["sha256"],
        "reshaped": describe_image(image_of(pixels.reshape(3, 2, 4)))["sha256"],
        "other type": describe_image(image_of(pixels.astype(np.int32)))["sha256"],
    }
    assert hashes["moved"] == hashes["original"]
    assert len(set(hashes.values())) == 4


def test_file_names_become_roles():
    arguments = [
        "lungcad",
        "propagate",
        "/data/Doe Jane/ct.nii",
        "--rois",
        "rois.nrrd",
        "--schema",
        "gao5",
        "-o",
        "out",
    ]
    roles = {"/data/Doe Jane/ct.nii": "CT", "rois.nrrd": "ROIS", "out": "OUT"}
    assert repeatable_command(arguments, roles) == "lungcad propagate CT --rois ROIS --schema gao5 -o OUT"


@pytest.mark.parametrize(
    "written",
    [
        ["./Doe_Jane/ct.nii", "-o", "Doe_Jane/out/"],
        ["Doe_Jane//ct.nii", "--output=Doe_Jane/out"],
        ["Doe_Jane/./ct.nii", "-oDoe_Jane/out"],
        ["Doe_Jane/ct.nii/", "-o=./Doe_Jane/out"],
    ],
)
def test_names_are_replaced_however_they_were_written(written):
    """The roles are those of the paths that the command line parser made of these words."""
    parser = argparse.ArgumentParser()
    parser.add_argument("ct", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(written)
    command = repeatable_command(["lungcad", *written], {str(options.ct): "CT", str(options.output): "OUT"})
    assert "Doe" not in command
    assert re.fullmatch(r"lungcad CT (-o |-o=?|--output=)OUT", command)


def test_what_names_no_file_stays():
    arguments = ["lungcad", "detect", "a/ct.nii", "-o", ".", "--series=1.2.3", "--note", "", "-5", "--quiet"]
    roles = {"a/ct.nii": "CT", ".": "OUT", "": "WEIGHTS"}
    expected = "lungcad detect CT -o OUT --series=1.2.3 --note '' -5 --quiet"
    assert repeatable_command(arguments, roles) == expected


def test_the_record_is_json_and_complete(chest):
    record = json.loads(json.dumps(chest.content().record))
    assert record["parameters"] == {"sigma": 2.0}
    assert record["started"] == "2026-01-02T03:04:05+00:00"
    assert record["seconds"] == {"crf": 1.25}
    assert record["versions"]["LungCAD"] == LungCAD.__version__
    assert {"python", "torch", "numpy", "SimpleITK"} <= record["versions"].keys()
    assert record["inputs"]["CT"]["spacing_mm"] == [0.8, 1.1, 4.0]
    assert (record["device"], record["threads"]) == ("cpu", 1)


def test_same_run_same_record(chest):
    parameters = chest.content().parameters
    fixed = {
        "device": "cpu",
        "threads": 1,
        "started": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "seconds": {},
    }
    images = {"CT": chest.image("ct")}
    assert run_record("x", parameters, images, **fixed) == run_record("x", parameters, images, **fixed)


def test_networks_are_known_by_the_hash_of_their_files(chest, tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(b"weights")
    fixed = {"device": "cpu", "threads": 1, "started": datetime.now(timezone.utc), "seconds": {}}
    record = run_record("x", chest.content().parameters, {}, weights={"NETWORK": file}, **fixed)
    known = {"file": "mine.safetensors", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert record["weights"] == {"NETWORK": known}


def test_no_folder_of_weights_is_shown():
    parameters = IldDetectionParameters(weights="/data/Doe_Jane/mine.safetensors")
    assert made_with(parameters, {})["parameters"]["weights"] == "mine.safetensors"
    shown = {name: value for name, value, _ in parameter_rows(parameters)}
    assert shown["weights"] == "mine.safetensors"


def test_files_whose_names_begin_like_options_are_not_named():
    command = repeatable_command(
        ["lungcad", "lungs", "-o", "OUT", "--", "-Doe_John.nii"], {"-Doe_John.nii": "CT"}
    )
    assert command == "lungcad lungs -o OUT -- CT"


def test_folders_of_schemas_are_not_named():
    parameters = LabelPropagationParameters(schema="/data/Doe Ann/mine.json")
    assert made_with(parameters, {})["parameters"]["schema"] == "mine.json"
    assert "Doe Ann" not in str(parameter_rows(parameters))
