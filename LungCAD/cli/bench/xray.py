"""Films per second and memory: our batches against the plain network, one film after the other."""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from PIL import Image

from LungCAD.batch.table import ResumableTable
from LungCAD.batch.xray import COLUMNS, find_films, segment_films, write_mask
from LungCAD.cli.bench.crf_timing import PeakMemory, in_turns, times
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.options import at_least_one
from LungCAD.devices import choose_device
from LungCAD.images import read_radiograph
from LungCAD.images.square import scaled
from LungCAD.networks import UNet
from LungCAD.phantom import StudyParameters, make_radiograph, make_study
from LungCAD.tasks.xray_lungs import (
    XrayLungParameters,
    XraySegmenter,
    film_array,
    load_xray_network,
    read_out,
)
from LungCAD.weights import BACKGROUND, ModelCard, NetworkDescription, save_network

PLAIN, OURS = "plain, film by film", "ours, in batches"
THREADS = (1, 2)


@dataclass(frozen=True)
class Task:
    """Films to segment, as PNG files in `films`, and with what."""

    films: Path
    weights: Path
    device: str
    threads: int
    batch: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--films", type=at_least_one, default=32, metavar="N", help="films (default: 32)")
    parser.add_argument("--size", type=int, default=1024, metavar="PX", help="their height (default: 1024)")
    parser.add_argument(
        "--rounds", type=at_least_one, default=3, metavar="N", help="turns of each (default: 3)"
    )
    parser.add_argument(
        "--batch", type=at_least_one, default=8, metavar="N", help="films at once (default: 8)"
    )
    parser.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--weights", type=Path, metavar="FILE", help="network (default: an untrained one)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Time both in turns with one and two threads, compare their masks, measure their memory."""
    result: dict[str, object] = {"films": options.films, "height_px": options.size}
    with tempfile.TemporaryDirectory() as name:
        films = Path(name) / "films"
        make_films(films, options.films, options.size)
        weights = options.weights or untrained_network(Path(name) / "untrained.safetensors")
        for threads in THREADS:
            task = Task(films, weights, options.device, threads, options.batch)
            result[f"{threads} threads"] = row = compare(task, options.films, options.rounds)
            for rival in (PLAIN, OURS):
                print(
                    f"{threads} threads   {rival:20s} {row[rival]['films_per_s']:6.1f} films/s   "
                    f"{row[rival]['peak_over_input_gb']:.2f} GB more than the loaded network"
                )
            print(
                f"{threads} threads   {row['speed']:.2f} times as fast; "
                f"{row['pixels_unlike']:.1e} of the pixels differ"
            )
    write_numbers(options, result)
    return 0


def compare(task: Task, films: int, rounds: int) -> dict[str, object]:
    """Return speed and memory of both, and the part of the masks' pixels that differs."""
    torch.set_num_threads(task.threads)
    rivals = {rival: make(task) for rival, make in RIVALS.items()}
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(len(rivals))]
        for segment, folder in zip(rivals.values(), folders, strict=True):
            folder.mkdir()
            segment(folder)
        unlike = _pixels_unlike(*folders)
    rows = times(in_turns({rival: _elsewhere(rivals[rival]) for rival in rivals}, None, rounds), PLAIN)
    return {
        **{
            rival: {"films_per_s": films / (row["median_ms"] / 1e3), **alone(rival, task)}
            for rival, row in rows.items()
        },
        "speed": rows[OURS][f"speed against {PLAIN}"],
        "pixels_unlike": unlike,
    }


Segment = Callable[[Path], None]
"""Segments all films and writes the masks into a folder."""


def plain(task: Task) -> Segment:
    """Return what anybody would write who has the network alone."""
    network, prepare = load_xray_network(str(task.weights))
    device = choose_device(task.device)
    network = network.to(device)

    def segment(out: Path) -> None:
        for name in find_films(task.films).names:
            film = read_radiograph(task.films / name)
            image = torch.from_numpy(prepare.image(film_array(film)))[None, None].to(device)
            with torch.inference_mode():
                lung = network(image).softmax(1)[0, 1].cpu().numpy()
            write_mask(read_out(film, lung).labels, out / "masks" / name)

    return segment


def ours(task: Task) -> Segment:
    """Return what `lungcad xray` does."""
    parameters = XrayLungParameters(weights=str(task.weights), device=task.device, bone="bright")
    segmenter = XraySegmenter(parameters)

    def segment(out: Path) -> None:
        with ResumableTable(out / "results.csv", COLUMNS) as table:
            segment_films(find_films(task.films), segmenter, out, table, task.batch, task.threads)

    return segment


RIVALS = {PLAIN: plain, OURS: ours}


def alone(rival: str, task: Task) -> dict[str, float]:
    """Segment all films in a fresh process; return its peak of memory, with and without the network."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_alone, (rival, task))


def _alone(rival: str, task: Task) -> dict[str, float]:
    torch.set_num_threads(task.threads)
    segment = RIVALS[rival](task)
    with PeakMemory() as memory:
        _elsewhere(segment)(None)
    return memory.gigabytes


def _elsewhere(segment: Segment) -> Callable[[None], None]:
    """Return the same into a folder that is thrown away."""

    def run(_: None) -> None:
        with tempfile.TemporaryDirectory() as name:
            segment(Path(name))

    return run


def _pixels_unlike(first: Path, second: Path) -> float:
    """Return the part of the pixels that differs between the masks in two folders."""
    masks = [(first / "masks" / path.name, path) for path in sorted((second / "masks").iterdir())]
    parts = [np.mean(np.not_equal(*(np.asarray(Image.open(path)) for path in pair))) for pair in masks]
    return float(np.mean(parts))


def untrained_network(path: Path) -> Path:
    """Write a network of the shipped size with random weights: it takes as long."""
    options = {"filters": 16, "most_filters": 128, "depth": 5, "normalization": "batch"}
    torch.manual_seed(0)
    description = NetworkDescription(
        architecture="unet",
        options=options,
        schema="cxr_lungs",
        classes=(BACKGROUND, "lungs"),
        input={"side": 160, "equalize": True},
        card=ModelCard("untrained", "none", "none", True, "lungcad bench xray", 0, "none"),
    )
    save_network(UNet(2, **options), description, path)
    return path


def make_films(folder: Path, count: int, height: int) -> None:
    """Write variations of one synthetic radiograph as PNG."""
    study = make_study(StudyParameters(size=(144, 120, 32), spacing=(2.4, 2.4, 8.0), disease=False))
    film = sitk.GetArrayFromImage(make_radiograph(study.ct, study.lungs)[0])
    large = scaled(film, (height, round(height * film.shape[1] / film.shape[0])))
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        exposed = large ** np.exp(rng.normal(0, 0.2)) + rng.normal(0, 0.01, large.shape)
        pixels = (255 * exposed.clip(0, 1)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:05}.png")
