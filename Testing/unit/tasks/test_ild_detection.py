"""Disease slice by slice: what is found where, in scans of any orientation, and what is refused."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.images import ScanFacts, to_axial
from LungCAD.lungs.extent import lung_extent
from LungCAD.networks import UNet
from LungCAD.progress import silent
from LungCAD.saliency import grad_cam
from LungCAD.tasks.detection_input import LEAST_PROBABILITY, DetectionInput, centred
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters, run
from LungCAD.tasks.ild_detection.heat_map import HeatMap
from LungCAD.weights import ModelCard, NetworkDescription, load_network, save_network
from Testing.slicer.spot_network import CODES, chest, chest_image, save_spot_network

BRIGHT, AIRY = CODES
SPOTS = {BRIGHT: (range(9, 12), (70, 50)), AIRY: (range(14, 17), (90, 112))}
LUNG = range(6, 18)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_spot_network(tmp_path_factory.mktemp("spots") / "spots.safetensors")


@pytest.fixture(scope="module")
def parameters(weights):
    return IldDetectionParameters(weights=str(weights), smoothing_mm=0.0, device="cpu")


@pytest.fixture(scope="module")
def result(parameters):
    return run(chest_image(chest(SPOTS)), parameters)


def finding(result, code):
    return next(one for one in result.findings.diseases if one.code == code)


def test_slices_with_a_spot_are_found(result):
    for code, (where, _) in SPOTS.items():
        (found,) = finding(result, code).ranges
        assert (found.first, found.last) == (where[0] + 1, where[-1] + 1)
        assert found.from_mm == pytest.approx(300 + 5 * where[0])
        assert found.peak - 1 in where and found.probability > 0.9
        assert finding(result, code).present


def test_a_scan_is_doubtful_where_its_highest_slice_is_not_high_enough(parameters, tmp_path):
    """Slices are as surely above their threshold as before, and it takes odds of e to the 20 for the scan."""
    strict = save_spot_network(tmp_path / "strict.safetensors", scan_offset=20.0)
    sure = finding(run(chest_image(chest(SPOTS)), parameters), BRIGHT)
    parameters = dataclasses.replace(parameters, weights=str(strict))
    doubted = finding(run(chest_image(chest(SPOTS)), parameters), BRIGHT)
    assert sure.present and not sure.doubtful
    assert doubted.present is False and doubted.doubtful
    assert (doubted.ranges, doubted.highest) == (sure.ranges, sure.highest)
    odds = (1 - LEAST_PROBABILITY) / LEAST_PROBABILITY / np.exp(20)
    assert doubted.probability == pytest.approx(odds / (1 + odds), rel=1e-4)
    unseen = finding(run(chest_image(chest({})), parameters), BRIGHT)
    assert unseen.present is False and not unseen.doubtful


def test_nothing_is_said_beyond_the_lungs(parameters):
    readings = run(chest_image(chest({})), dataclasses.replace(parameters, beyond_mm=0.0)).findings.slices
    assert [reading.number for reading in readings] == list(range(1, 25))
    assert [index for index, reading in enumerate(readings) if not reading.abstained] == list(LUNG)
    assert readings[0].lung_cm2 == 0 and readings[12].lung_cm2 > 100


def test_a_little_beyond_the_lungs_is_judged(result):
    """Four slices of 5 mm fit into 24 mm, if the scan has them."""
    judged = [index for index, reading in enumerate(result.findings.slices) if not reading.abstained]
    assert judged == list(range(max(0, LUNG[0] - 4), min(24, LUNG[-1] + 5)))


def test_healthy_lungs_show_nothing(parameters):
    result = run(chest_image(chest({})), parameters)
    for disease in result.findings.diseases:
        assert disease.present is False and disease.ranges == () and disease.probability < 0.1


def test_heat_maps_lie_on_their_spots(result):
    for code, (where, (row, column)) in SPOTS.items():
        heat = sitk.GetArrayFromImage(result.heat_map(code))
        assert heat.dtype == np.uint8 and heat.shape == (24, 160, 160)
        inside = np.isin(np.arange(24), where)
        assert heat[~inside].max() <= 5 < 90 < heat[inside].max(axis=(1, 2)).min() <= 100
        plane = heat[where[1]].astype(float)
        middle = [(plane * places).sum() / plane.sum() for places in np.mgrid[:160, :160]]
        assert np.hypot(middle[0] - row, middle[1] - column) * 2.2 < 12  # mm; a map's pixel is 23 mm wide


@pytest.mark.parametrize("size", [160, 157])
def test_heat_stays_within_the_chest(size):
    """A map that is hot everywhere reaches both drawn lungs, what lies between, and little beyond."""
    ct = chest_image(chest({}))[:size, :size]
    extent, (_, field) = lung_extent(ct), DetectionInput().place(ct)
    hot = HeatMap(torch.ones(2, 13, 13), np.array([4, 10]), field, extent.cavity)
    beside, heat = sitk.GetArrayFromImage(hot.image(ct))[[4, 10]]
    y, x = np.mgrid[:size, :size]
    right, left = (((y - 80) / 36) ** 2 + ((x - middle) / 22) ** 2 for middle in (50, 110))
    assert (heat[(right < 1) | (left < 1)] == 100).all() and heat[80, 80] == 100
    far = 1 + 24 / 2.2 / 22
    assert not heat[(right > far**2) & (left > far**2) & ((x < 50) | (x > 110))].any()
    assert (beside == heat).mean() > 0.9, "no air there, but near it"


@pytest.mark.parametrize("order", ["LPS", "RAS", "LPI", "SRP", "IAR", "PSL"])
def test_orientation_does_not_matter(parameters, result, order):
    turned = sitk.DICOMOrient(chest_image(chest(SPOTS)), order)
    other = run(turned, parameters)
    for one, two in zip(result.findings.slices, other.findings.slices, strict=True):
        assert two.z_mm == pytest.approx(one.z_mm)
        assert two.probability == one.probability
    backwards = "I" in order
    assert [reading.number for reading in other.findings.slices][:: -1 if backwards else 1] == list(
        range(1, 25)
    )
    for code in CODES:
        heat = other.heat_map(code)
        assert heat.GetDirection() == turned.GetDirection() and heat.GetOrigin() == turned.GetOrigin()
        back = sitk.GetArrayFromImage(to_axial(heat))
        np.testing.assert_array_equal(back, sitk.GetArrayFromImage(result.heat_map(code)))


def test_oblique_and_left_handed(parameters, result):
    turn = sitk.Euler3DTransform((0, 0, 0), 0.2, -0.1, 0.15)
    image = chest_image(chest(SPOTS))
    matrix = np.reshape(turn.GetMatrix(), (3, 3)) @ np.diag([-1, 1, 1])
    image.SetDirection(matrix.ravel().tolist())
    other = run(image[::-1], parameters)  # the patient's left is right now, and the spots with it
    assert [one.ranges[0].first for one in other.findings.diseases] == [
        one.ranges[0].first for one in result.findings.diseases
    ]


def test_pixels_that_are_not_square(parameters, result):
    """Rows twice as far apart: the same chest, the same findings."""
    wide = chest_image(chest(SPOTS))[:, ::2]
    wide.SetOrigin(chest_image(chest(SPOTS)).GetOrigin())
    fine = sitk.Resample(
        chest_image(chest(SPOTS)),
        (320, 160, 24),
        sitk.Transform(),
        sitk.sitkNearestNeighbor,
        wide.GetOrigin(),
        (1.1, 2.2, 5.0),
    )
    for one, other in zip(run(fine, parameters).findings.diseases, result.findings.diseases, strict=True):
        assert [(r.first, r.last) for r in one.ranges] == [(r.first, r.last) for r in other.ranges]
    with pytest.raises(InputError, match=r"4\.4 x 2\.2 mm"):
        run(wide, parameters)


def test_a_slice_has_a_say_in_its_neighbours(weights, result):
    smoothed = run(chest_image(chest(SPOTS)), IldDetectionParameters(weights=str(weights), smoothing_mm=5.0))
    here = np.array([reading.smoothed[0] for reading in smoothed.findings.judged])
    alone = np.array([reading.probability[0] for reading in result.findings.judged])
    gauss = np.exp(-0.5 * (np.arange(20)[:, None] - np.arange(20)) ** 2)
    gauss[np.abs(np.subtract.outer(np.arange(20), np.arange(20))) > 4] = 0
    np.testing.assert_allclose(here, gauss @ alone / gauss.sum(1), atol=1e-6)
    assert [reading.probability for reading in smoothed.findings.judged] == [
        reading.probability for reading in result.findings.judged
    ]


def test_the_same_again(parameters, result):
    again = run(chest_image(chest(SPOTS)), parameters, detector=Detector(parameters))
    assert again.findings == result.findings
    for code in CODES:
        assert sitk.Hash(again.heat_map(code)) == sitk.Hash(result.heat_map(code))


def test_one_slice(parameters):
    result = run(chest_image(chest(SPOTS)[10:11]), parameters)
    (reading,) = result.findings.slices
    assert reading.number == 1 and reading.probability[0] > 0.9
    assert finding(result, BRIGHT).ranges[0].first == 1
    assert result.heat_map(BRIGHT).GetSize() == (160, 160, 1)


def test_no_lung_no_verdict(parameters):
    result = run(chest_image(chest(SPOTS)[:4]), parameters)
    assert all(reading.abstained for reading in result.findings.slices)
    assert all(disease.present is None for disease in result.findings.diseases)
    assert "nothing is said" in " ".join(result.warnings)


def test_without_heat_maps(parameters):
    result = run(chest_image(chest(SPOTS)), dataclasses.replace(parameters, heat_maps=False))
    assert not result.maps and finding(result, BRIGHT).present


def test_synthetic_training_is_said(result):
    assert "the disease that it has learned is synthetic" in result.warnings[0]


def cautions(parameters, ct, facts=None):
    """Return what is said of a scan besides of the network."""
    bare = dataclasses.replace(parameters, heat_maps=False, mirrored=False)
    return run(ct, bare, facts=facts).warnings[1:]


def fine_chest(pixel_mm=1.1, slice_mm=5.0):
    ct = chest_image(chest({}).repeat(2, axis=1).repeat(2, axis=2), slice_mm)
    ct.SetSpacing((pixel_mm, pixel_mm, slice_mm))
    return ct


@pytest.mark.parametrize(
    ("ct", "thickness_mm", "words"),
    [
        (fine_chest(), None, ()),
        (fine_chest(slice_mm=10.0), 1.25, ()),
        (sitk.PermuteAxes(fine_chest(), [0, 2, 1]), 10.0, ()),  # stored as coronal slices
        (fine_chest(slice_mm=24.0), None, ("24 mm apart and of unknown thickness",)),
        (fine_chest(slice_mm=24.0), 24.0, ("are 24 mm thick",)),
        (fine_chest(slice_mm=24.0), 1.0, ("23 mm between the slices",)),
        (chest_image(chest({})), None, ("2.2 mm wide, and the network looks at 1.43 mm",)),
        (fine_chest()[:236, :, :], None, ("cuts the lungs on 10 slices",)),
    ],
)
def test_scans_unlike_those_of_the_training(parameters, ct, thickness_mm, words):
    said = cautions(parameters, ct, ScanFacts(slice_thickness_mm=thickness_mm))
    assert len(said) == len(words)
    for sentence, part in zip(said, words, strict=True):
        assert part in sentence


def test_lungs_beyond_the_field(parameters):
    """They are 104 double pixels wide; with 1.6 mm these are 333 mm, and the network sees 320."""
    (sentence,) = (one for one in cautions(parameters, fine_chest(1.6)) if "lungs reach" in one)
    beyond = float(re.search(r"reach (\d+) mm beyond the 320 mm", sentence)[1])
    assert beyond == pytest.approx((333 - 320) / 2, abs=6)


def test_both_sides_of_a_slice_have_a_say(parameters, weights):
    levels = Detector(parameters).input.images(chest_image(chest(SPOTS)))[8:18]
    (_, said), (_, of_mirrored) = (Detector(parameters).look(x, silent) for x in (levels, levels.flip(3)))
    np.testing.assert_allclose(said, of_mirrored, atol=1e-5)
    network, _ = load_network(weights)
    with torch.inference_mode():
        outputs = [network(centred(x)) for x in (levels, levels.flip(3))]
    np.testing.assert_allclose(said[:, 0], (sum(outputs) / 2)[:, 0].sigmoid(), atol=1e-6)
    assert (outputs[0] - outputs[1]).abs().max() > 1e-3


def test_saliency_is_grad_cam_of_the_whole_network(parameters, weights):
    detector = Detector(parameters)
    levels = detector.input.images(chest_image(chest(SPOTS)))[8:18]
    network, _ = load_network(weights)
    maps, said = detector.look(levels, silent, mirrored=False)
    np.testing.assert_allclose(said[:, 0], network(centred(levels))[:, 0].sigmoid().detach(), atol=1e-6)
    for disease in (0, 1):
        whole = grad_cam(network, centred(levels), disease, network.features.relu5)
        whole /= whole.amax((1, 2), keepdim=True).clamp(min=1e-30)
        torch.testing.assert_close(detector.saliency(maps, disease), whole, atol=1e-5, rtol=1e-4)


def test_stopped(parameters):
    def stop(fraction, _message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(chest_image(chest(SPOTS)), parameters, stop)


def test_bad_scans(parameters):
    hu = chest(SPOTS)
    coronal = sitk.GetImageFromArray(hu)
    coronal.SetSpacing((2.2, 8.0, 2.2))
    small = chest_image(hu[:, 40:110, 40:110])
    turned = chest_image(hu)
    turned.SetDirection(sitk.Euler3DTransform((0, 0, 0), 0.7, 0, 0).GetMatrix())
    grey = chest_image(np.clip(hu // 8 + 128, 0, 255).astype(np.int16))
    for image, words in (
        (coronal, "axial, not coronal|axial series|coronal"),
        (small, "not a chest"),
        (turned, "turned by 40 degrees"),
        (grey, "grey levels"),
        (chest_image(hu)[:, :, 3], "not a volume"),
    ):
        with pytest.raises(InputError, match=words):
            run(image, parameters)


def test_bad_weights(tmp_path, weights):
    network, description = load_network(weights)
    card = ModelCard("x", "none", "none", True, "x", 0, "none")
    head = {**description.input, "decisions": description.input["decisions"][:1]}
    without = {name: value for name, value in description.input.items() if name != "decisions"}
    other = NetworkDescription("unet", "ltrc5", CODES, card, {"filters": 1, "depth": 1})
    save_network(UNet(2, filters=1, depth=1), other, tmp_path / "unet.safetensors")
    save_network(network, dataclasses.replace(description, input=head), tmp_path / "head.safetensors")
    single = dataclasses.replace(description, classes=("healthy", BRIGHT))
    save_network(network, single, tmp_path / "single.safetensors")
    save_network(network, dataclasses.replace(description, input=without), tmp_path / "plain.safetensors")
    for name, words in (
        ("unet.safetensors", "architecture unet"),
        ("single.safetensors", "one class per slice"),
        ("head.safetensors", "1 decisions for 2 diseases"),
        ("plain.safetensors", "not trained to detect"),
        ("nothing.safetensors", "cannot be read"),
        ("no-such", "not among the shipped weights"),
    ):
        path = str(tmp_path / name) if "." in name else name
        with pytest.raises(InputError, match=words):
            Detector(IldDetectionParameters(weights=path))
