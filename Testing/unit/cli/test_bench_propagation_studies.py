"""The benchmark on small studies, with pipelines whose results are known in advance."""

from __future__ import annotations

import argparse
import copy
import json
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.cli.bench import measure, propagation
from LungCAD.cli.bench.generators import load_generator
from LungCAD.cli.bench.measure import Case, Job, expand, oracle, perform, score, sham
from LungCAD.errors import InputError
from LungCAD.parallel import process_map

GENERATOR = '''
from types import SimpleNamespace
import numpy as np
import SimpleITK as sitk

def make_study(seed):
    """Five stripes per lung, each with an HU of its own; noise by the seed."""
    lungs = np.zeros((4, 80, 160), np.uint8)
    lungs[:, :, :78], lungs[:, :, 82:] = 1, 2
    labels = np.where(lungs > 0, np.arange(80)[:, None] // 16 + 1, 0).astype(np.uint8)
    hu = np.random.default_rng(seed).normal(100.0 * labels - 1000, 10).astype(np.int16)
    return SimpleNamespace(**{k: sitk.GetImageFromArray(v) for k, v in
                              {"ct": hu, "labels": labels, "lungs": lungs}.items()})
'''


@pytest.fixture
def generator(tmp_path):
    path = tmp_path / "stripes.py"
    path.write_text(GENERATOR)
    return str(path)


@pytest.fixture
def study(generator):
    return load_generator(generator)(0)


def result(labels: np.ndarray, unary: np.ndarray | None = None, confidence: float = 0.9) -> SimpleNamespace:
    probabilities = np.full((*labels.shape, 2), [confidence, 1 - confidence], np.float32)
    return SimpleNamespace(
        labels=sitk.GetImageFromArray(labels),
        unary_labels=sitk.GetImageFromArray(labels if unary is None else unary),
        probabilities=sitk.GetImageFromArray(probabilities, isVector=True),
    )


def by_density(inputs, parameters):
    """A pipeline that reads the class off the HU, as the stripes allow: it is always right."""
    hu = sitk.GetArrayFromImage(inputs.ct)
    labels = np.clip(np.rint((hu + 1000) / 100), 1, 5).astype(np.uint8)
    return result(labels * (sitk.GetArrayFromImage(inputs.lungs) > 0))


def all_healthy(inputs, parameters):
    return result(np.ones_like(sitk.GetArrayFromImage(inputs.lungs)))


@pytest.fixture
def pipeline(monkeypatch):
    def replace_by(run):
        monkeypatch.setattr(measure.label_propagation, "run", run)

    return replace_by


def test_a_perfect_pipeline_scores_one(generator, pipeline):
    pipeline(by_density)
    parts = frozenset({"score", "oracle", "expansion"})
    row = perform(Job(3, generator, parts, ("volume", "slice")))
    for mode in ("volume", "slice"):
        assert row["score"][mode]["pipeline"] == row["score"][mode]["unary"] == 1
        assert row["score"][mode]["recalls"] == dict.fromkeys(range(1, 6), 1.0)
        assert row["score"][mode]["broken_promises"] == 0
        assert row["oracle"][mode] == 1
    assert row["score"]["LDA on HU"] > 0.99
    assert row["score"]["nearest ROI"] < 1
    assert row["score"]["drawn_slices"] == 1
    assert row["score"]["drawn_fraction"] <= 0.02
    assert row["expansion"].expansion(0.0) == pytest.approx(0.89 / 0.11, rel=1e-3)
    assert row["expansion"].accuracy(0.0) == 1


def test_broken_promises_are_counted_voxel_by_voxel(study, pipeline):
    pipeline(all_healthy)
    case = Case(study)
    broken = score(case, 0, ("slice",))["slice"]["broken_promises"]
    rois = sitk.GetArrayFromImage(measure.draw_rois(study.labels, study.lungs, 0))
    assert broken == np.count_nonzero(rois > 1) + np.count_nonzero(case.lungs == 0)


def test_modes_reach_the_pipeline(study, pipeline):
    asked = []

    def run(inputs, parameters):
        asked.append(parameters.mode)
        return by_density(inputs, parameters)

    pipeline(run)
    score(Case(study), 0, ("volume", "slice"))
    oracle(Case(study), 0, "slice")
    expand(Case(study), 0)
    assert asked == ["volume", "slice", "slice", "volume"]


def test_the_oracle_is_shown_half_of_the_lung(study, pipeline):
    shown = []

    def run(inputs, parameters):
        shown.append(np.count_nonzero(sitk.GetArrayViewFromImage(inputs.rois)))
        return by_density(inputs, parameters)

    pipeline(run)
    oracle(Case(study), 0, "slice")
    assert shown == [4 * 80 * 156 // 2]


def test_sham_sees_the_left_lung_of_other_scans(study, pipeline, monkeypatch):
    """The scans without disease differ by one density: whoever calls -700 diseased is caught."""
    truth = sitk.GetArrayFromImage(study.labels)

    def make_study(parameters):
        hu = np.where(truth > 1, -700 if parameters.sham else -900, -900).astype(np.int16)
        assert parameters.sham != (not parameters.disease)
        return SimpleNamespace(ct=sitk.GetImageFromArray(hu))

    drawn_left = []

    def run(inputs, parameters):
        drawn = sitk.GetArrayFromImage(inputs.rois)
        drawn_left.append(drawn[:, :, 82:].any())
        right = sitk.GetArrayFromImage(inputs.ct)[:, :, :78]
        assert np.array_equal(right, sitk.GetArrayFromImage(study.ct)[:, :, :78])
        return by_density(inputs, parameters)

    monkeypatch.setattr(measure, "make_study", make_study)
    pipeline(run)
    assert sham(Case(study), 0) == {"repainted": 1.0, "untouched": 0.0}
    assert drawn_left == [False, False]


@pytest.mark.parametrize("name", ["nowhere.py", "json", "no.such.module"])
def test_what_is_no_generator_is_named(name):
    with pytest.raises(InputError, match=name):
        load_generator(name)


@pytest.mark.parametrize(
    ("text", "expected"), [("0-3", (0, 1, 2, 3)), ("5", (5,)), ("1,4,7-8", (1, 4, 7, 8))]
)
def test_seeds(text, expected):
    assert propagation.seeds(text) == expected


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    propagation.add_arguments(parser)
    return parser.parse_args(arguments)


def test_defaults_are_twenty_studies_and_five_others():
    options = parsed("-o", "x.json")
    assert options.seeds == tuple(range(20))
    assert not set(options.seeds) & set(options.tuning_seeds)


def test_command_writes_and_prints_every_verdict(generator, pipeline, monkeypatch, tmp_path, capsys):
    pipeline(by_density)
    monkeypatch.setattr(propagation, "PHANTOM", generator)
    monkeypatch.setattr(propagation, "process_map", lambda _, jobs, *more: [perform(job) for job in jobs])
    path = tmp_path / "bench.json"
    parts = ("--parts", "score", "oracle", "expansion")
    assert propagation.run(parsed("-o", str(path), "--seeds", "1-2", "--tuning-seeds", "3", *parts)) == 0
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [row["seed"] for row in record["rows"]] == [1, 2]
    assert record["spreads"]["volume"]["pipeline"]["mean"] == 1
    assert record["expansion"]["expansion"]["mean"] == pytest.approx(0.89 / 0.11, rel=1e-3)
    printed = capsys.readouterr().out
    assert len(record["verdicts"]) == 11
    assert all(verdict["requirement"] in printed for verdict in record["verdicts"])


def test_command_refuses_before_it_measures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(propagation, "process_map", lambda *_: pytest.fail("measured"))
    path = tmp_path / "bench.json"
    with pytest.raises(InputError, match="share a seed"):
        propagation.run(parsed("-o", str(path), "--seeds", "1-3", "--tuning-seeds", "3"))
    with pytest.raises(InputError, match=r"nowhere\.py"):
        propagation.run(parsed("-o", str(path), "--cross", "nowhere.py"))
    path.write_text("kept")
    assert main(["bench", "propagation", "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "kept"


def test_input_errors_survive_the_way_between_processes():
    error = copy.copy(InputError("a.nii", "is empty", "Give another"))  # as pickle takes it apart
    assert str(error) == "a.nii: is empty. Give another."
    assert error.remedy == "Give another"


@pytest.mark.slow
def test_errors_of_a_worker_process_arrive():
    jobs = [Job(seed, "nowhere.py", frozenset(), ()) for seed in range(2)]
    with pytest.raises(InputError, match=r"nowhere\.py"):
        list(process_map(perform, jobs, workers=2))
