"""Where benchmark studies come from: the phantom, or another generator named by its file or module."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.phantom.study import BENCHMARK, make_study

PHANTOM = "phantom"


class Study(Protocol):
    """A scan with its truth: HU (int16), class per voxel (0 outside the lung), lungs (1 right, 2 left)."""

    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image


def load_generator(name: str) -> Callable[[int], Study]:
    """Return a function from seed to study: the phantom's, or `make_study` of a Python file or dotted module.

    Raises InputError where there is no such file, module or function.
    """
    if name == PHANTOM:
        return lambda seed: make_study(replace(BENCHMARK, seed=seed))
    return generator_function(name, "make_study")


def generator_function(name: str, function: str) -> Callable[[int], Study]:
    """Return a function from seed to study of a Python file or dotted module.

    Raises InputError where there is no such file, module or function.
    """
    try:
        return getattr(_module(name), function)
    except (ImportError, OSError, AttributeError) as error:
        raise InputError(name, f"is no phantom generator ({error})", f"It needs {function}(seed)") from error


def _module(name: str) -> object:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    specification = importlib.util.spec_from_file_location(Path(name).stem, name)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # its dataclasses look it up there
    specification.loader.exec_module(module)
    return module
