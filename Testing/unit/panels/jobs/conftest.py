"""A runner whose worker has jobs that misbehave, and a listener that remembers."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from Testing import host

SAMPLES = Path(__file__).parents[2] / "worker"
WORKER = [sys.executable, "-u", str(SAMPLES / "sample_worker.py")]
LAUNCHED = [sys.executable, "-u", str(SAMPLES / "launcher.py"), "-u", str(SAMPLES / "sample_worker.py")]


@pytest.fixture(autouse=True)
def slicer_app():
    """The application with an empty scene."""
    yield from host.fresh_application()


@pytest.fixture
def run_loop(slicer_app):
    """A function that runs the event loop until something holds; returns its longest turn in seconds."""

    def run(until, seconds=20.0):
        start = last = time.monotonic()
        longest = 0.0
        while not until():
            assert time.monotonic() - start < seconds, "it took too long"
            slicer_app.processEvents()
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            time.sleep(0.001)
        return longest

    return run


@pytest.fixture
def make_listener():
    """A class of listeners that remember what they are told."""
    from LungCAD.panels.job_listener import JobListener

    class Memory(JobListener):
        def __init__(self):
            self.steps, self.lines, self.ends = [], [], []

        def progress(self, fraction, message):
            self.steps.append((fraction, message))

        def log(self, line):
            self.lines.append(line)

        def finished(self, result):
            self.ends.append(("finished", result))

        def failed(self, error):
            self.ends.append(("failed", error))

        def cancelled(self):
            self.ends.append(("cancelled", None))

    return Memory


@pytest.fixture
def runner(request, run_loop):
    """A runner of the sample worker, started through a launcher as PythonSlicer is, or "direct"."""
    from LungCAD.panels.job_runner import JobRunner

    runner = JobRunner(WORKER if getattr(request, "param", "") == "direct" else LAUNCHED)
    yield runner
    runner.stop()


@pytest.fixture
def do(runner, run_loop, make_listener):
    """A function that runs a job to its end and returns its listener."""

    def run(name, inputs=None, limit_s=None, **parameters):
        listener = make_listener()
        runner.start(name, inputs or {}, parameters, listener, limit_s)
        run_loop(lambda: listener.ends)
        return listener

    return run


@pytest.fixture
def is_alive():
    """A function that tells whether a process is there and no zombie."""

    def alive(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return alive
