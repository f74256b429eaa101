"""Films that are none: what is refused before the network sees it."""

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.tasks.xray_lungs import film_array

FILM = np.random.default_rng(0).random((40, 50), np.float32)


def test_a_film():
    np.testing.assert_array_equal(film_array(sitk.GetImageFromArray(FILM)), FILM)


@pytest.mark.parametrize(
    ("film", "says"),
    [
        (sitk.GetImageFromArray(FILM[:31]), "has 50 x 31 pixels"),
        (sitk.GetImageFromArray(FILM[None]), "has 50 x 40 x 1 pixels"),
        (sitk.GetImageFromArray(np.stack([FILM] * 3, axis=-1), isVector=True), "several values per pixel"),
        (sitk.GetImageFromArray(np.where(FILM > 0.99, np.nan, FILM)), "no numbers"),
        (sitk.GetImageFromArray(np.where(FILM > 0.99, -np.inf, FILM)), "no numbers"),
    ],
    ids=["small", "volume", "colour", "NaN", "infinite"],
)
def test_what_is_none(film, says):
    with pytest.raises(InputError, match=f"radiograph: .*{says}"):
        film_array(film)
