"""Signs of CPA in small scans: where they are found, what is said of them, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.images import same_geometry
from LungCAD.tasks.cpa import CpaParameters, CpaReader, find_networks, network_files, scan
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE, back_project
from LungCAD.tasks.cpa.evidence import images_for, look
from LungCAD.tasks.cpa_projections import AXES, REGIONS, ROTATIONS, ProjectionVolume, Rotation, project
from Testing.slicer.cpa_chest import CARD, chest, save_networks, small_volume

pytestmark = pytest.mark.usefixtures("without_shipped_signs")

SAGITTAL = (0, 0, 1, 1, 0, 0, 0, -1, 0)
ENDS = {"right_upper", "left_upper", "right_lower", "left_lower"}
LEFT_HANDED = (-1, 0, 0, 0, 1, 0, 0, 0, 1)


def oblique(degrees=17.0):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (c, -s, 0, s, c, 0, 0, 0, 1)


@pytest.fixture(scope="module")
def spot():
    """A volume with one bright spot, off the middle of its region, and where that is on the heat grid."""
    volume = small_volume(chest())
    place = np.array([44, 27, 14])
    volume.hu.fill_(-850)
    volume.lungs[:] = False
    volume.lungs[25:53, 10:50, 5:30] = True
    volume.hu[tuple(slice(v - 1, v + 2) for v in place)] = 100
    return volume, place


@pytest.mark.parametrize("rotation", [Rotation(), ROTATIONS[14], ROTATIONS[-1]])
def test_projections_go_back_to_where_they_came_from(spot, rotation):
    """What the projections of a turned scan show is put back to its place in the scan as it is."""
    volume, place = spot
    projections = project(volume, rotation)
    together = torch.ones(HEAT_SHAPE)
    for axis in AXES:
        soft = projections.regions[axis][:, 2]
        together *= back_project({region: soft[i][None] for i, region in enumerate(REGIONS)}, axis, rotation)
    hot = np.argwhere(together.numpy() > 0.3 * float(together.max()))
    assert np.abs(hot.mean(0) - place).max() < 0.6
    assert np.abs(hot - place).max() <= 2


def test_depth_runs_along_the_rays():
    for number, axis in enumerate(AXES):
        ramp = torch.arange(8.0)[:, None, None]
        heat = back_project({"left_upper": ramp}, axis, Rotation()).numpy()
        region = heat[36:, :, 32:]
        assert heat[:36].max() == heat[:, :, :32].max() == 0
        along = np.moveaxis(region, number, 0).reshape(region.shape[number], -1)
        assert np.ptp(along, axis=1).max() < 1e-5
        assert (np.diff(along[:, 0]) >= -1e-6).all() and along[0, 0] < 0.5 and along[-1, 0] > 6.5
        assert heat.shape == HEAT_SHAPE


@pytest.mark.parametrize(
    ("direction", "size", "spacing"),
    [
        (oblique(), (64, 64, 48), (5.0, 5.0, 6.0)),
        (SAGITTAL, (56, 72, 64), (4.4, 5.4, 5.2)),
        (LEFT_HANDED, (64, 56, 100), (5.2, 4.4, 2.6)),
    ],
)
def test_peak_and_heat_map_lie_on_the_ball(reader, direction, size, spacing):
    ball = np.array([62.0, 30.0, 78.0])
    ct = chest([ball], size=size, spacing=spacing, direction=direction)
    result = reader(axes=("axial", "coronal")).read(ct)
    (peak,) = result.peaks
    assert (peak.sign, peak.region) == ("fungus_ball", "left_upper")
    assert np.linalg.norm(np.subtract(peak.position, ball)) < 12
    assert all(2 < extent < 60 for extent in peak.extent_mm)
    heat = result.heat_map("fungus_ball")
    assert same_geometry(heat, ct)
    values = sitk.GetArrayFromImage(heat)
    hottest = np.argwhere(values > 0.8 * values.max())[:, ::-1].astype(float)
    places = np.array([ct.TransformContinuousIndexToPhysicalPoint(place) for place in hottest.tolist()])
    assert np.median(np.linalg.norm(places - ball, axis=1)) < 25
    assert values.max() == pytest.approx(100 * peak.heat, abs=12)
    assert values[sitk.GetArrayFromImage(ct) < -990].max() == 0


@pytest.mark.parametrize("shares", [False, True])
def test_one_direction_is_enough_to_find_the_depth(reader, shares):
    ball = (-66.0, -28.0, 80.0)
    result = reader(axes=("axial",), shares=shares, check_maps=True).read(chest([ball]))
    assert result.checks[0].insertion.area >= result.checks[0].insertion.area_by_chance - 0.01
    (peak,) = result.peaks
    assert peak.region == "right_upper"
    assert np.linalg.norm(np.subtract(peak.position, ball)) < 15
    assert [reading.probability > 0.5 for reading in result.signs] == [True] + 5 * [False]


def test_readings_pictures_and_checks(reader):
    result = reader(check_maps=True).read(chest([(62, 30, 78)]))
    assert [reading.region for reading in result.signs] == list(REGIONS)
    for reading in result.signs:
        assert reading.probability == pytest.approx(np.mean(list(reading.by_direction.values())))
        assert set(reading.by_direction) == set(AXES)
    assert result.disease is None and result.survival is None
    assert any("synthetic" in warning for warning in result.warnings)
    parts = {(picture.axis, picture.part): picture for picture in result.pictures}
    assert len(parts) == 3 + 1 + 2
    upper = parts["axial", "upper"]
    assert upper.image.shape == (64, 64, 3) and upper.heat.shape == (64, 64)
    _, column = np.unravel_index(upper.heat.argmax(), upper.heat.shape)
    assert column > 32  # the patient's left is on the right
    coronal = parts["coronal", ""]
    assert np.unravel_index(coronal.heat.argmax(), coronal.heat.shape)[0] < 27  # the head is above
    assert parts["sagittal", "left"].heat.max() > 0.9 > 0.1 > parts["sagittal", "right"].heat.max()
    checks = {check.axis: check for check in result.checks}
    assert set(checks) == set(AXES)
    assert all(check.region == "left_upper" for check in result.checks)
    assert checks["axial"].insertion.area >= checks["axial"].insertion.area_by_chance - 0.01
    probability = {one.region: one.by_direction for one in result.signs}["left_upper"]
    for axis, check in checks.items():
        whole, empty = check.deletion.probability[0], check.deletion.probability[-1]
        assert whole == pytest.approx(probability[axis], abs=1e-4) and empty < 0.1
        assert check.insertion.probability[0] == pytest.approx(empty, abs=1e-4)
        assert check.insertion.by_chance[-1] == pytest.approx(whole, abs=1e-4)
        percent = np.linspace(0, 1, len(check.deletion.probability))
        assert np.trapezoid(check.deletion.probability, percent) == pytest.approx(
            check.deletion.area, abs=1e-5
        )


def test_what_speaks_against_a_sign(reader):
    """On projections of its own: Grad-CAM of the negative gradient, where the sign is absent; maps stay."""
    ct = chest([(62, 30, 78)])
    plain = reader(axes=("coronal",)).read(ct)
    result = reader(axes=("coronal",), counterfactual=True).read(ct)
    assert (result.signs, result.peaks) == (plain.signs, plain.peaks)
    for_it, against = result.pictures
    assert (for_it.name, against.name) == ("fungus_ball coronal", "fungus_ball coronal against")
    np.testing.assert_array_equal(for_it.heat, plain.pictures[0].heat)
    np.testing.assert_array_equal(for_it.image, against.image)
    # This network knows what speaks for a ball alone: one that says the opposite swaps the pictures.
    assert against.heat.max() == 0
    opposite = reader(axes=("coronal",), counterfactual=True)
    last = opposite.networks[0].network.network.classifier[-1]
    last.weight.data[1] *= -1
    last.bias.data[1] *= -1
    for_it, against = opposite.read(ct).pictures
    assert for_it.heat.max() == 0
    np.testing.assert_allclose(against.heat, plain.pictures[0].heat, atol=1e-3)


def test_own_networks_displace_all_shipped_ones_of_their_task(tmp_path, monkeypatch):
    """Also those of directions that the user has no network for."""
    shipped = sorted(save_networks(tmp_path / "shipped", ("cavity", "fungus_ball")).iterdir())
    monkeypatch.setattr("LungCAD.tasks.cpa.networks.shipped_files", lambda prefix: shipped)
    real = replace(CARD, synthetic=False)
    own = save_networks(tmp_path / "own", ("cavity",), ("axial",), card=real)
    found = find_networks(str(own))
    assert [(one.task, one.axis) for one in found if one.path.parent == own] == [("cavity", "axial")]
    assert [one.task for one in found if one.path.parent != own] == 3 * ["fungus_ball"]
    assert {one.task for one in find_networks()} == {"cavity", "fungus_ball"}


def test_own_and_shipped_networks_of_the_same_file_name_are_both_named(tmp_path, monkeypatch):
    """Records and the batch go by names: neither file may stand for the other."""
    shipped = sorted(save_networks(tmp_path / "shipped", ("cavity",), ("axial",)).iterdir())
    shipped += sorted(save_networks(tmp_path / "more", ("fungus_ball",), ("axial",)).iterdir())
    own = save_networks(tmp_path / "own", ("cavity",), ("axial",))
    twin = tmp_path / "shipped" / "cpa-cavity-axial.safetensors"
    shipped[-1].replace(twin)  # a network of several tasks is called alike, whichever they are
    monkeypatch.setattr("LungCAD.tasks.cpa.networks.shipped_files", lambda prefix: [twin])
    files = network_files(find_networks(str(own)))
    assert set(files.values()) == {own / "cpa-cavity-axial.safetensors", twin}
    assert files["cpa-cavity-axial"].parent == own


def test_what_was_trained_on_synthetic_scans_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ProjectionVolume, "of", small_volume)
    folder, real = tmp_path / "own", replace(CARD, synthetic=False)

    def warnings():
        reader = CpaReader(CpaParameters(str(folder), device="cpu"))
        return [words for words in reader.read(chest()).warnings if "synthetic" in words]

    save_networks(folder, ("cavity",), ("axial",), card=real)
    assert warnings() == []
    save_networks(folder, ("fungus_ball",), ("axial",))
    assert warnings() == ["Trained on synthetic scans: cpa-fungus_ball-axial."]
    save_networks(folder, ("cavity",), ("axial",))
    assert warnings() == ["All networks were trained on synthetic signs only."]


def test_rotations_agree_with_the_scan_as_it_is(reader, monkeypatch):
    ball = (62.0, 30.0, 78.0)
    monkeypatch.setattr("LungCAD.tasks.cpa.scan.ROTATIONS", (ROTATIONS[0], ROTATIONS[13], ROTATIONS[26]))
    result = reader(axes=("axial", "sagittal"), rotations=27).read(chest([ball]))
    (peak,) = result.peaks
    assert np.linalg.norm(np.subtract(peak.position, ball)) < 12


def test_scans_that_cannot_be_read(reader):
    with pytest.raises(InputError, match="shows no lungs"):
        reader().read(chest(lungs=()))
    with pytest.raises(InputError, match="not a volume"):
        reader().read(chest()[:, :, 3])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_voxel_that_is_no_number_spoils_no_slice_unseen(reader, value):
    scan = sitk.Cast(chest(), sitk.sitkFloat32)
    scan[0, 0, scan.GetDepth() // 2] = value
    with pytest.raises(InputError, match="1 values that are no numbers"):
        reader().read(scan)


def test_cancel_reaches_the_caller(reader):
    def stop(fraction, message):
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        reader().read(chest(), stop)


@pytest.mark.slow
def test_on_the_published_grid(full_grid, reader):
    ball = (62.0, 30.0, 78.0)
    (peak,) = reader(axes=("axial", "sagittal")).read(chest([ball])).peaks
    assert np.linalg.norm(np.subtract(peak.position, ball)) < 15


def test_whole_scan_and_survival(reader):
    result = reader(axes=("axial", "coronal"), tasks=("disease", "survival", "cavity")).read(chest())
    assert result.disease.demonstration and len(result.disease.by_network) == 2
    assert result.disease.probability == pytest.approx(np.mean(list(result.disease.by_network.values())))
    assert result.survival is not None
    assert {picture.task for picture in result.pictures} == {"disease", "cavity"}
    assert set(result.maps) == {"cavity"} and result.peaks == ()


def test_networks_that_do_not_judge_still_tell_the_place(reader):
    ct, both, axial = chest([(62.0, 30.0, 78.0)]), reader(("axial", "coronal")), reader(("axial",))
    together, alone = both.read(ct), axial.read(ct)
    both.networks = [replace(network, judges=network.axis == "axial") for network in both.networks]
    result = both.read(ct)
    assert [sign.probability for sign in result.signs] == [sign.probability for sign in alone.signs]
    assert all(set(sign.by_direction) == {"axial"} for sign in result.signs if sign.probability is not None)
    assert [peak.position for peak in result.peaks] == [peak.position for peak in together.peaks]
    both.networks = [replace(network, judges=False) for network in both.networks]
    assert both.read(ct).signs == together.signs, "where none is better, all judge"


def test_without_double_precision_only_pictures_leave_the_processor(reader, monkeypatch):
    """Apple's MPS refuses what rays are summed in; here nothing at all may be put there but networks."""
    find, tried = scan.find_networks, []

    def of(ct, device):
        volume = small_volume(ct)
        return replace(volume, hu=volume.hu.to(device), lungs=volume.lungs.to(device))

    monkeypatch.setattr(scan, "choose_device", lambda name: torch.device("mps"))
    monkeypatch.setattr(
        scan, "find_networks", lambda weights, device, layer: tried.append(device) or find(weights)
    )
    monkeypatch.setattr(ProjectionVolume, "of", of)
    result = reader(check_maps=True).read(chest([(70, 0, 0)]))
    assert [device.type for device in tried] == ["mps"] and len(result.peaks) == 1


def test_an_earlier_layer_gives_finer_maps(reader):
    ball = (62.0, 30.0, 78.0)
    pictures = project(small_volume(chest([ball]))).of_regions("axial", False)
    networks = [reader(layer=layer).networks[0] for layer in ("final", "earlier", "earliest")]
    final, earlier, earliest = (look(network, pictures).maps.shape[-1] for network in networks)
    assert final == earlier < earliest, "three blocks pool, so the last two are as fine"
    (peak,) = reader(layer="earliest").read(chest([ball])).peaks
    (published,) = reader().read(chest([ball])).peaks
    assert np.linalg.norm(np.subtract(peak.position, published.position)) < 15


def test_pictures_are_brought_to_where_the_network_is(reader):
    network = reader(("axial",)).networks[0]
    network.network.to("meta")
    assert images_for(network, torch.zeros(2, 3, 20, 10)).device.type == "meta"


def test_a_direction_that_looks_nowhere_hides_no_sign(reader, monkeypatch):
    """Grad-CAM of a sagittal network is 0 everywhere; the others are sure, and agree on the place."""
    ball = (62.0, 30.0, 78.0)
    seen = []

    def blind(network, pictures, score="logit"):
        view = look(network, pictures, score)
        seen.append(network.axis)
        return replace(view, maps=0 * view.maps) if network.axis == "sagittal" else view

    for place in ("evidence", "layers"):
        monkeypatch.setattr(f"LungCAD.tasks.cpa.{place}.look", blind)
    result = reader().read(chest([ball]))
    assert "sagittal" in seen
    (peak,) = result.peaks
    assert peak.region == "left_upper" and np.linalg.norm(np.subtract(peak.position, ball)) < 12
    heat = sitk.GetArrayFromImage(result.heat_map("fungus_ball"))
    assert heat.max() > 50 and heat[:, :, : heat.shape[2] // 2].max() == 0


@pytest.mark.parametrize(
    ("tasks", "sought"), [(("disease",), 1), (("survival", "cavity"), 1), (("cavity",), 0)]
)
def test_the_aerated_lung_is_sought_for_the_whole_scan_alone(reader, monkeypatch, tasks, sought):
    calls, find = [], ProjectionVolume.with_aerated
    monkeypatch.setattr(ProjectionVolume, "with_aerated", lambda own: calls.append(own) or find(own))
    reader(axes=("axial",), tasks=tasks).read(chest())
    assert len(calls) == sought


def test_same_scan_same_result(reader):
    ct = chest([(62, 30, 78)])
    one, other = (reader(axes=("axial",)).read(ct) for _ in range(2))
    assert one.signs == other.signs and one.peaks == other.peaks
