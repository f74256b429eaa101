"""What a job gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import SimpleITK as sitk


@dataclass(frozen=True)
class JobResult:
    """Images by name, with the geometry of the input, and data that `json` can write."""

    images: dict[str, sitk.Image] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
