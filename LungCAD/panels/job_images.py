"""Images on their way to the worker and back, in steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import SimpleITK as sitk

from LungCAD.progress import Progress
from LungCAD.steps import Steps
from LungCAD.worker import JobResult
from LungCAD.worker.image_files import PlacedVoxels, read_in_steps, write_in_steps
from LungCAD.worker.protocol import Message

Source = sitk.Image | PlacedVoxels | Steps[sitk.Image | PlacedVoxels]
"""An image, or a generator that makes it in steps, as those of `LungCAD.mrml` do."""

Outcome = TypeVar("Outcome")


def send(inputs: Mapping[str, Source], folder: Path, job: int, progress: Progress) -> Steps[dict[str, Any]]:
    """Write the images of a job into the folder of the worker; return their descriptions by name."""
    descriptions = {}
    for index, (name, source) in enumerate(inputs.items()):
        start, half = index / len(inputs), 0.5 / len(inputs)
        image = source
        if not isinstance(source, sitk.Image | PlacedVoxels):
            image = yield from _told(source, progress, start, half, "Reading the scene")
        steps = write_in_steps(image, folder / f"{job}-input-{name}.raw")
        descriptions[name] = yield from _told(steps, progress, start + half, half, "Handing over")
    return descriptions


def collect(message: Message, folder: Path, progress: Progress) -> Steps[JobResult]:
    """Read the images that a worker's last message describes; return its result."""
    images: dict[str, sitk.Image] = {}
    for index, (name, description) in enumerate(message["images"].items()):
        share = 1 / len(message["images"])
        steps = read_in_steps(description, folder)
        images[name] = yield from _told(steps, progress, index * share, share, "Receiving")
        (folder / description["file"]).unlink()
        yield 1.0
    return JobResult(images, message["data"])


def _told(
    steps: Steps[Outcome], progress: Progress, start: float, share: float, doing: str
) -> Steps[Outcome]:
    """Take the steps and report them as a share of the whole."""
    while True:
        try:
            fraction = next(steps)
        except StopIteration as end:
            return end.value
        progress(start + share * fraction, doing)
        yield fraction
