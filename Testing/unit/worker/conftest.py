"""A worker to talk to without Qt."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import LungCAD
from LungCAD.steps import finish
from LungCAD.worker import protocol
from LungCAD.worker.image_files import read_in_steps, write_in_steps
from LungCAD.worker.job_folder import JobFolder

HERE = Path(__file__).parent


class Worker:
    """A worker process at the other end of two pipes."""

    def __init__(self, *command):
        self.folder = JobFolder()
        self.process = subprocess.Popen(
            [sys.executable, "-u", *command, str(self.folder.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder.path / "stderr").open("wb"),
            env={**os.environ, "PYTHONPATH": str(Path(LungCAD.__file__).parents[1])},
        )
        self.hello = self.next()
        self.jobs = 0

    def next(self):
        return protocol.decode(self.process.stdout.readline())

    def send(self, name, inputs=None, **parameters):
        self.jobs += 1
        described = {
            role: finish(write_in_steps(image, self.folder.path / f"in-{role}.raw"))
            for role, image in (inputs or {}).items()
        }
        message = protocol.encode("run", job=self.jobs, name=name, inputs=described, parameters=parameters)
        self.process.stdin.write(message)
        self.process.stdin.flush()

    def wait_for(self, *kinds):
        while True:
            message = self.next()
            if message["kind"] in kinds:
                return message

    def run(self, name, inputs=None, **parameters):
        self.send(name, inputs, **parameters)
        answer = self.wait_for("done", "failed")
        if answer["kind"] == "failed":
            raise protocol.error_from_data(answer["error"])
        images = {key: finish(read_in_steps(d, self.folder.path)) for key, d in answer["images"].items()}
        return images, answer["data"]

    def printed(self):
        return (self.folder.path / "stderr").read_text(encoding="utf-8")

    def close(self):
        with contextlib.suppress(OSError):
            os.kill(self.hello["pid"], 9)
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
        self.folder.remove()


@pytest.fixture(scope="module")
def sample_worker():
    """A worker with the jobs of sample_worker.py, as long as it lives."""
    worker = Worker(str(HERE / "sample_worker.py"))
    yield worker
    worker.close()


@pytest.fixture
def start_worker():
    """A function that starts a worker: by default one with the sample jobs."""
    started = []

    def start(*command):
        started.append(Worker(*(command or [str(HERE / "sample_worker.py")])))
        return started[-1]

    yield start
    for worker in started:
        worker.close()


@pytest.fixture
def start_through_launcher(start_worker):
    """A function that starts a sample worker as PythonSlicer does."""
    return lambda: start_worker(str(HERE / "launcher.py"), "-u", str(HERE / "sample_worker.py"))


@pytest.fixture
def ends_within():
    """A function that tells whether a process ends within so many seconds."""

    def ends(pid, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            except FileNotFoundError:
                return True
            if state == "Z":
                return True
            time.sleep(0.02)
        return False

    return ends
