"""What one network says of a scan and where it looked, averaged over rotations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch

from LungCAD.saliency import grad_cam
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE, back_project
from LungCAD.tasks.cpa.networks import PRESENT, CpaNetwork
from LungCAD.tasks.cpa_projections import REGIONS, Projections, Rotation


@dataclass(frozen=True)
class View:
    """One look at N pictures. probability : (N,), of yes. maps : Grad-CAM (N, y, x), zero or more."""

    probability: torch.Tensor
    maps: torch.Tensor


def look(
    network: CpaNetwork, pictures: torch.Tensor, score: str = "logit", counterfactual: bool = False
) -> View:
    """Show pictures (N, 1, 3 or 6, Y, X; 0..1) to a network.

    score, counterfactual : what the maps explain, as `grad_cam`.
    """
    images = images_for(network, pictures)
    with torch.inference_mode():
        probability = network.network(images).softmax(1)[:, PRESENT]
    explained = {"score": score, "counterfactual": counterfactual}
    maps = grad_cam(network.network, images, PRESENT, network.layer, **explained)
    return View(probability.float().cpu(), maps.cpu())


def images_for(network: CpaNetwork, pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures (N, 1, 3 or 6, Y, X; 0..1) of any device as a network takes them, on its own."""
    return network.input.images(pictures).to(next(network.network.parameters()).device)


class WholeEvidence:
    """What one network says of the whole scan, averaged over rotations.

    upright : of the scan as it is, once it was added.
    """

    def __init__(self, network: CpaNetwork) -> None:
        self.network = network
        self.upright: View | None = None
        self._probabilities: list[float] = []

    @property
    def probability(self) -> float:
        """Mean over the rotations."""
        return sum(self._probabilities) / len(self._probabilities)

    def add(self, projections: Projections, rotation: Rotation, score: str) -> None:
        """Look at one rotation."""
        view = look(self.network, projections.whole[self.network.axis][None, None], score)
        if rotation.is_identity:
            self.upright = view
        self._probabilities.append(float(view.probability))


class SignEvidence:
    """What one network says of its sign in the six regions, averaged over rotations of the scan.

    Attributes
    ----------
    upright : of the scan as it is, once it was added.
    deep : Grad-CAM (depth, y, x) by region, where the regions were looked at in layers.
    """

    def __init__(self, network: CpaNetwork) -> None:
        self.network = network
        self.upright: View | None = None
        self.deep: dict[str, torch.Tensor] = {}
        self._views = 0
        self._probability = torch.zeros(len(REGIONS))
        self._heat = torch.zeros(HEAT_SHAPE)

    @property
    def probability(self) -> dict[str, float]:
        """Mean over the rotations, by region."""
        return dict(zip(REGIONS, (self._probability / self._views).tolist(), strict=True))

    def add(self, projections: Projections, rotation: Rotation, score: str) -> None:
        """Look at the regions of one rotation."""
        pictures = projections.of_regions(self.network.axis, self.network.input.shares)
        view = look(self.network, pictures, score)
        if rotation.is_identity:
            self.upright = view
        self._views += 1
        self._probability += view.probability
        maps = {region: relative(heat[None]) for region, heat in zip(REGIONS, view.maps, strict=True)}
        self._heat += back_project(maps, self.network.axis, rotation)

    def heat(self, regions: Collection[str]) -> torch.Tensor:
        """Return where the sign may lie (54, 64, 64), 0..1 within every region that is named."""
        flat = self._heat / self._views
        layers = {region: torch.ones(1, 1, 1) for region in regions}
        layers |= {region: relative(maps) for region, maps in self.deep.items() if region in layers}
        return (flat * back_project(layers, self.network.axis, Rotation())).sqrt()


def relative(heat: torch.Tensor) -> torch.Tensor:
    """Return heat divided by its largest value; 0 everywhere where it has none."""
    return heat / heat.max().clamp(min=torch.finfo(heat.dtype).tiny)
