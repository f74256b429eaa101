"""How the axial slices of a CT become what the detection network sees, and where that lies in the slices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import interpolate, pad

from LungCAD.errors import InputError
from LungCAD.images.geometry import require_little_tilt, spacing_zyx, tilt_degrees, to_axial
from LungCAD.images.hounsfield import AIR_HU
from LungCAD.images.windows import GAO, Window

SIDE_PX = 224
FIELD_MM = 320.0
"""Width of the field that the network sees: both lungs of all but the largest chests."""

TISSUE_HU = -300
"""The body is what is denser; where most of it lies decides where the field lies."""

LEAST_FIELD_MM = 180.0
COARSEST_PIXEL_MM = 2.5

MIDDLE, HALF = 127.5, 127.5
"""Grey levels 0..255 reach the network as -1..1."""

LEAST_PROBABILITY = 1e-6
"""Log odds of what is surer than that are those of this."""


@dataclass(frozen=True)
class Field:
    """A square field within slices of `shape` (Y, X): rows and columns from start to stop, in pixels.

    It may reach beyond the slices, where there is air.
    """

    shape: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]

    def cut(self, slices: torch.Tensor) -> torch.Tensor:
        """Return the field of slices (N, Y, X) in HU, air beyond them: (N, height, width) float32."""
        inside, margins = self._overlap()
        part = slices[:, inside[0], inside[1]].float()
        (top, bottom), (left, right) = margins
        return pad(part, [left, right, top, bottom], value=float(AIR_HU))

    def put_back(self, maps: torch.Tensor) -> torch.Tensor:
        """Return maps (N, y, x) of the field at any resolution on the slices' pixels, (N, Y, X); 0 beside."""
        height, width = (stop - start for start, stop in (self.rows, self.columns))
        whole = interpolate(maps[:, None].float(), (height, width), mode="bilinear", align_corners=False)
        inside, ((top, _), (left, _)) = self._overlap()
        placed = torch.zeros(len(maps), *self.shape)
        sizes = [part.stop - part.start for part in inside]
        placed[:, inside[0], inside[1]] = whole[:, 0, top : top + sizes[0], left : left + sizes[1]].cpu()
        return placed

    def _overlap(self) -> tuple[tuple[slice, slice], tuple[tuple[int, int], tuple[int, int]]]:
        """Return the part of the slices that the field covers, and the field's margins around it."""
        inside, margins = [], []
        for (start, stop), length in zip((self.rows, self.columns), self.shape, strict=True):
            first, last = np.clip((start, stop), 0, length).tolist()
            inside.append(slice(first, last))
            margins.append((first - start, stop - last))
        return tuple(inside), tuple(margins)


@dataclass(frozen=True)
class DetectionInput:
    """A square of `side` pixels that spans `field_mm`, once per window of HU (Gao et al. 2017, section 3.5).

    The scale is the same for every scanner, as textures have a size; the paper reduces whole slices instead.
    """

    side: int = SIDE_PX
    field_mm: float = FIELD_MM
    windows: tuple[Window, ...] = GAO

    def images(self, ct: sitk.Image) -> torch.Tensor:
        """Return all axial slices of a CT, feet first: (Z, windows, side, side), uint8 grey levels.

        Parameters
        ----------
        ct : HU, any direction; slices that are not square and any spacing are accepted.

        Raises
        ------
        InputError
            The axial slices are too coarse (a coronal or sagittal stack), too small, or oblique.
        """
        axial, field = self.place(ct)
        return self.grey_levels(torch.from_numpy(sitk.GetArrayFromImage(axial)), field)

    def place(self, ct: sitk.Image) -> tuple[sitk.Image, Field]:
        """Return the CT along the patient's axes (`to_axial`) and the field in its slices; as `images`.

        What scanners fill the corners with, -2000 HU or less, becomes air, as `read_ct` has it: a pixel of
        the network is a mean, and the darkness would spread into what lies beside it.
        """
        axial = to_axial(ct)
        _require_chest_slices(axial)
        axial = sitk.Clamp(axial, axial.GetPixelID(), AIR_HU)
        return axial, self.field(sitk.GetArrayViewFromImage(axial), spacing_zyx(axial)[1:])

    def field(self, hu: NDArray, pixel_mm: tuple[float, float]) -> Field:
        """Return the field about the middle of the body in slices (Z, Y, X); pixel_mm : height, width."""
        spans = []
        for middle, mm in zip(_body_middle(hu), pixel_mm, strict=True):
            length = max(1, round(self.field_mm / mm))
            start = round(middle + 0.5 - length / 2)
            spans.append((start, start + length))
        return Field(hu.shape[1:], *spans)

    def grey_levels(self, hu: torch.Tensor, field: Field) -> torch.Tensor:
        """Return slices (N, Y, X) in HU as (N, windows, side, side), uint8; a pixel is what it covers."""
        size = (self.side, self.side)
        reduced = interpolate(field.cut(hu)[:, None], size, mode="bilinear", antialias=True)[:, 0]
        levels = torch.empty(len(hu), len(self.windows), *size, dtype=torch.uint8, device=reduced.device)
        for channel, (low, high) in enumerate(self.windows):
            scaled = (reduced - low).mul_(255 / (high - low))
            levels[:, channel] = scaled.clamp_(0, 255).round_()
        return levels

    def as_plain(self) -> dict[str, Any]:
        """Return plain data for weight files."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> DetectionInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            windows = tuple((float(low), float(high)) for low, high in data["windows"])
            return cls(int(data["side"]), float(data["field_mm"]), windows)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe axial slices") from error


def centred(levels: torch.Tensor) -> torch.Tensor:
    """Return grey levels 0..255 as the network takes them, float32 in -1..1."""
    return (levels.float() - MIDDLE).div_(HALF)


@dataclass(frozen=True)
class Decision:
    """How one output of a network is read: probability sigmoid((output - offset) / temperature).

    A slice shows the disease where the curve along the scan, its probability with those of its neighbours,
    reaches `threshold`. One of many slices does so by chance: whether the scan has the disease is read from
    the log odds of the highest in the same way, with numbers of its own. All come from validation folds; by
    default a scan has what any slice shows.
    """

    offset: float = 0.0
    temperature: float = 1.0
    threshold: float = 0.5
    scan_offset: float = 0.0
    scan_temperature: float = 1.0
    scan_threshold: float = 0.0

    def probability(self, output: NDArray) -> NDArray[np.float32]:
        """Return the probability of outputs of any shape."""
        return _sigmoid((np.asarray(output, np.float64) - self.offset) / self.temperature)

    def scan_probability(self, highest: NDArray) -> NDArray[np.float32]:
        """Return how likely scans have the disease, from the highest probability of their slices."""
        return _sigmoid((log_odds(highest) - self.scan_offset) / self.scan_temperature)


def log_odds(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return log(p / (1 - p)) of probabilities of any shape, none beyond `LEAST_PROBABILITY`."""
    p = np.asarray(probabilities, np.float64).clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(p / (1 - p))


def _sigmoid(x: NDArray) -> NDArray[np.float32]:
    return (0.5 * (1 + np.tanh(x / 2))).astype(np.float32)


def decisions_from_plain(data: Sequence[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """Return one decision per output, from what `dataclasses.asdict` made of them; ValueError otherwise."""
    try:
        decisions = tuple(Decision(**{key: float(value) for key, value in one.items()}) for one in data)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"data {data!r} does not describe decisions") from error
    if any(min(decision.temperature, decision.scan_temperature) <= 0 for decision in decisions):
        raise ValueError("temperature: is not above 0")
    return decisions


def _require_chest_slices(axial: sitk.Image) -> None:
    require_little_tilt(tilt_degrees(axial))
    pixel = spacing_zyx(axial)[1:]
    if max(pixel) > COARSEST_PIXEL_MM:
        problem = f"its axial slices have pixels of {pixel[0]:.1f} x {pixel[1]:.1f} mm"
        remedy = f"Give an axial series (at most {COARSEST_PIXEL_MM:g} mm), not a coronal or sagittal one"
        raise InputError("CT", problem, remedy)
    extents = [mm * count for mm, count in zip(pixel, axial.GetSize()[1::-1], strict=True)]
    if min(extents) < LEAST_FIELD_MM:
        problem = f"its axial slices show {extents[0]:.0f} x {extents[1]:.0f} mm, not a chest"
        raise InputError("CT", problem, f"At least {LEAST_FIELD_MM:g} x {LEAST_FIELD_MM:g} mm are needed")


def _body_middle(hu: NDArray) -> tuple[float, float]:
    """Return row and column of the middle of the body, from a coarse look at the slices; theirs without."""
    step = max(1, hu.shape[0] // 16)
    body = hu[::step, ::4, ::4] > TISSUE_HU
    if not body.any():
        return (hu.shape[1] - 1) / 2, (hu.shape[2] - 1) / 2
    _, rows, columns = np.nonzero(body)
    return 4 * float(np.median(rows)), 4 * float(np.median(columns))
