"""A loaded detection network, for the slices of many scans."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.labels import Label, load_schema
from LungCAD.networks.cnn_f import CNNF
from LungCAD.progress import Progress, each
from LungCAD.saliency import grad_cam
from LungCAD.tasks.detection_input import DetectionInput, centred, decisions_from_plain
from LungCAD.tasks.ild_detection.parameters import IldDetectionParameters
from LungCAD.weights import load_network
from LungCAD.weights.shipped import weights_file

HEALTHY = "healthy"
"""A class of networks that choose among all that a slice may show."""

SLICES_AT_ONCE = 32
"""More are no faster on a processor and take more memory."""


class Detector:
    """Network, how it wants its slices, and how its outputs are read.

    Of the parameters only weights and device count, so it may be kept while the others change.

    Attributes
    ----------
    diseases : labels of its schema, in the order of the outputs. input : how slices are prepared.
    decisions : how each output is read, of a slice and of a scan. synthetic : trained on synthetic data.

    Raises
    ------
    InputError
        The weights cannot be used, or the device is not to be had.
    """

    def __init__(self, parameters: IldDetectionParameters) -> None:
        self._device = choose_device(parameters.device)
        path = weights_file(parameters.weights)
        network, description = load_network(path, architecture="cnn_f")
        if HEALTHY in description.classes:
            problem = "says one class per slice; a slice may show several diseases, or none"
            raise InputError(path, problem, "Train one with lungcad train detection and another --head")
        schema = load_schema(description.schema)
        try:
            self.diseases: tuple[Label, ...] = tuple(schema.by_code(code) for code in description.classes)
            self.input = DetectionInput.from_plain(description.input)
            self.decisions = decisions_from_plain(description.input["decisions"])
        except (KeyError, ValueError) as error:
            raise InputError(path, f"was not trained to detect disease on slices: {error}") from error
        if len(self.decisions) != len(self.diseases):
            problem = f"has {len(self.decisions)} decisions for {len(self.diseases)} diseases"
            raise InputError(path, problem, "It may come from another version of LungCAD")
        self.title, self.synthetic = description.card.title, description.card.synthetic
        self._body, self._head = (part.to(self._device) for part in _split(network.float()))

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Probability from which on a slice shows a disease."""
        return tuple(decision.threshold for decision in self.decisions)

    def look(
        self, levels: torch.Tensor, progress: Progress, mirrored: bool = True
    ) -> tuple[torch.Tensor, NDArray[np.float32]]:
        """Return the network's last maps (N, channels, 13, 13), and the probability (N, C) of every disease.

        levels : slices that `input` prepared. mirrored : ask about their mirror images, too; maps are those
        of the slices as they are.
        """
        maps, outputs = [], []
        with torch.inference_mode():
            for chunk in each(levels.split(SLICES_AT_ONCE), progress, "Looking at the slices"):
                images = centred(chunk.to(self._device)).contiguous(memory_format=torch.channels_last)
                maps.append(self._body(images))
                outputs.append(self._head(maps[-1]))
                if mirrored:
                    outputs[-1] = (outputs[-1] + self._head(self._body(images.flip(3)))) / 2
        columns = torch.cat(outputs).cpu().numpy().T
        readings = [one.probability(column) for one, column in zip(self.decisions, columns, strict=True)]
        return torch.cat(maps), np.stack(readings, axis=1)

    def saliency(self, maps: torch.Tensor, disease: int) -> torch.Tensor:
        """Return Grad-CAM (N, 13, 13) of one disease on slices of these maps: 0 to 1, the largest, in each.

        Where the pixels are centred in the slice, `heat_map.aligned` says.
        """
        evidence = grad_cam(self._head, maps, disease, self._head.maps).cpu()
        return evidence / evidence.amax((1, 2), keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)


def _split(network: CNNF) -> tuple[nn.Module, nn.Module]:
    """Return the network up to its last maps that know where in the slice something is, and the rest.

    So all diseases are explained with one pass through the convolutions.
    """
    layers = dict(network.features.named_children())
    pooling = layers.pop("pool5")
    head = OrderedDict(maps=nn.Identity(), pool5=pooling, flat=nn.Flatten(), classifier=network.classifier)
    body = nn.Sequential(*layers.values()).to(memory_format=torch.channels_last)
    return body.eval(), nn.Sequential(head).eval()
