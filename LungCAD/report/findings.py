"""What was found along a scan, slice by slice: data for tables, plots and the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SliceReading:
    """One axial slice.

    number : where it lies in the stored volume, counted from 1. z_mm : superior coordinate of its centre.
    lung_cm2 : aerated lung that it shows.
    probability : per disease, of this slice alone; smoothed : with its neighbours. Both are empty where the
        method abstained, because the slice lies beyond the lungs.
    """

    number: int
    z_mm: float
    lung_cm2: float
    probability: tuple[float, ...] = ()
    smoothed: tuple[float, ...] = ()

    @property
    def abstained(self) -> bool:
        """Whether nothing is said of this slice."""
        return not self.smoothed


@dataclass(frozen=True)
class SliceRange:
    """Neighbouring slices that show a disease: numbers and superior coordinates (mm), from feet to head.

    peak : number of the slice where the smoothed probability is highest; probability : its value.
    """

    first: int
    last: int
    from_mm: float
    to_mm: float
    peak: int
    probability: float

    @property
    def slices(self) -> str:
        """The numbers of the slices for people, such as "12–15" or "12"."""
        low, high = sorted((self.first, self.last))
        return str(low) if low == high else f"{low}–{high}"


@dataclass(frozen=True)
class Finding:
    """What is said of one disease in the whole scan.

    code, name, color : of its label. threshold : smoothed probability from which on a slice shows it.
    probability : that the scan has it, None where all slices were abstained from.
    ranges : of slices that show it, from the feet.
    highest : smoothed probability of all slices; None as above.
    scan_threshold : probability from which on the scan has it, if any slice shows it.
    """

    code: str
    name: str
    color: tuple[int, int, int]
    threshold: float
    probability: float | None
    ranges: tuple[SliceRange, ...] = ()
    highest: float | None = None
    scan_threshold: float = 0.0

    @property
    def present(self) -> bool | None:
        """Whether the scan has the disease; None where nothing is known."""
        if self.probability is None:
            return None
        return bool(self.ranges) and self.probability >= self.scan_threshold

    @property
    def doubtful(self) -> bool:
        """Whether slices show the disease, but fewer or less surely than where scans have it."""
        return bool(self.ranges) and not self.present


@dataclass(frozen=True)
class Findings:
    """All slices, from feet to head, and what they add up to; diseases are in one order throughout."""

    slices: tuple[SliceReading, ...]
    diseases: tuple[Finding, ...]

    @property
    def judged(self) -> tuple[SliceReading, ...]:
        """The slices that something is said of."""
        return tuple(reading for reading in self.slices if not reading.abstained)

    def worth_reading(self, count: int) -> list[int]:
        """Return up to `count` indices of slices to look at, the surest first.

        The peaks of all ranges; where there are not that many, the slices that come nearest to a threshold,
        each at least a tenth of the lung away from those before.
        """
        order = {reading.number: index for index, reading in enumerate(self.slices)}
        peaks = [(one.probability, order[one.peak]) for each in self.diseases for one in each.ranges]
        chosen = list(dict.fromkeys(index for _, index in sorted(peaks, key=lambda peak: -peak[0])))
        gap = max(1, round(0.1 * len(self.judged)))
        for index in sorted(range(len(self.slices)), key=self._distance_to_thresholds):
            far = all(abs(index - other) >= gap for other in chosen)
            if far and not self.slices[index].abstained:
                chosen.append(index)
        return chosen[:count]

    def _distance_to_thresholds(self, index: int) -> float:
        """Return how far the slice stays below the nearest threshold (negative: above)."""
        smoothed = self.slices[index].smoothed
        gaps = [each.threshold - value for each, value in zip(self.diseases, smoothed, strict=bool(smoothed))]
        return min(gaps, default=1.0)
