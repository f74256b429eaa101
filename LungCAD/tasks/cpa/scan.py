"""One scan: disease, three signs in six regions, where they are, and how far that can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import SimpleITK as sitk

from LungCAD.devices import choose_device
from LungCAD.images import require_ct
from LungCAD.progress import Progress, each, part, silent
from LungCAD.report.signs import Picture, ScanReading, SignReading
from LungCAD.tasks.cpa.checks import check_maps
from LungCAD.tasks.cpa.completeness import (
    incomplete_regions,
    incomplete_words,
    region_warnings,
    slice_warnings,
)
from LungCAD.tasks.cpa.evidence import SignEvidence, WholeEvidence
from LungCAD.tasks.cpa.heat import HeatMap, consensus
from LungCAD.tasks.cpa.layers import look_in_layers
from LungCAD.tasks.cpa.networks import DISEASE, SIGNS, SURVIVAL, find_networks, judging, network_files
from LungCAD.tasks.cpa.parameters import CpaParameters
from LungCAD.tasks.cpa.peaks import find_peaks
from LungCAD.tasks.cpa.pictures import pictures_against, sign_pictures, whole_picture
from LungCAD.tasks.cpa.result import CpaResult
from LungCAD.tasks.cpa_projections import (
    AXES,
    REGIONS,
    ROTATIONS,
    Projections,
    ProjectionVolume,
    project,
)

DEFAULTS = CpaParameters()

Probabilities = Mapping[str, Mapping[str, float]]
"""By sign and region."""


def run(ct: sitk.Image, parameters: CpaParameters = DEFAULTS, progress: Progress = silent) -> CpaResult:
    """Look for signs of chronic pulmonary aspergillosis on a chest CT.

    Parameters
    ----------
    ct : 3-D, HU, any orientation, inspiration; best slices of 0.5 to 1 mm. Contrast medium does no harm.

    Raises
    ------
    InputError
        The image is no volume in HU, its slices lie too far apart, it shows no lungs, or there are no
        networks.
    Cancelled
        From `progress`.
    """
    progress(0.0, "Loading the networks")
    return CpaReader(parameters).read(ct, part(progress, 0.05, 1.0))


class CpaReader:
    """The networks, loaded once for many scans."""

    def __init__(self, parameters: CpaParameters = DEFAULTS) -> None:
        self.parameters = parameters
        self._device = choose_device(parameters.device)
        self.networks = find_networks(parameters.weights, self._device, parameters.layer)

    def read(self, ct: sitk.Image, progress: Progress = silent) -> CpaResult:
        """Read one scan; parameters, result and errors as `run`."""
        progress(0.0, "Projecting the scan")
        require_ct(ct, "The scan")
        warnings = slice_warnings(ct)
        # Rays are summed in double precision, which Apple's MPS has not: only pictures go there.
        volume = ProjectionVolume.of(ct, self._device if self._device.type == "cuda" else "cpu")
        warnings += (*region_warnings(volume), *self._cautions())
        incomplete = incomplete_regions(volume)
        judged = [region for region in REGIONS if region not in incomplete]
        signs = [SignEvidence(network) for network in self.networks if network.task in SIGNS]
        wholes = [WholeEvidence(network) for network in self.networks if network.task not in SIGNS]
        if wholes:
            volume = volume.with_aerated()
        upright = self._look([*signs, *wholes], volume, part(progress, 0.2, 0.5))
        probabilities = _means(signs)
        present = self._present(probabilities, judged)
        self._place(signs, present, volume, part(progress, 0.5, 0.85))
        progress(0.85, "Putting the heat maps together")
        heat = {
            sign: consensus([one for one in signs if one.network.task == sign], mean, judged)
            for sign, mean in probabilities.items()
        }
        peaks = [peak for sign in heat for peak in find_peaks(sign, heat[sign], present[sign], volume, ct)]
        checks = ()
        if self.parameters.check_maps:
            checks = check_maps(signs, present, upright, self.parameters.score, part(progress, 0.9, 1.0))
        progress(1.0, "Done")
        return CpaResult(
            ct=ct,
            signs=tuple(_sign_readings(signs, probabilities, incomplete)),
            disease=_scan_reading(wholes, DISEASE),
            survival=_scan_reading(wholes, SURVIVAL),
            peaks=tuple(sorted(peaks, key=lambda peak: -peak.heat)),
            pictures=tuple(self._pictures(signs, wholes, upright, judged)),
            incomplete=incomplete,
            warnings=(*warnings, *incomplete_words(incomplete)),
            checks=checks,
            networks=network_files(self.networks),
            maps={sign: HeatMap(heat[sign], volume) for sign in heat},
        )

    def _cautions(self) -> tuple[str, ...]:
        synthetic = {network.name: None for network in self.networks if network.card.synthetic}
        if all(network.card.synthetic for network in self.networks):
            return ("All networks were trained on synthetic signs only.",)
        return (f"Trained on synthetic scans: {', '.join(synthetic)}.",) if synthetic else ()

    def _look(
        self, evidence: Sequence[SignEvidence | WholeEvidence], volume: ProjectionVolume, progress: Progress
    ) -> Projections:
        """Show all rotations to all networks; return the projections of the scan as it is."""
        upright = None
        for rotation in each(ROTATIONS[: self.parameters.rotations], progress, "Looking at the projections"):
            projections = project(volume, rotation)
            upright = upright or projections
            for one in evidence:
                one.add(projections, rotation, self.parameters.score)
        return upright

    def _present(self, probabilities: Probabilities, judged: Sequence[str]) -> dict[str, list[str]]:
        return {
            sign: [region for region in judged if mean[region] >= self.parameters.threshold]
            for sign, mean in probabilities.items()
        }

    def _place(
        self,
        signs: Sequence[SignEvidence],
        present: Mapping[str, Sequence[str]],
        volume: ProjectionVolume,
        progress: Progress,
    ) -> None:
        """Find out how deep signs lie that are present."""
        for number, axis in enumerate(AXES):
            share = part(progress, number / len(AXES), (number + 1) / len(AXES))
            along = [one for one in signs if one.network.axis == axis]
            regions = [present[one.network.task] for one in along]
            if any(regions):
                look_in_layers(along, volume, regions, self.parameters.score, share)

    def _pictures(
        self,
        signs: Sequence[SignEvidence],
        wholes: Sequence[WholeEvidence],
        upright: Projections,
        judged: Sequence[str],
    ) -> Iterator[Picture]:
        for one in signs:
            probability = {region: one.probability[region] for region in judged}
            yield from sign_pictures(one, upright, probability)
            if self.parameters.counterfactual:
                yield from pictures_against(one.network, upright, probability, self.parameters.score)
        for one in wholes:
            if one.network.task == DISEASE:
                yield whole_picture(one.network, one.upright, upright)


def _means(signs: Sequence[SignEvidence]) -> dict[str, dict[str, float]]:
    """Return the mean over the directions whose networks judge."""
    return {
        sign: {region: sum(one.probability[region] for one in found) / len(found) for region in REGIONS}
        for sign, found in _judges(signs).items()
    }


def _judges(signs: Sequence[SignEvidence]) -> dict[str, list[SignEvidence]]:
    """Return, sign by sign, what the networks say whose answers count."""
    by_sign: dict[str, list[SignEvidence]] = {}
    for one in signs:
        by_sign.setdefault(one.network.task, []).append(one)
    counted = {sign: judging([one.network for one in found]) for sign, found in by_sign.items()}
    return {sign: [one for one in found if one.network in counted[sign]] for sign, found in by_sign.items()}


def _sign_readings(
    signs: Sequence[SignEvidence], probabilities: Probabilities, incomplete: Mapping[str, str]
) -> Iterator[SignReading]:
    judges = _judges(signs)
    for region in REGIONS:
        for sign, mean in probabilities.items():
            if region in incomplete:
                yield SignReading(region, sign, None, withheld=incomplete[region])
                continue
            by_direction = {one.network.axis: one.probability[region] for one in judges[sign]}
            yield SignReading(region, sign, mean[region], by_direction)


def _scan_reading(wholes: Sequence[WholeEvidence], task: str) -> ScanReading | None:
    asked = [one for one in wholes if one.network.task == task]
    if not asked:
        return None
    by_network = {one.network.name: one.probability for one in asked}
    mean = sum(by_network.values()) / len(by_network)
    return ScanReading(mean, by_network, any(one.network.card.synthetic for one in asked))
