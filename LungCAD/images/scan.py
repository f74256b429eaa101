"""What a reader returns: the image, and what the file says about how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import SimpleITK as sitk

from LungCAD.images.geometry import axial_axis


@dataclass(frozen=True)
class ScanFacts:
    """How the scan was made, as far as the file tells (None: it does not). Nothing about the patient.

    `sharp_kernel` is judged by `LungCAD.images.kernels`; `slice_spacing_mm` is the distance of slice
    centres, `slice_thickness_mm` how thick each one is.
    """

    modality: str | None = None
    series_uid: str | None = None
    manufacturer: str | None = None
    kernel: str | None = None
    sharp_kernel: bool | None = None
    slice_thickness_mm: float | None = None
    slice_spacing_mm: float | None = None
    kvp: float | None = None
    contrast: bool | None = None

    def axial_thickness_mm(self, image: sitk.Image) -> float | None:
        """Return how thick the axial slices of the scan's image are; None where it has others, or unknown."""
        return self.slice_thickness_mm if axial_axis(image) == 2 else None

    def __str__(self) -> str:
        """One line for people, of what is known."""
        sharp = {True: " (sharp)", False: " (not sharp)", None: ""}[self.sharp_kernel]
        said = [
            self.modality,
            self.manufacturer,
            self.kernel and f"kernel {self.kernel}{sharp}",
            self.slice_thickness_mm and f"slices {self.slice_thickness_mm:g} mm thick",
            self.slice_spacing_mm and f"every {self.slice_spacing_mm:g} mm",
            self.kvp and f"{self.kvp:g} kV",
            self.contrast and "with contrast agent",
        ]
        return ", ".join(part for part in said if part)


@dataclass(frozen=True)
class Scan:
    """A CT: 3-D image in HU (int16, at least -1024; a single slice has size 1 along z) and its facts.

    `warnings` are sentences for the user about what is unusual but not wrong.
    """

    image: sitk.Image
    path: Path
    facts: ScanFacts = field(default_factory=ScanFacts)
    warnings: tuple[str, ...] = ()
