"""A trained network, and how it is applied to the lungs of a CT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.crf.memory import free_bytes
from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.labels import Schema, load_schema
from LungCAD.networks import LungNet
from LungCAD.networks.half_precision import half_precision_logits
from LungCAD.networks.lungnet_inference import lungnet_logits
from LungCAD.progress import Progress, silent
from LungCAD.tasks.ild_input import ARCHITECTURES, MULTIPLES_PX, IldInput, LungCrop
from LungCAD.weights import ModelCard, load_network
from LungCAD.weights.shipped import weights_file

BYTES_PER_PIXEL = 4096
"""Of all maps of LungNet, some of them twice; what limits a batch."""


@dataclass(frozen=True)
class IldNetwork:
    """A network on its device.

    input : how slices are prepared. multiple_px : rows and columns must be multiples of it.
    values : label value of every output. card : what is to be known of it.
    """

    network: nn.Module
    multiple_px: int
    input: IldInput
    schema: Schema
    values: tuple[int, ...]
    card: ModelCard
    device: torch.device

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> IldNetwork:
        """Load shipped weights by name, or a file.

        Raises
        ------
        InputError
            The weights are missing, damaged, of another architecture, or not trained on slices of a lung;
            their schema is unknown; the device is not to be had.
        """
        path = weights_file(weights)
        network, description = load_network(path)
        if description.architecture not in ARCHITECTURES:
            problem = f"is a network of architecture {description.architecture}"
            raise InputError(path, problem, f"This needs one of {', '.join(ARCHITECTURES)}")
        schema = load_schema(description.schema)
        if strange := sorted(set(description.classes) - set(schema.codes)):
            problem = f"knows the classes {', '.join(strange)}, which its schema {schema.name} lacks"
            raise InputError(path, problem, "Train it for that schema")
        try:
            prepared = IldInput.from_plain(description.input)
        except ValueError as error:
            raise InputError(path, f"was not trained on slices of a lung: {error}") from error
        values = tuple(schema.by_code(code).value for code in description.classes)
        chosen = choose_device(device)
        multiple = MULTIPLES_PX.get(description.architecture, 1)
        return cls(network.to(chosen), multiple, prepared, schema, values, description.card, chosen)

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return class probabilities (N, C, y, x) of crops (N, y, x) that `input.image` prepared."""
        rows, columns = images.shape[1:]
        spare = [(0, 0), *((0, -side % self.multiple_px) for side in (rows, columns))]
        batch = torch.from_numpy(np.pad(images, spare))[:, None].to(self.device)
        with torch.inference_mode():
            return self._logits(batch)[..., :rows, :columns].softmax(1).cpu().numpy()

    def apply(
        self, hu: NDArray, lungs: NDArray[np.uint8], progress: Progress = silent
    ) -> NDArray[np.float32]:
        """Return class probabilities (C, N) of the N voxels of the lung, in raster order.

        Parameters
        ----------
        hu : (z, y, x) HU, axial slices.
        lungs : (z, y, x), 0 outside, 1 right, 2 left.
        """
        before = np.concatenate([[0], np.cumsum(np.count_nonzero(lungs, axis=(1, 2)))])
        values = np.empty((len(self.values), before[-1]), np.float32)
        crops = list(self.input.crops(lungs))
        done = 0
        for batch in batches(crops, self._most_pixels()):
            progress(done / len(crops), "Labelling the slices")
            found = self.probabilities(np.stack([self.input.image(crop.cut(hu)) for crop in batch]))
            for crop, maps in zip(batch, found, strict=True):
                plane = lungs[crop.z]
                own = np.flatnonzero(plane[plane > 0] == crop.side)
                values[:, before[crop.z] + own] = maps[:, crop.cut(lungs) == crop.side]
            done += len(batch)
        progress(1.0, "Labelling the slices")
        return values

    def _logits(self, batch: torch.Tensor) -> torch.Tensor:
        if self.device.type == "cuda":
            return half_precision_logits(self.network, batch)
        if self.device.type == "cpu" and isinstance(self.network, LungNet):
            return lungnet_logits(self.network, batch)
        return self.network(batch)

    def _most_pixels(self) -> int:
        """Processors gain nothing from batches; elsewhere half of the free memory may be used."""
        free = free_bytes(self.device) if self.device.type != "cpu" else None
        return (free or 0) // (2 * BYTES_PER_PIXEL)


def batches(crops: Iterable[LungCrop], most_pixels: int) -> Iterator[Sequence[LungCrop]]:
    """Yield crops of one size together, as many as hold `most_pixels`, at least one."""
    by_shape: dict[tuple[int, int], list[LungCrop]] = {}
    for crop in crops:
        by_shape.setdefault(crop.shape, []).append(crop)
    for (rows, columns), alike in by_shape.items():
        count = max(most_pixels // (rows * columns), 1)
        yield from (alike[start : start + count] for start in range(0, len(alike), count))
