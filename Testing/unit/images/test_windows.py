import numpy as np
import pytest

from LungCAD.images import GAO, SAPSAM, apply_window, apply_windows


def test_published_limits():
    assert GAO == ((-1400, -950), (-1400, 200), (-160, 240))
    assert SAPSAM == ((-1400, -900), (-900, -160), (-160, 240))


def test_a_window_spans_0_to_255_and_clips():
    hu = np.array([-3000, -160, 40, 240, 3000], dtype=np.int16)
    assert np.allclose(apply_window(hu, (-160, 240)), [0, 0, 127.5, 255, 255])
    assert apply_window(hu, (-160, 240)).dtype == np.float32


def test_windows_become_channels():
    hu = np.linspace(-1500, 500, 24).reshape(2, 3, 4)
    channels = apply_windows(hu, SAPSAM)
    assert channels.shape == (3, 2, 3, 4)
    for channel, (low, high) in zip(channels, SAPSAM, strict=True):
        assert np.allclose(channel, np.interp(hu, [low, high], [0, 255]), atol=1e-3)


def test_a_window_upside_down():
    with pytest.raises(ValueError, match="window"):
        apply_window(np.zeros(3), (240, -160))
