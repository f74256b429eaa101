"""Numbers as people read them."""

from __future__ import annotations


def format_number(value: float | None, decimals: int = 1) -> str:
    """Return a number with fixed decimals, a true minus and thin spaces between thousands.

    What is small but not zero becomes "<0.1" rather than 0.0; None becomes a dash.
    """
    if value is None:
        return "–"
    least = 10.0**-decimals
    if 0 < value < least / 2:
        return f"<{least:.{decimals}f}"
    rounded = round(value, decimals) + 0.0  # the sum makes -0.0 a plain zero
    return f"{rounded:,.{decimals}f}".replace(",", "\u202f").replace("-", "−")
