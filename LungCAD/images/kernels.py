"""Whether a CT was reconstructed with a sharp kernel, judged by the kernel's name.

Sharp (edge-enhancing) kernels raise the noise, and with it the share of voxels below -950 HU: densitometry of
such scans overestimates emphysema. The names follow each maker's own scheme; makers publish no common scale,
so the table holds only names whose meaning is settled, and every other name is "not known".
"""

from __future__ import annotations

import re

SHARP_FROM = 45
"""Siemens numbers its kernels by sharpness; B30 to B40 are the smooth to medium body kernels."""

# Maker (as the tag Manufacturer begins, lower case) -> (pattern of the name, is it sharp).
KERNELS: dict[str, tuple[tuple[str, bool], ...]] = {
    "ge": (
        (r"(LUNG|BONE|BONEPLUS|EDGE|ULTRA|HD LUNG|HD BONE|HD EDGE)", True),
        (r"(STANDARD|STND|SOFT|CHST|CHEST)", False),
    ),
    "philips": ((r"(A|B|SMOOTH|STANDARD)", False), (r"(C|D|E|F|L|Y[A-D]|LUNG|SHARP)", True)),
    "toshiba": ((r"FC(0|1)\d", False), (r"FC(3|5|8)\d", True)),
    "canon": ((r"FC(0|1)\d", False), (r"FC(3|5|8)\d", True)),
}
SIEMENS = re.compile(r"[A-Z][a-z]?(\d\d)[a-z]?")


def is_sharp(manufacturer: str | None, kernel: str | None) -> bool | None:
    """Return whether the kernel is a sharp one; None where maker or kernel is missing or not in the table."""
    if not manufacturer or not kernel:
        return None
    maker, name = manufacturer.strip().lower(), kernel.split("\\")[0].strip()
    if maker.startswith("siemens"):
        match = SIEMENS.fullmatch(name)
        return int(match[1]) >= SHARP_FROM if match else None
    for start, table in KERNELS.items():
        if maker.startswith(start):
            return next((sharp for pattern, sharp in table if re.fullmatch(pattern, name.upper())), None)
    return None
