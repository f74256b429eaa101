"""Stacks of DICOM slices, what they hold, and what is said of those that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.images import read_ct


def stack(make_slice, heights, **tags):
    return [make_slice(z=float(z), number=n, **tags) for n, z in enumerate(heights, 1)]


def hu_of(datasets) -> np.ndarray:
    """What pydicom says, in ascending height."""
    ordered = sorted(datasets, key=lambda dataset: dataset.ImagePositionPatient[2])
    return np.array([dataset.pixel_array.astype(int) - 1024 for dataset in ordered])


def refusal(path, **options) -> str:
    with pytest.raises(InputError) as error:
        read_ct(path, **options)
    message = str(error.value)
    assert "\n" not in message
    for secret in ("Doe", "Jane", "Secret", "19010203"):
        assert secret not in message
    return message
