"""A worker with jobs that behave and jobs that do not: ``python -u sample_worker.py FOLDER``."""

import ctypes
import os
import signal
import sys
import time
import types

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.worker import JobResult, jobs, server


def echo(inputs, parameters, progress, cache):
    """Give everything back, and print where a library might."""
    print("printed by Python")
    os.write(1, b"printed by a library\n")
    progress(0.5, "Echoing")
    return JobResult(inputs, parameters)


def count(inputs, parameters, progress, cache):
    numbers = cache.get("numbers", "key", list)
    numbers.append(1)
    return JobResult(data={"count": len(numbers), "pid": os.getpid()})


def work(inputs, parameters, progress, cache):
    """Compute, without a pause, for some seconds."""
    end = time.monotonic() + parameters["seconds"]
    while time.monotonic() < end:
        progress(0.5, "Working")
        np.sort(np.random.default_rng(0).random(10000))
    return JobResult(inputs, {"pid": os.getpid()})


def brood(inputs, parameters, progress, cache):
    """Compute without a word."""
    end = time.monotonic() + parameters["seconds"]
    while time.monotonic() < end:
        np.sort(np.random.default_rng(0).random(10000))
    return JobResult()


def label(inputs, parameters, progress, cache):
    """Give back what label propagation does: labels of several kinds, and maps in bytes."""
    work(inputs, parameters, progress, cache)
    labels = sitk.Cast(inputs["ct"], sitk.sitkUInt8)
    names = ("labels", "unary_labels", "provenance", "lungs", "uncertainty", "expected_change")
    return JobResult(dict.fromkeys(names, labels))


def hang(inputs, parameters, progress, cache):
    """Wait for what never comes."""
    time.sleep(1000)


def freeze(inputs, parameters, progress, cache):
    os.kill(os.getpid(), signal.SIGSTOP)


def segfault(inputs, parameters, progress, cache):
    ctypes.string_at(0)


def vanish(inputs, parameters, progress, cache):
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(inputs, parameters, progress, cache):
    raise InputError("drawn regions", "are empty", "Draw something")


def stumble(inputs, parameters, progress, cache):
    return {}["nothing"]


def mumble(inputs, parameters, progress, cache):
    """Answer with what cannot be written down."""
    return JobResult(data={"answer": object()})


def exhaust(inputs, parameters, progress, cache):
    """Ask for more memory than any machine has, in the way of Python, NumPy, torch or ITK."""
    if parameters["by"] == "torch":
        import torch

        torch.empty(1 << 50)
    elif parameters["by"] == "itk":
        sitk.Image([1 << 15, 1 << 15, 1 << 15], sitk.sitkFloat64)
    elif parameters["by"] == "numpy":
        np.empty(1 << 50)
    else:
        raise MemoryError


if __name__ == "__main__":
    name = "sample_jobs"
    sys.modules[name] = types.ModuleType(name)
    found = {key: value for key, value in list(globals().items()) if callable(value)}
    vars(sys.modules[name]).update(found)
    jobs.JOBS.update({key: f"{name}:{key}" for key in found})
    server.main(sys.argv[1:])
