"""The process and its in-process twin give the same result, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.tasks import label_propagation
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.worker import in_process
from LungCAD.worker.cache import Cache
from LungCAD.worker.jobs import propagation

BOXES = [(1, 20, 20), (1, 50, 20), (1, 20, 64), (1, 50, 64)]
QUICK = {"crf": {"iterations": 3}}
CORRECTED = 5


@pytest.fixture(scope="module")
def case(small_scan):
    scan = small_scan(direction=(0, -1, 0, 0, 0, 1, -1, 0, 0))
    return {
        "ct": scan.image(scan.hu),
        "rois": scan.image(scan.rois(*BOXES)),
        "lungs": scan.image(scan.lungs),
    }


@pytest.fixture(scope="module")
def corrections(case):
    voxels = np.full(sitk.GetArrayViewFromImage(case["ct"]).shape, -1, np.int16)
    voxels[0, 30:36, 20:26] = 2
    voxels[2, 40:44, 66:70] = 0
    image = sitk.GetImageFromArray(voxels)
    image.CopyInformation(case["ct"])
    return image


@pytest.fixture(autouse=True)
def as_many_threads(monkeypatch):
    """Bits are the same for the same number of threads; another test may have changed it in this process."""
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))


def assert_same(result, images, data):
    assert result.data == data
    assert list(result.images) == list(images)
    for name, image in result.images.items():
        assert image.GetPixelID() == images[name].GetPixelID()
        assert image.GetDirection() == images[name].GetDirection()
        a, b = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(images[name])
        assert a.tobytes() == b.tobytes(), name


def test_both_give_the_same(case, corrections, start_worker):
    worker, cache = start_worker("-m", "LungCAD.worker"), Cache()
    first = in_process.run("propagate", case, QUICK, cache=cache)
    assert_same(first, *worker.run("propagate", case, **QUICK))
    more = {**case, "corrections": corrections}
    again = in_process.run("repropagate", more, QUICK, cache=cache)
    assert_same(again, *worker.run("repropagate", more, **QUICK))
    labels = sitk.GetArrayViewFromImage(again.images["labels"])
    assert (labels[0, 30:36, 20:26] == 2).all()


def test_the_job_is_the_task(case):
    result = in_process.run("propagate", case, QUICK)
    parameters = LabelPropagationParameters(
        crf=propagation.parameters_from_dict(LabelPropagationParameters, QUICK).crf
    )
    task = label_propagation.run(label_propagation.LabelPropagationInputs(**case), parameters)
    for name in propagation.IMAGES:
        a, b = (sitk.GetArrayViewFromImage(each) for each in (result.images[name], getattr(task, name)))
        assert np.array_equal(a, b)
    assert result.data["classes"] == list(task.classes)
    assert result.data["expansion_factor"] == task.expansion_factor


def test_corrections_without_the_session_give_what_they_give_with_it(case, corrections):
    cache, more = Cache(), {**case, "corrections": corrections}
    in_process.run("propagate", case, QUICK, cache=cache)
    warm, cold = (in_process.run("repropagate", more, QUICK, cache=each) for each in (cache, Cache()))
    assert_same(warm, cold.images, cold.data)


def test_another_case_is_not_continued(case, corrections, monkeypatch):
    solved = []
    solve = propagation.LabelPropagation.solve
    monkeypatch.setattr(
        propagation.LabelPropagation, "solve", lambda *given: solved.append(1) or solve(*given)
    )
    cache, more = Cache(), {**case, "corrections": corrections}
    in_process.run("propagate", case, QUICK, cache=cache)
    in_process.run("repropagate", more, QUICK, cache=cache)
    assert len(solved) == 1
    in_process.run("repropagate", more, {"crf": {"iterations": 2}}, cache=cache)
    assert len(solved) == 2
    moved = sitk.Image(case["rois"])
    moved[12, 20, 1] = 3
    in_process.run("repropagate", {**more, "rois": moved}, QUICK, cache=cache)
    assert len(solved) == 3


def test_facts_of_the_scan_reach_the_cautions(case):
    facts = {"kernel": "B70f", "sharp_kernel": True}
    told, untold = (in_process.run("propagate", case, {**QUICK, **more}) for more in ({"facts": facts}, {}))
    assert "B70f" in str(told.data["densitometry"]["cautions"])
    assert "B70f" not in str(untold.data["densitometry"]["cautions"])


@pytest.mark.parametrize(
    ("change", "parameters", "message"),
    [
        ({"lungs": None, "mask": "lungs"}, {}, "mask: is no input"),
        ({"rois": None}, {}, "rois: is missing"),
        ({}, {"speed": 3}, "speed: is no parameter"),
        ({}, {"crf": {"iterations": -1}}, "iterations: is -1, less than 0"),
        ({}, {"schema": "mine"}, "mine"),
    ],
)
def test_bad_input_is_named(case, change, parameters, message):
    inputs = {name: image for name, image in case.items() if change.get(name, image) is not None}
    inputs.update({new: case[old] for new, old in change.items() if isinstance(old, str)})
    with pytest.raises(InputError, match=message):
        in_process.run("propagate", inputs, parameters)


def test_corrections_must_be_given(case):
    with pytest.raises(InputError, match="corrections: are missing"):
        in_process.run("repropagate", case, QUICK)


def test_progress_may_cancel(case):
    def stop(fraction, message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        in_process.run("propagate", case, QUICK, stop)
