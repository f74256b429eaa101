"""Segmentation of interstitial lung disease with a network whose labels are known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.images import same_geometry
from LungCAD.labels import load_schema, schema_reference
from LungCAD.networks import ARCHITECTURES
from LungCAD.report.measurements import ZONE_REGIONS
from LungCAD.tasks.ild_input import IldInput
from LungCAD.tasks.ild_segmentation import (
    IldNetwork,
    IldSegmentationInputs,
    IldSegmentationParameters,
    run,
    segment,
)
from LungCAD.tasks.ild_segmentation.network import batches
from LungCAD.tasks.ild_segmentation.slices import chosen_slices
from LungCAD.weights import ModelCard, NetworkDescription, save_network
from Testing.slicer.density_network import GROUND_GLASS, DenseLungs, save_density_network
from Testing.unit.tasks.dense_case import CPU, inputs

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def turned(lungs, order, flips):
    """Return what `DenseLungs` holds with the axes (z, y, x) of its arrays swapped, then flipped."""
    other = DenseLungs(slices=1)
    for name in ("hu", "lungs", "truth"):
        array = getattr(lungs, name).transpose(order)
        setattr(other, name, np.ascontiguousarray(np.flip(array, flips)))
    return other


@pytest.mark.parametrize("refine", ["none", "crf2d", "crf3d"])
def test_the_truth_is_found(lungs, network, refine):
    given = inputs(lungs)
    result = segment(given, network, replace(CPU, refine=refine))
    labels = sitk.GetArrayFromImage(result.labels)
    assert (labels == lungs.truth).mean() > (0.999 if refine == "none" else 0.99)
    assert not labels[lungs.lungs == 0].any()
    probabilities = sitk.GetArrayFromImage(result.probabilities.image())
    assert probabilities.shape == (*lungs.hu.shape, 6)
    np.testing.assert_allclose(probabilities[lungs.lungs > 0].sum(-1), 1, atol=1e-5)
    assert not probabilities[lungs.lungs == 0].any()
    uncertainty = sitk.GetArrayFromImage(result.uncertainty)
    assert uncertainty.min() >= 0 and uncertainty.max() <= 1 and uncertainty[lungs.lungs == 0].max() == 0
    for image in (
        result.labels,
        result.uncertainty,
        result.lungs,
        result.zones,
        result.probabilities.image(),
    ):
        assert same_geometry(image, given.ct)


def test_measurements_are_those_of_the_labels(lungs, network):
    result = segment(inputs(lungs), network, CPU)
    labels = sitk.GetArrayFromImage(result.labels)
    right = lungs.lungs == 1
    share = result.measurements.share("right_lung", "ground_glass")
    assert share.percent == pytest.approx(100 * (labels[right] == GROUND_GLASS).mean())
    assert share.volume_ml == pytest.approx((labels[right] == GROUND_GLASS).sum() * 0.8 * 0.8 * 1.5 / 1000)
    zone = result.measurements.share("left_upper", "consolidation")
    assert zone.percent == pytest.approx(50, abs=5)


@pytest.mark.parametrize(
    ("order", "flips", "direction"),
    [
        ((0, 1, 2), (), (1, 0, 0, 0, 1, 0, 0, 0, 1)),
        ((0, 1, 2), (0,), (1, 0, 0, 0, 1, 0, 0, 0, -1)),
        ((0, 1, 2), (2,), (-1, 0, 0, 0, 1, 0, 0, 0, 1)),
        ((1, 0, 2), (), (1, 0, 0, 0, 0, 1, 0, 1, 0)),
        ((2, 1, 0), (1,), (0, 0, 1, 0, -1, 0, 1, 0, 0)),
    ],
)
def test_any_orientation_gives_the_same_labels_at_the_same_places(lungs, network, order, flips, direction):
    spacing = tuple(np.array((1.5, 0.8, 0.8))[list(order)][::-1])
    other = turned(lungs, order, flips)
    upright = segment(inputs(lungs), network, CPU)
    result = segment(inputs(other, spacing=spacing, direction=direction), network, CPU)
    for name in ("labels", "uncertainty", "zones"):
        expected = np.flip(sitk.GetArrayFromImage(getattr(upright, name)).transpose(order), flips)
        np.testing.assert_array_equal(sitk.GetArrayFromImage(getattr(result, name)), expected)
    expected = np.flip(sitk.GetArrayFromImage(upright.probabilities.image()).transpose(*order, 3), flips)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(result.probabilities.image()), expected)


def test_an_oblique_scan(lungs, network):
    result = segment(inputs(lungs, direction=OBLIQUE), network, CPU)
    assert (sitk.GetArrayFromImage(result.labels) == lungs.truth).mean() > 0.999
    assert result.labels.GetDirection() == pytest.approx(OBLIQUE)


def test_one_slice(network):
    lungs = DenseLungs(slices=1)
    result = segment(inputs(lungs), network, CPU)
    assert (sitk.GetArrayFromImage(result.labels) == lungs.truth).mean() > 0.999
    for share in result.measurements.shares:
        assert (share.percent is None) == (share.region in ZONE_REGIONS)
    assert any("one slice" in warning for warning in result.warnings)


def test_lungs_are_found_where_none_are_given(network):
    from LungCAD.phantom import StudyParameters, make_study

    study = make_study(StudyParameters(size=(112, 92, 16), spacing=(3.0, 3.0, 18), seed=1))
    wide = replace(network, input=replace(network.input, pixel_mm=(0.5, 3.2)))
    result = segment(IldSegmentationInputs(study.ct), wide, CPU)
    found, true = (sitk.GetArrayFromImage(image) > 0 for image in (result.labels, study.lungs))
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.9


def test_each_lung_is_labelled_by_its_own_crop(lungs, tmp_path):
    """A network with normalisation sees one lung at a time: what lies in the other changes nothing."""
    from LungCAD.networks import LungNet

    torch.manual_seed(0)
    options = {"kernels": 4, "dilations": [1, 2]}
    path = save_density_network(tmp_path / "any.safetensors")
    network = replace(IldNetwork.load(str(path), "cpu"), network=LungNet(6, **options).eval())
    result = segment(inputs(lungs), network, CPU)
    probabilities = sitk.GetArrayFromImage(result.probabilities.image())
    for crop in network.input.crops(lungs.lungs):
        image = torch.from_numpy(network.input.image(crop.cut(lungs.hu)))[None, None]
        with torch.inference_mode():
            expected = network.network(image).softmax(1)[0].movedim(0, -1).numpy()
        own = crop.cut(lungs.lungs) == crop.side
        np.testing.assert_allclose(
            crop.cut(np.moveaxis(probabilities, -1, 0))[:, own].T, expected[own], atol=1e-4
        )


def test_crops_of_one_size_make_a_batch(lungs, network):
    crops = list(network.input.crops(lungs.lungs))
    assert [len(batch) for batch in batches(crops, 0)] == [1] * len(crops)
    rows, columns = crops[0].shape
    together = list(batches(crops, 3 * rows * columns))
    assert sum(map(len, together)) == len(crops)
    assert max(map(len, together)) == 3
    assert all(len({crop.shape for crop in batch}) == 1 for batch in together)


def test_slices_are_chosen_as_they_are_stored(lungs, network):
    flipped = turned(lungs, (0, 1, 2), (0,))
    given = inputs(flipped, direction=(1, 0, 0, 0, 1, 0, 0, 0, -1))
    result = segment(given, network, replace(CPU, slices="1,4"))
    labelled = sitk.GetArrayFromImage(result.labels).any((1, 2))
    np.testing.assert_array_equal(labelled, [True, False, False, True])
    result = segment(given, network, replace(CPU, slices="2"))
    labelled = sitk.GetArrayFromImage(result.labels).any((1, 2))
    np.testing.assert_array_equal(labelled, [False, True, False, False])
    assert any("3 slices with lung were not segmented" in warning for warning in result.warnings)
    whole = segment(given, network, CPU)
    zones, all_zones = (sitk.GetArrayFromImage(each.zones)[1] for each in (result, whole))
    np.testing.assert_array_equal(zones, all_zones)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", range(9)),
        ("3", [2]),
        ("2-4", [1, 2, 3]),
        ("1-9:4, 2", [0, 1, 4, 8]),
        (" 9 ", [8]),
        ("2 - 8 : 3", [1, 4, 7]),
    ],
)
def test_slices_in_words(text, expected):
    assert chosen_slices(text, 9) == set(expected)


@pytest.mark.parametrize("text", ["a", "0", "10", "4-2", "1-", "1-9:0", "1;2", ",", "0 1", "1-0 9", "3 , "])
def test_other_words_are_refused(text):
    with pytest.raises(InputError, match="slices"):
        chosen_slices(text, 9)


def test_the_volume_of_some_slices_is_not_that_of_the_lungs(lungs, network):
    some, whole = (segment(inputs(lungs), network, replace(CPU, slices=slices)) for slices in ("2-3", ""))
    for quantity in ("volume", "mass"):
        reading = some.densitometry.reading("both_lungs", quantity)
        assert reading.value is None and "only some slices" in reading.withheld
    assert all("only some" not in one.withheld for one in whole.densitometry.readings)


@pytest.mark.parametrize(
    ("name", "options"), [("unet", {"filters": 2, "depth": 4}), ("segnet_vgg", {"width": 0.05})]
)
def test_networks_that_halve_their_maps_take_any_size(tmp_path, name, options):
    torch.manual_seed(0)
    network = ARCHITECTURES[name](6, **options).eval()
    card = ModelCard("x", "x", "x", True, "x", 0, "x")
    codes = load_schema("lungnet6").codes
    description = NetworkDescription(name, "lungnet6", codes, card, options, IldInput().as_plain())
    save_network(network, description, tmp_path / "rival.safetensors")
    loaded = IldNetwork.load(str(tmp_path / "rival.safetensors"), "cpu")
    image = np.random.default_rng(0).random((1, 75, 101), np.float32)
    said = loaded.probabilities(image)
    filled = torch.zeros(1, 1, 96, 128)
    filled[0, 0, :75, :101] = torch.from_numpy(image[0])
    whole = {"unet": filled[..., :80, :112], "segnet_vgg": filled}[name]
    with torch.inference_mode():
        expected = network(whole).softmax(1)[..., :75, :101].numpy()
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_a_network_brings_its_own_schema(lungs, tmp_path):
    shipped = load_schema("lungnet6")
    labels = tuple(replace(label, value=label.value + 20) for label in shipped.labels)
    own = replace(shipped, name="hospital6", labels=labels)
    weights = save_density_network(tmp_path / "own.safetensors", schema=schema_reference(own))
    result = run(inputs(lungs), IldSegmentationParameters(weights=str(weights), device="cpu"))
    assert result.schema == own
    expected = np.where(lungs.truth > 0, lungs.truth + 20, 0)
    assert (sitk.GetArrayFromImage(result.labels) == expected).mean() > 0.999


def test_weights_of_another_kind(lungs, tmp_path):
    card = ModelCard("x", "x", "x", True, "x", 0, "x")
    wrong = tmp_path / "patches.safetensors"
    patches = NetworkDescription("patch_cnn", "lungnet6", load_schema("lungnet6").codes, card)
    save_network(ARCHITECTURES["patch_cnn"](6), patches, wrong)
    cases = {
        "architecture patch_cnn": wrong,
        "was not trained on slices": save_density_network(tmp_path / "a.safetensors", input={"side": 3}),
        "which its schema gao5 lacks": save_density_network(tmp_path / "b.safetensors", schema="gao5"),
        "not among the shipped": "no-such-network",
        "cannot be read": tmp_path / "nowhere.safetensors",
    }
    broken = tmp_path / "c.safetensors"
    whole = save_density_network(tmp_path / "d.safetensors").read_bytes()
    broken.write_bytes(whole[:-4] + b"oops")
    cases["checksum"] = broken
    for problem, weights in cases.items():
        with pytest.raises(InputError, match=problem):
            run(inputs(lungs), IldSegmentationParameters(weights=str(weights), device="cpu"))


def test_it_can_be_stopped_at_any_time(weights):
    seen = []
    lungs = DenseLungs(slices=2)
    run(
        inputs(lungs), IldSegmentationParameters(weights=weights, refine="crf2d"), lambda f, m: seen.append(f)
    )
    assert seen == sorted(seen) and seen[-1] == 1 and len(seen) > 6
    for fatal in range(len(seen)):
        left = [fatal]

        def stop(fraction, message, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise Cancelled

        with pytest.raises(Cancelled):
            run(inputs(lungs), IldSegmentationParameters(weights=weights, refine="crf2d"), stop)
