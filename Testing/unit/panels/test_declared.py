"""The written-down declarations are those of the methods: `python Testing/write_declared.py` renews them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from LungCAD.panels.declared import describe, load_method
from LungCAD.parameters import parameters_from_dict
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.worker.plain import to_plain
from Testing.write_declared import METHODS


@pytest.mark.parametrize("name", METHODS)
def test_the_file_is_the_declaration(name):
    method = load_method(name)
    written = describe(METHODS[name])
    assert [list(each.path) for each in method.parameters] == [each["path"] for each in written["parameters"]]
    for parameter, entry in zip(method.parameters, written["parameters"], strict=True):
        assert parameter.default == entry.pop("default")
        assert list(parameter.path) == entry.pop("path")
        for known, value in entry.items():
            assert getattr(parameter.declaration, known) == value
    assert method.presets == json.loads(json.dumps(written["presets"]))


@pytest.mark.parametrize("name", METHODS)
def test_names_are_unique_and_fit_for_members(name):
    names = [parameter.name for parameter in load_method(name).parameters]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_nested_values_make_the_parameters_of_the_method():
    method = load_method("label_propagation")
    values = {parameter.name: parameter.default for parameter in method.parameters}
    made = parameters_from_dict(LabelPropagationParameters, method.nested(values))
    assert to_plain(made) == to_plain(LabelPropagationParameters())
    paper = parameters_from_dict(
        LabelPropagationParameters, method.nested({**values, **method.presets["crf"]["paper"]})
    )
    assert paper.crf.theta_alpha == 80.0 and paper.crf.unit == "px"


def test_reading_them_needs_neither_torch_nor_numpy():
    code = (
        "import sys; from LungCAD.panels.declared import load_method; load_method('label_propagation');"
        "sys.exit(bool({'torch', 'numpy', 'SimpleITK'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
