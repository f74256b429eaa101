"""Jobs end in exactly one way, the user learns which, and the next job works."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.worker import Reason
from LungCAD.worker.job_folder import PREFIX


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary folder of its own, which must be empty in the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def volume(*shape, dtype=np.int16):
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 99, shape).astype(dtype))
    image.SetSpacing((0.7, 0.7, 1.3))
    return image


def in_steps(image):
    yield 0.5
    return image


def the_end(listener):
    assert len(listener.ends) == 1
    return listener.ends[0]


def test_images_go_there_and_come_back(do):
    ct, rois = volume(6, 5, 4), volume(6, 5, 4, dtype=np.uint8)
    listener = do("echo", {"ct": ct, "rois": in_steps(rois)}, mode="volume")
    kind, result = the_end(listener)
    assert kind == "finished"
    assert result.data == {"mode": "volume"}
    for name, image in {"ct": ct, "rois": rois}.items():
        assert np.array_equal(
            sitk.GetArrayViewFromImage(result.images[name]), sitk.GetArrayViewFromImage(image)
        )
        assert result.images[name].GetSpacing() == image.GetSpacing()
    fractions = [fraction for fraction, _ in listener.steps]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert "printed by a library" in listener.lines


def test_the_worker_stays_warm(do):
    first, second = do("count"), do("count")
    assert the_end(second)[1].data == {"count": 2, "pid": the_end(first)[1].data["pid"]}


def test_bad_input_names_its_field_and_leaves_the_worker_warm(do, runner):
    do("count")
    kind, error = the_end(do("refuse"))
    assert kind == "failed"
    assert isinstance(error, InputError)
    assert (error.subject, error.remedy) == ("drawn regions", "Draw something")
    assert the_end(do("count"))[1].data["count"] == 2


@pytest.mark.parametrize(
    ("job", "reason", "words"),
    [
        ("stumble", Reason.ERROR, "KeyError: 'nothing'"),
        ("exhaust", Reason.MEMORY, "Close other programs"),
        ("segfault", Reason.CRASH, "Segmentation fault"),
        ("vanish", Reason.CRASH, "ended from outside"),
    ],
)
def test_each_way_to_fail_has_its_sentence(do, job, reason, words):
    kind, error = the_end(do(job, by="python"))
    assert kind == "failed"
    assert error.reason is reason
    assert words in str(error)
    assert the_end(do("count"))[0] == "finished"


def test_a_worker_that_is_ended_while_memory_is_scarce(do, runner, monkeypatch):
    monkeypatch.setattr("LungCAD.panels.job_watch.SCARCE_BYTES", 1 << 60)
    do("brood", seconds=1.5)
    _, error = the_end(do("vanish"))
    assert error.reason is Reason.MEMORY
    assert "GB free" in str(error)


def test_a_job_that_takes_too_long(do):
    _, error = the_end(do("work", limit_s=1.0, seconds=60))
    assert (error.reason, str(error)) == (
        Reason.TIME,
        "The computation took longer than 1 s and was stopped.",
    )


@pytest.mark.parametrize("job", ["hang", "freeze"])
def test_a_worker_that_hangs(do, runner, job):
    do("count")
    runner.watch.patience_s = 1.0
    _, error = the_end(do(job))
    assert error.reason is Reason.HANG
    assert the_end(do("count"))[1].data["count"] == 1


def test_to_compute_without_a_word_is_no_hang(do, runner):
    runner.watch.patience_s = 1.5
    assert the_end(do("brood", seconds=2.5))[0] == "finished"


@pytest.mark.parametrize("runner", ["direct", "launched"], indirect=True)
def test_cancel_kills_the_worker_itself_at_once(runner, do, run_loop, make_listener, is_alive, temporary):
    do("count")
    listener, pid = make_listener(), runner.worker_pid
    runner.start("work", {"ct": volume(9, 9, 9)}, {"seconds": 60}, listener)
    run_loop(lambda: any(message == "Working" for _, message in listener.steps))
    start = time.monotonic()
    runner.cancel()
    assert the_end(listener)[0] == "cancelled"
    run_loop(lambda: not is_alive(pid))
    assert time.monotonic() - start < 1.0
    run_loop(lambda: not list(temporary.glob(f"{PREFIX}*")))
    assert the_end(do("count"))[1].data["count"] == 1


def test_cancel_before_the_worker_could_say_who_it_is(runner, do, run_loop, make_listener, temporary):
    listener = make_listener()
    runner.start("count", {}, {}, listener)
    runner.cancel()
    assert the_end(listener)[0] == "cancelled"
    run_loop(lambda: not list(temporary.glob(f"{PREFIX}*")))
    assert the_end(do("count"))[0] == "finished"


def test_one_job_at_a_time(runner, do, make_listener):
    runner.start("work", {}, {"seconds": 60}, make_listener())
    with pytest.raises(ValueError, match="another job"):
        runner.start("count", {}, {}, make_listener())
    runner.cancel()


def test_a_worker_that_dies_after_its_last_word_has_done_its_work(runner, run_loop, make_listener):
    listener = make_listener()
    runner.start("echo", {f"image{n}": volume(40, 200, 200) for n in range(4)}, {}, listener)
    run_loop(lambda: any(message == "Receiving" for _, message in listener.steps))
    os.kill(runner.worker_pid, signal.SIGKILL)
    run_loop(lambda: listener.ends)
    assert the_end(listener)[0] == "finished"
    run_loop(lambda: runner.worker_pid is None)


def test_a_worker_killed_while_idle_is_replaced(runner, do, run_loop):
    do("count")
    os.kill(runner.worker_pid, signal.SIGKILL)
    run_loop(lambda: runner.worker_pid is None)
    assert the_end(do("count"))[1].data["count"] == 1


def test_stop_ends_an_idle_worker(runner, do, is_alive, run_loop, temporary):
    do("count")
    pid = runner.worker_pid
    runner.stop()
    run_loop(lambda: not is_alive(pid))
    assert not list(temporary.glob(f"{PREFIX}*"))


def test_an_image_that_cannot_be_made_is_bad_input(do):
    def cannot():
        yield 0.1
        raise InputError("CT", "has slanting axes", "Harden its transform")

    kind, error = the_end(do("echo", {"ct": cannot()}))
    assert (kind, error.subject) == ("failed", "CT")


def test_parameters_that_are_no_plain_data_are_a_bug_that_ends_the_job(do):
    _, error = the_end(do("count", folder=Path("somewhere")))
    assert error.reason is Reason.ERROR
    assert "not JSON serializable" in str(error)


def test_a_full_disk_is_told(do, monkeypatch):
    def full(image, file):
        yield 0.1
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("LungCAD.panels.job_images.write_in_steps", full)
    _, error = the_end(do("echo", {"ct": volume(2, 2, 2)}))
    assert error.reason is Reason.TRANSFER
    assert "No space left" in str(error)


@pytest.mark.parametrize(
    ("command", "words"),
    [(["/nowhere/PythonSlicer"], "could not be started"), (["python3", "-c", "import nonsense"], "nonsense")],
)
def test_a_worker_that_cannot_start(run_loop, make_listener, command, words):
    from LungCAD.panels.job_runner import JobRunner

    listener = make_listener()
    JobRunner(command).start("count", {}, {}, listener)
    run_loop(lambda: listener.ends)
    _, error = the_end(listener)
    assert error.reason is Reason.START
    assert words in str(error)


@pytest.fixture
def survive_kills(runner, do, run_loop, make_listener, is_alive, temporary):
    """A function that kills "launcher" or "worker" somewhere in the life of a job, so many times.

    The next job must work each time, and in the end nothing may be left.
    """
    moments, image, workers = random.Random(0), volume(30, 100, 100), []

    def one_job():
        listener = make_listener()
        runner.start("work", {"ct": image}, {"seconds": 0.3}, listener)
        return listener

    def survive(victim, times):
        for _ in range(times):
            listener, until = one_job(), time.monotonic() + moments.uniform(0.0, 1.5)
            run_loop(lambda until=until, job=listener: job.ends or time.monotonic() > until)
            launcher = runner._process._process.processId()
            workers.extend([runner.worker_pid] if runner.worker_pid else [])
            os.kill(launcher if victim == "launcher" else runner.worker_pid or launcher, signal.SIGKILL)
            run_loop(lambda job=listener: job.ends and not runner.worker_pid)
            the_end(listener)
            kind, result = the_end(do("echo", {"ct": image}))
            assert kind == "finished"
            voxels = sitk.GetArrayViewFromImage(result.images["ct"])
            assert np.array_equal(voxels, sitk.GetArrayViewFromImage(image))
        runner.stop()
        run_loop(lambda: not any(map(is_alive, workers)))
        run_loop(lambda: not list(temporary.glob(f"{PREFIX}*")))

    return survive


@pytest.mark.parametrize("victim", ["launcher", "worker"])
def test_killed_a_few_times(survive_kills, victim):
    survive_kills(victim, 3)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["launcher", "worker"])
@pytest.mark.parametrize("runner", ["direct", "launched"], indirect=True)
def test_killed_thirty_times(survive_kills, victim):
    survive_kills(victim, 30)
