"""What differs between one patient and the next, drawn from a seed. Lengths in mm, LPS, origin mid-thorax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Physique:
    """The measures of one body."""

    half_width: float  # of the thoracic cavity, between the ribs
    front: float  # depth of the cavity before and behind its centre
    back: float
    roundness: float  # exponent of the cavity's superelliptic section
    apex: float  # height of the lung apices
    floor: float  # height of the costophrenic sulci
    right_dome: float  # height of the diaphragm's domes
    left_dome: float
    fat: float  # thickness of the subcutaneous fat
    breast: float  # size of the breasts, 0 for none
    muscle: float  # thickness of the muscles over the ribs
    heart: float  # size of the heart, 1 = average
    heart_turn: float  # of its long axis about z, radians
    aorta: float  # width of the aorta, 1 = average
    rib_spacing: float
    rib_slope: float  # drop of a rib from spine to sternum
    rib_phase: float
    kyphosis: float  # curvature of the spine
    oblique_height: float  # of the oblique fissures at the centre
    oblique_slope: float
    horizontal_height: float
    density: float  # of the parenchyma, HU
    gravity: float  # HU per mm from front to back
    bone: float  # mineral content, 1 = average


def draw_physique(rng: np.random.Generator) -> Physique:
    """Return the measures of a random adult."""

    def about(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -2, 2))

    size = about(1, 0.045)
    return Physique(
        half_width=size * about(126, 3),
        front=size * about(88, 6),
        back=size * about(92, 3),
        roundness=about(2.3, 0.14),
        apex=size * about(122, 4),
        floor=size * about(-128, 4),
        right_dome=about(-62, 8),
        left_dome=about(-74, 8),
        fat=float(np.exp(about(np.log(9), 0.45))),
        breast=float(max(0.0, rng.uniform(-1, 1))),
        muscle=about(11, 2),
        heart=about(1, 0.06),
        heart_turn=about(0, 0.14),
        aorta=about(1, 0.09),
        rib_spacing=size * about(25, 1),
        rib_slope=about(78, 8),
        rib_phase=float(rng.uniform(0, 1)),
        kyphosis=about(1, 0.3),
        oblique_height=about(-25, 6),
        oblique_slope=about(1, 0.1),
        horizontal_height=about(4, 6),
        density=about(-895, 8),
        gravity=about(0.3, 0.08),
        bone=about(1, 0.12),
    )
