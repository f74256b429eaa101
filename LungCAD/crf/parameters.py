"""The parameters of the dense CRF, with the names of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["px", "mm"]
Mode = Literal["slice", "volume", "auto"]
Normalization = Literal["symmetric", "none", "before", "after"]
Windows = tuple[tuple[float, float], ...]

GAO_WINDOWS: Windows = ((-1400.0, -950.0), (-1400.0, 200.0), (-160.0, 240.0))
THICK_SLICES_MM = 3.0
"""Slices further apart than this look too different from each other to be one volume."""


@dataclass(frozen=True)
class CRFParameters:
    """Kernel, weights and schedule of the dense CRF (Gao et al. 2016, eqs. 1-4; Kraehenbuehl & Koltun 2011).

    The kernel between two voxels p, q with grey levels I::

        k = w1 exp(-|p-q|^2 / 2 ta^2 - |Ip-Iq|^2 / 2 tb^2) + w2 exp(-|p-q|^2 / 2 tg^2)

    The defaults are the paper's values; `CRFParameters.calibrated` gives those found by grid search.

    Raises
    ------
    ValueError
        A theta that is not positive, a negative weight, or another value out of range; names the argument.
    """

    appearance_weight: float = 1.0
    """w1 >= 0."""
    smoothness_weight: float = 1.0
    """w2 >= 0."""
    theta_alpha: float = 80.0
    """Reach of the appearance kernel in space, > 0, in `unit`."""
    theta_beta: float = 13.0
    """Reach of the appearance kernel in grey levels (0..255 per window), > 0."""
    theta_gamma: float = 3.0
    """Reach of the smoothness kernel in space, > 0, in `unit`."""
    unit: Unit = "px"
    """Of `theta_alpha` and `theta_gamma`: "px" counts in-plane pixels (as the paper), "mm" millimetres."""
    normalization: Normalization = "symmetric"
    """How each kernel is divided by its row sums; "none" leaves it raw and lets large regions collapse."""
    windows: Windows = GAO_WINDOWS
    """HU windows (low, high), each rescaled to 0..255: the grey levels I of one HU value."""
    mode: Mode = "auto"
    """One field per "slice" or per "volume"; "auto": volume where slices are at most 3 mm apart."""
    couple_lungs: bool = True
    """Whether the two lungs exchange messages, as in the paper."""
    iterations: int = 10
    """Most mean-field iterations, >= 0."""
    tolerance: float = 0.0
    """Stop once no marginal changes by more than this in an iteration; 0 runs all iterations."""
    accelerate: bool = False
    """Anderson mixing: about half the iterations for the same error, but not the same path."""

    def __post_init__(self) -> None:
        for name in ("theta_alpha", "theta_beta", "theta_gamma"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be positive and finite, not {getattr(self, name)}")
        for name in ("appearance_weight", "smoothness_weight", "tolerance"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must not be negative or infinite, but is {getattr(self, name)}")
        if self.iterations < 0:
            raise ValueError(f"iterations must not be negative, but is {self.iterations}")
        for name, choices in (("unit", Unit), ("mode", Mode), ("normalization", Normalization)):
            if getattr(self, name) not in choices.__args__:
                raise ValueError(f"{name} must be one of {choices.__args__}, not {getattr(self, name)!r}")
        if not self.windows or any(low >= high for low, high in self.windows):
            raise ValueError(f"windows must be pairs (low, high) with low < high, not {self.windows}")

    def per_slice(self, slice_spacing_mm: float) -> bool:
        """Tell whether slices this far apart are treated one by one."""
        return self.mode == "slice" or (self.mode == "auto" and slice_spacing_mm > THICK_SLICES_MM)
