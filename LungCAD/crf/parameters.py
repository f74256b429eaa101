"""The parameters of the dense CRF, with the names of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from LungCAD.errors import InputError
from LungCAD.images.windows import GAO, Window
from LungCAD.parameters import Parameters, parameter

Windows = tuple[Window, ...]
Normalization = Literal["symmetric", "none", "before", "after"]

THICK_SLICES_MM = 3.0
"""Slices further apart than this look too different from each other to be one volume."""


@dataclass(frozen=True)
class CRFParameters(Parameters):
    """Kernel, weights and schedule of the dense CRF (Gao et al. 2016, eqs. 1-4; Kraehenbuehl & Koltun 2011).

    The kernel between two voxels p, q with grey levels I::

        k = w1 exp(-|p-q|^2 / 2 ta^2 - |Ip-Iq|^2 / 2 tb^2) + w2 exp(-|p-q|^2 / 2 tg^2)

    The defaults are the paper's values; `windows` are the HU ranges (low, high) that are each rescaled to
    0..255 and make the grey levels I of one HU value.

    Raises
    ------
    InputError
        A value is out of range; the error, which is a ValueError, names the argument.
    """

    appearance_weight: float = parameter(1.0, "Weight w1 of the appearance kernel", minimum=0.0)
    smoothness_weight: float = parameter(1.0, "Weight w2 of the smoothness kernel", minimum=0.0)
    theta_alpha: float = parameter(80.0, "Reach of the appearance kernel in space, in `unit`", above=0.0)
    theta_beta: float = parameter(
        13.0, "Reach of the appearance kernel in grey levels (0..255 per window)", above=0.0
    )
    theta_gamma: float = parameter(3.0, "Reach of the smoothness kernel in space, in `unit`", above=0.0)
    unit: str = parameter(
        "px", "Of theta_alpha and theta_gamma: in-plane pixels, as the paper, or mm", choices=("px", "mm")
    )
    normalization: str = parameter(
        "symmetric",
        "How each kernel is divided by its row sums; none lets large regions swallow small ones",
        choices=get_args(Normalization),
    )
    mode: str = parameter(
        "auto",
        f"Each slice alone, all together, or together where they are at most {THICK_SLICES_MM:g} mm apart",
        choices=("slice", "volume", "auto"),
        hidden=True,
    )
    couple_lungs: bool = parameter(True, "Whether the two lungs exchange messages, as in the paper")
    iterations: int = parameter(10, "Most mean-field iterations", minimum=0)
    tolerance: float = parameter(
        0.0, "Stop once no probability changes by more than this; 0 runs all iterations", minimum=0.0
    )
    accelerate: bool = parameter(
        False, "Anderson mixing: about half the iterations for the same error, but not the same path"
    )
    windows: Windows = GAO

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.windows or any(low >= high for low, high in self.windows):
            raise InputError("windows", f"are {self.windows}, not pairs (low, high) with low < high")

    def per_slice(self, slice_spacing_mm: float) -> bool:
        """Tell whether slices this far apart are treated one by one."""
        return self.mode == "slice" or (self.mode == "auto" and slice_spacing_mm > THICK_SLICES_MM)


PAPER = CRFParameters()
"""The values of Gao et al. 2016."""

CALIBRATED = CRFParameters(
    appearance_weight=0.0,
    smoothness_weight=5.0,
    theta_alpha=56.0,
    theta_gamma=5.4,
    unit="mm",
    mode="volume",
)
"""Chosen on phantoms 100-103, which take no part in the benchmark, by `lungcad train crf`.

Balanced accuracy with a few regions drawn, mean (worst): these values 0.888 (0.839), with an appearance
weight of 0.3 0.883 (0.821), before the CRF 0.875 (0.836), the paper's values 0.866 (0.803); all trials are in
Resources/Evidence/crf_few_regions.json. Class probabilities that know the texture leave appearance nothing
to add on phantoms; where densities differ at a border, give it some weight again. In mm the kernel reaches
across slices only as far as these are near, so that volumes of thick slices need no exception.
"""

CRFParameters.presets = {"paper": PAPER, "calibrated": CALIBRATED}
