"""The worker process: takes one job after the other and keeps what the next one can use."""

from __future__ import annotations

import faulthandler
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.memory import free_memory, peak_memory, used_memory
from LungCAD.steps import finish
from LungCAD.worker import protocol
from LungCAD.worker.cache import Cache
from LungCAD.worker.channel import Channel
from LungCAD.worker.image_files import read_in_steps, write_in_steps
from LungCAD.worker.job_error import understandable
from LungCAD.worker.job_folder import remove_job_folder
from LungCAD.worker.jobs import load_job
from LungCAD.worker.protocol import Message

HEARTBEAT_S = 1.0
NICE = 5
"""The user's clicks come first: Slicer and its worker share the processors."""
IDLE_SHARE = 0.005
"""A process that computes for less than this share of the time is idle, or hangs."""


def main(arguments: Sequence[str]) -> None:
    """Serve the panel at the other end of standard input and output; the one argument is the job folder."""
    folder = Path(arguments[0])
    channel = Channel.take_stdout()
    faulthandler.enable()
    if hasattr(os, "nice"):
        os.nice(NICE)
    channel.send("hello", pid=os.getpid(), protocol=protocol.VERSION)
    requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(folder, requests), daemon=True).start()
    threading.Thread(target=_beat, args=(folder, channel, os.getppid()), daemon=True).start()
    cache = Cache()
    while True:
        _serve(requests.get(), folder, channel, cache)


def _listen(folder: Path, requests: queue.SimpleQueue[Message]) -> None:
    """Pass requests on; the end of standard input is the end of the worker, whatever it is doing."""
    for line in sys.stdin.buffer:
        request = protocol.decode(line)
        if isinstance(request, dict):
            requests.put(request)
    _end(folder)


def _beat(folder: Path, channel: Channel, parent: int) -> None:
    """Tell how much memory is used while the worker computes; end with the process that started it."""
    busy = time.process_time()
    while os.getppid() == parent:
        time.sleep(HEARTBEAT_S)
        before, busy = busy, time.process_time()
        if busy - before > IDLE_SHARE * HEARTBEAT_S:
            channel.send("alive", used=used_memory(), peak=peak_memory(), free=free_memory())
    _end(folder)


def _end(folder: Path) -> None:
    remove_job_folder(folder)
    os._exit(0)


def _serve(request: Message, folder: Path, channel: Channel, cache: Cache) -> None:
    job = request["job"]
    try:
        inputs = {name: _take(description, folder) for name, description in request["inputs"].items()}
        run = load_job(request["name"])
        result = run(inputs, request["parameters"], channel.progress_of(job), cache)
        images = {
            name: finish(write_in_steps(image, folder / f"{job}-{name}.raw"))
            for name, image in result.images.items()
        }
        channel.send("done", job=job, images=images, data=result.data)
    except Exception as error:  # noqa: BLE001 - the panel is told of every error
        if not isinstance(error, InputError):
            traceback.print_exc()
        channel.send("failed", job=job, error=protocol.error_as_data(understandable(error)))


def _take(description: dict[str, Any], folder: Path) -> sitk.Image:
    image = finish(read_in_steps(description, folder))
    (folder / description["file"]).unlink()
    return image
