"""The worker process: it says who it is, survives bad jobs, and never outlives its panel."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.worker import JobError, Reason


def test_the_first_message_carries_the_workers_own_process_id(start_through_launcher):
    worker = start_through_launcher()
    assert worker.hello["kind"] == "hello"
    assert worker.hello["pid"] != worker.process.pid
    assert worker.run("count")[1]["pid"] == worker.hello["pid"]


def test_what_libraries_print_does_not_disturb(sample_worker):
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    images, data = sample_worker.run("echo", {"ct": image}, mode="volume")
    assert np.array_equal(sitk.GetArrayViewFromImage(images["ct"]), sitk.GetArrayViewFromImage(image))
    assert data == {"mode": "volume"}
    assert "printed by Python" in sample_worker.printed()
    assert "printed by a library" in sample_worker.printed()


def test_what_a_job_keeps_is_there_for_the_next(sample_worker):
    before = sample_worker.run("count")[1]["count"]
    assert sample_worker.run("count")[1]["count"] == before + 1


def test_bad_input_comes_as_such(sample_worker):
    with pytest.raises(InputError) as raised:
        sample_worker.run("refuse")
    assert vars(raised.value) == vars(InputError("drawn regions", "are empty", "Draw something"))


def test_an_unknown_job_is_named(sample_worker):
    with pytest.raises(InputError, match="dance: is no job"):
        sample_worker.run("dance")


def test_a_bug_is_told_and_its_place_printed(sample_worker):
    with pytest.raises(JobError, match="KeyError: 'nothing'") as raised:
        sample_worker.run("stumble")
    assert raised.value.reason is Reason.ERROR
    assert "in stumble" in sample_worker.printed()


def test_an_answer_that_is_no_plain_data_is_a_bug_too(sample_worker):
    with pytest.raises(JobError, match="not JSON serializable"):
        sample_worker.run("mumble")


@pytest.mark.parametrize("by", ["python", "numpy", "torch", "itk"])
def test_no_memory_whoever_notices(sample_worker, by):
    with pytest.raises(JobError, match="Memory ran out") as raised:
        sample_worker.run("exhaust", by=by)
    assert raised.value.reason is Reason.MEMORY


def test_it_tells_its_memory_while_it_computes(sample_worker):
    sample_worker.send("brood", seconds=1.5)
    alive = sample_worker.wait_for("alive", "done")
    assert alive["peak"] >= alive["used"] > 1e7
    assert alive["free"] > 0
    sample_worker.wait_for("done")


def test_it_ends_with_its_standard_input_even_in_the_middle_of_a_job(start_worker, ends_within):
    worker = start_worker()
    worker.send("work", seconds=60)
    worker.wait_for("progress")
    worker.process.stdin.close()
    assert ends_within(worker.hello["pid"], 1.0)
    assert not worker.folder.path.exists()


def test_it_ends_when_its_launcher_is_killed_though_its_standard_input_stays(
    start_through_launcher, ends_within
):
    worker = start_through_launcher()
    worker.send("brood", seconds=60)
    worker.wait_for("alive")
    os.kill(worker.process.pid, signal.SIGKILL)
    assert ends_within(worker.hello["pid"], 3.0)
