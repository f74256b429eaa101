"""How the slices of a CT become what a network for interstitial lung disease sees: one lung at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from LungCAD.images.windows import Window

ILD_WINDOW: Window = (-1000.0, 200.0)
"""Air to contrast-enhanced blood: all lung tissue keeps its density. The paper of LungNet names no window."""

ARCHITECTURES = ("lungnet", "ild_cnn", "segnet_vgg", "unet")
"""Networks that label every pixel of a lung of any size."""

MULTIPLES_PX = {"segnet_vgg": 32, "unet": 16}
"""Rows and columns are filled up with air to multiples of these, as networks need that halve them."""

Range = tuple[float, float]


@dataclass(frozen=True)
class LungCrop:
    """One lung on one slice: the index `z` of the slice, `side` (1 right, 2 left), rows and columns."""

    z: int
    side: int
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the crop."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def cut(self, volume: NDArray) -> NDArray:
        """Return the view (y, x) or (C, y, x) of a volume (z, y, x) or (C, z, y, x) that is this crop."""
        return volume[..., self.z, self.rows, self.columns]


@dataclass(frozen=True)
class IldInput:
    """Crops around each lung of a slice, HU scaled so that a window spans 0..1 (Anthimopoulos et al., 2018).

    window : HU; what lies beyond is clipped.
    margin_px : kept around the lung where the slice reaches as far.
    multiple_px : rows and columns of a crop are grown to multiples, so that crops can be batched.
    pixel_mm, thickness_mm : least and most of the scans that the network was trained on.
    """

    window: Window = ILD_WINDOW
    margin_px: int = 32
    multiple_px: int = 16
    pixel_mm: Range = (0.5, 1.0)
    thickness_mm: Range = (0.5, 2.5)

    def __post_init__(self) -> None:
        for name in ("window", "pixel_mm", "thickness_mm"):
            low, high = getattr(self, name)
            if not (low < high if name == "window" else 0 < low <= high):
                raise ValueError(f"{name} is {(low, high)}, not a range")
        if self.margin_px < 0 or self.multiple_px < 1:
            raise ValueError(f"margin_px {self.margin_px} or multiple_px {self.multiple_px} is too small")

    def crops(self, lungs: NDArray) -> Iterator[LungCrop]:
        """Yield the crops of all slices, feet first, the right lung before the left.

        Parameters
        ----------
        lungs : (z, y, x) integers in axial order, 0 outside, 1 right, 2 left; neither need be in view.
        """
        for z, plane in enumerate(lungs):
            for index, box in enumerate(find_objects(plane.astype(np.int32), max_label=2)):
                if box is not None:
                    spans = (self._grown(*pair) for pair in zip(box, plane.shape, strict=True))
                    yield LungCrop(z, index + 1, *spans)

    def image(self, hu: NDArray) -> NDArray[np.float32]:
        """Return HU of any shape, such as a crop that was cut, as the network sees it: 0..1."""
        low, high = self.window
        return ((hu.astype(np.float32) - np.float32(low)) / np.float32(high - low)).clip(0, 1)

    def as_plain(self) -> dict[str, Any]:
        """Return plain data for the description of a network."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> IldInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            ranges = {name: _range(data[name]) for name in ("window", "pixel_mm", "thickness_mm")}
            return cls(margin_px=int(data["margin_px"]), multiple_px=int(data["multiple_px"]), **ranges)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe slices of a lung") from error

    def _grown(self, span: slice, length: int) -> slice:
        """Add the margin, then grow to a multiple, within 0..length and evenly as far as that allows."""
        start, stop = max(span.start - self.margin_px, 0), min(span.stop + self.margin_px, length)
        wanted = min(-(-(stop - start) // self.multiple_px) * self.multiple_px, length)
        start = min(max(start - (wanted - (stop - start)) // 2, 0), length - wanted)
        return slice(start, start + wanted)


def _range(values: Any) -> Range:  # noqa: ANN401
    low, high = values
    return float(low), float(high)
