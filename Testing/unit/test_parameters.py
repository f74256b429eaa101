"""A parameter is declared once; everything else follows from the declaration."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import pytest

from LungCAD.cli.options import add_parameters, parameters_from
from LungCAD.errors import InputError
from LungCAD.parameters import Parameters, parameter, parameters_from_dict


@dataclass(frozen=True)
class Kernel(Parameters):
    theta: float = parameter(80.0, "Width", unit="px", minimum=0.5)
    beta: float = parameter(13.0, "Contrast", above=0.0)


Kernel.presets = {"paper": Kernel(), "narrow": Kernel(3.0, 5.0)}


@dataclass(frozen=True)
class Method(Parameters):
    mode: str = parameter("slice", "How", choices=("slice", "volume"))
    iterations: int = parameter(10, "How often (100 % sure)", minimum=1, maximum=100)
    couple: bool = parameter(True, "Whether lungs exchange messages", source="Gao 2016")
    kernel: Kernel = Kernel()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "line"}, "mode: is 'line', not one of slice, volume"),
        ({"iterations": 0}, "iterations: is 0, less than 1"),
        ({"iterations": 101}, "iterations: is 101, more than 100"),
        ({"iterations": 2.5}, "iterations: is 2.5, not a whole number"),
        ({"iterations": True}, "iterations: is True"),
        ({"couple": 1}, "couple: is 1, not true or false"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        Method(**values)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.1])
def test_a_bad_number_is_named(value):
    with pytest.raises(InputError, match="theta"):
        Kernel(theta=value)


def test_an_integer_passes_for_a_float():
    assert Kernel(theta=3).theta == 3


def parse(*words):
    parser = argparse.ArgumentParser()
    add_parameters(parser, Method)
    return parameters_from(parser.parse_args(words), Method())


def test_options_give_the_same_object():
    assert parse() == Method()
    words = ("--mode", "volume", "--iterations", "5", "--no-couple", "--kernel-theta", "2.5")
    assert parse(*words) == Method("volume", 5, False, Kernel(2.5))


def test_a_preset_is_changed_by_single_options():
    assert parse("--kernel", "narrow").kernel == Kernel(3.0, 5.0)
    assert parse("--kernel", "narrow", "--kernel-beta", "7").kernel == Kernel(3.0, 7.0)


def test_a_bound_that_is_not_allowed_itself():
    with pytest.raises(InputError, match="beta: is 0, not more than 0"):
        Kernel(beta=0.0)


def test_options_are_checked_as_the_parameters_are():
    with pytest.raises(InputError, match=r"theta: is 0\.1, less than 0\.5"):
        parse("--kernel-theta", "0.1")


def test_every_parameter_has_its_line_of_help():
    parser = argparse.ArgumentParser()
    add_parameters(parser, Method)
    text = " ".join(parser.format_help().split())
    assert "How often (100 % sure) (default: 10)" in text
    assert "Width (default: 80.0 px)" in text
    assert "Gao 2016" in text


def test_plain_data_for_the_run_record():
    assert Method().as_dict()["kernel"] == {"theta": 80.0, "beta": 13.0}


@dataclass(frozen=True)
class Windowed(Parameters):
    kernel: Kernel = Kernel.presets["narrow"]
    windows: tuple[tuple[float, float], ...] = ((-1000.0, 400.0),)


@pytest.mark.parametrize(
    "method", [Method(), Method("volume", 5, False, Kernel(2.5)), Windowed(windows=((0.0, 1.0), (2.0, 3.0)))]
)
def test_plain_data_gives_the_same_parameters_again(method):
    assert parameters_from_dict(type(method), json.loads(json.dumps(method.as_dict()))) == method


def test_what_is_missing_keeps_its_default():
    assert parameters_from_dict(Method, {}) == Method()
    assert parameters_from_dict(Windowed, {"kernel": {"beta": 7.0}}).kernel == Kernel(3.0, 7.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speed": 1}, "speed: is no parameter of this method. There are mode, iterations, couple, kernel"),
        ({"kernel": {"width": 1}}, "width: is no parameter"),
        ({"kernel": {"theta": 0.1}}, r"theta: is 0\.1, less than 0\.5"),
        ({"kernel": 3}, "kernel: is 3, not"),
        ({"kernel": [1, 2]}, "kernel: is"),
        ({"iterations": "many"}, "iterations: is 'many', not a whole number"),
        ({"iterations": None}, "iterations: is None"),
        (["mode"], "parameters: is \\['mode'\\], not names with their values"),
    ],
)
def test_bad_plain_data_is_named(values, message):
    with pytest.raises(InputError, match=message):
        parameters_from_dict(Method, values)
