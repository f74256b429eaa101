"""The promises of label propagation, on small scans whose truth is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from LungCAD.errors import Cancelled, InputError
from LungCAD.labels import Provenance
from LungCAD.tasks.label_propagation import (
    LabelPropagation,
    LabelPropagationInputs,
    LabelPropagationParameters,
    run,
)

HEALTHY, EMPHYSEMA, GROUND_GLASS = 1, 2, 3
OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
GEOMETRIES = {
    "axial": ((1, 0, 0, 0, 1, 0, 0, 0, 1), (0.9, 0.9, 5.0)),
    "feet last": ((1, 0, 0, 0, 1, 0, 0, 0, -1), (0.9, 0.9, 5.0)),
    "left-handed": ((-1, 0, 0, 0, 1, 0, 0, 0, 1), (0.7, 1.1, 2.0)),
    "oblique": (OBLIQUE, (0.8, 0.8, 2.0)),
}


SPARSE = ((0, 20, 22), (1, 20, 66), (1, 48, 22), (0, 44, 22), (1, 48, 66), (0, 44, 66))


def arrays(result):
    images = (result.labels, result.provenance, result.uncertainty, result.probabilities)
    return [sitk.GetArrayFromImage(image) for image in images]


@pytest.mark.parametrize("mode", ["slice", "volume"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_truth_is_found_from_sparse_regions(small_scan, geometry, mode):
    scan = small_scan(3, *GEOMETRIES[geometry])
    rois = scan.rois(*SPARSE)
    inputs = scan.inputs(rois)
    result = run(inputs, LabelPropagationParameters(mode=mode, undecided=False))
    labels, provenance, uncertainty, probabilities = arrays(result)

    inside = scan.lungs > 0
    free = inside & (rois == 0)
    assert (labels[free] == scan.truth[free]).mean() > 0.9
    assert not labels[~inside].any()
    assert (labels[rois > 0] == rois[rois > 0]).all()
    assert (provenance[rois > 0] == Provenance.DRAWN).all()
    assert (provenance[free] == Provenance.PROPAGATED).all()
    assert (provenance[~inside] == Provenance.NONE).all()
    assert np.allclose(probabilities[inside].sum(-1), 1, atol=1e-5)
    assert not probabilities[~inside].any()
    assert uncertainty.min() >= 0
    assert uncertainty.max() <= 1
    assert uncertainty[rois > 0].max() == 0
    assert result.classes == (HEALTHY, EMPHYSEMA, GROUND_GLASS)
    assert result.measurements.not_assessed == ("Fibrosis", "Micronodules")
    assert result.expansion_factor == pytest.approx(free.sum() / (rois > 0).sum())
    for image in (result.labels, result.probabilities, result.uncertainty, result.provenance, result.zones):
        assert image.GetDirection() == inputs.ct.GetDirection()
        assert image.GetOrigin() == inputs.ct.GetOrigin()
        assert image.GetSpacing() == inputs.ct.GetSpacing()
        assert image.GetSize() == inputs.ct.GetSize()


def test_a_flipped_scan_gives_flipped_labels(small_scan):
    upright = small_scan(3)
    rois = upright.rois(*SPARSE)
    reference, *_ = arrays(run(upright.inputs(rois)))
    flipped = small_scan(3, direction=(-1, 0, 0, 0, 1, 0, 0, 0, -1))
    for name in ("hu", "lungs"):
        setattr(flipped, name, np.ascontiguousarray(getattr(upright, name)[::-1, :, ::-1]))
    labels, *_ = arrays(run(flipped.inputs(np.ascontiguousarray(rois[::-1, :, ::-1]))))
    assert (labels[::-1, :, ::-1] == reference).mean() > 0.999


def test_one_slice_is_enough(small_scan):
    scan = small_scan(1)
    rois = scan.rois((0, 20, 22), (0, 20, 66), (0, 48, 22), (0, 48, 66))
    result = run(scan.inputs(rois))
    labels, *_ = arrays(result)
    free = (scan.lungs > 0) & (rois == 0) & (labels > 0)
    assert (labels[free] == scan.truth[free]).mean() > 0.8
    assert any("Uncalibrated" in warning for warning in result.warnings)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), mode=st.sampled_from(["slice", "volume"]))
def test_whatever_is_drawn_stays_and_nothing_outside_is_labelled(small_scan, seed, mode):
    rng = np.random.default_rng(seed)
    scan = small_scan(int(rng.integers(1, 4)), seed=seed)
    rois = np.zeros_like(scan.truth)
    for value in (HEALTHY, EMPHYSEMA, GROUND_GLASS, 4)[: rng.integers(2, 5)]:
        for _ in range(rng.integers(1, 4)):
            z, y, x = (rng.integers(0, size) for size in rois.shape)
            height, width = rng.integers(2, 12, 2)
            rois[z, y : y + height, x : x + width] = value  # right or wrong, inside the lung or not
    if len(np.unique(rois[(rois > 0)])) < 2 or not ((rois > 0) & (scan.lungs > 0)).any():
        return
    labels, provenance, *_ = arrays(run(scan.inputs(rois), LabelPropagationParameters(mode=mode)))
    assert (labels[rois > 0] == rois[rois > 0]).all()
    assert not labels[(scan.lungs == 0) & (rois == 0)].any()
    assert set(np.unique(labels)) <= {0, *np.unique(rois)}
    assert ((provenance == Provenance.DRAWN) == (rois > 0)).all()


def test_a_region_outside_the_lung_extends_it_with_a_warning(small_scan):
    scan = small_scan(3)
    rois = scan.rois(*SPARSE)
    rois[0, 34:40, 46:50] = GROUND_GLASS  # between the lungs
    result = run(scan.inputs(rois))
    lungs = sitk.GetArrayFromImage(result.lungs)
    assert lungs[0, 36, 46] == 1
    assert lungs[0, 36, 49] == 2
    assert any("outside the lung field" in warning for warning in result.warnings)


def test_the_same_run_gives_the_same_result(small_scan):
    scan = small_scan(2)
    inputs = scan.inputs(scan.rois(*SPARSE))
    for first, second in zip(arrays(run(inputs)), arrays(run(inputs)), strict=True):
        assert np.array_equal(first, second)


def network_map(scan, certainty=0.9):
    """Channels healthy, emphysema, ground glass, fibrosis, micronodules; right but for the emphysema."""
    seen = np.where(scan.truth == EMPHYSEMA, 5, scan.truth)
    values = np.full((*seen.shape, 5), (1 - certainty) / 4, np.float32)
    for value in range(1, 6):
        values[..., value - 1][seen == value] = certainty
    return values


def with_network(scan, rois, probabilities, **parameters):
    plain = scan.inputs(rois)
    image = scan.image(probabilities)
    assert image.GetNumberOfComponentsPerPixel() == 5
    inputs = LabelPropagationInputs(plain.ct, plain.rois, plain.lungs, image)
    return run(inputs, LabelPropagationParameters(**parameters))


def test_a_network_alone_may_assign_what_nobody_drew(small_scan):
    scan = small_scan(2)
    result = with_network(scan, scan.rois((0, 20, 22)), network_map(scan), unary="network")
    labels, provenance, *_ = arrays(result)
    assert result.classes == (1, 2, 3, 4, 5)
    assert (labels[scan.truth == GROUND_GLASS] == GROUND_GLASS).mean() > 0.95
    assert (labels[scan.truth == EMPHYSEMA] == 5).mean() > 0.95
    assert (provenance == Provenance.MODEL).any()


def test_regions_correct_a_network_among_the_drawn_classes(small_scan):
    scan = small_scan(2)
    probabilities = network_map(scan, 0.6)
    rois = scan.rois(*SPARSE)
    rois[1, 62, 60:80] = np.where(scan.lungs[1, 62, 60:80] > 0, 5, 0)
    combined, *_ = arrays(with_network(scan, rois, probabilities, unary="both", network_weight=0.2))
    assert (combined[scan.truth == GROUND_GLASS] == GROUND_GLASS).mean() > 0.9
    alone, *_ = arrays(with_network(scan, rois, probabilities, unary="network"))
    emphysema = (scan.truth == EMPHYSEMA) & (rois == 0)
    assert (combined[emphysema] == EMPHYSEMA).mean() > (alone[emphysema] == EMPHYSEMA).mean()


def test_one_drawn_class_is_enough_beside_a_network(small_scan):
    scan = small_scan(1)
    result = with_network(scan, scan.rois((0, 20, 22)), network_map(scan), unary="both")
    assert result.classes == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("rois", "message"),
    [
        (lambda scan: np.zeros_like(scan.truth), "drawn regions: are empty"),
        (lambda scan: np.where(scan.lungs > 0, 77, 0).astype(np.uint8), r"hold the values \[77\]"),
        (lambda scan: np.where(scan.lungs > 0, 0, 1).astype(np.uint8), "wholly outside the lung"),
        (lambda scan: np.where(scan.lungs > 0, 1, 0).astype(np.uint8), "only one class"),
    ],
)
def test_bad_regions_are_named(small_scan, rois, message):
    scan = small_scan(2)
    with pytest.raises(InputError, match=message):
        run(scan.inputs(rois(scan)))


def test_a_single_pixel_of_each_class_will_do(small_scan):
    scan = small_scan(1)
    rois = np.zeros_like(scan.truth)
    for y, x in ((22, 26), (52, 26), (52, 70)):
        rois[0, y, x] = scan.truth[0, y, x]
    labels, *_ = arrays(run(scan.inputs(rois), LabelPropagationParameters(undecided=False)))
    inside = scan.lungs > 0
    assert (labels[inside] == scan.truth[inside]).mean() > 0.8


def test_what_is_drawn_outside_belongs_to_the_lung_that_is_nearest_in_mm(small_scan):
    """Eight pixels are 7 mm, one slice is 20 mm: fewer voxels are no shorter way."""
    scan = small_scan(3, spacing=(0.9, 0.9, 20.0))
    scan.lungs[1][scan.lungs[1] == 2] = 0
    rois = scan.rois(*((0, y, x) for _, y, x in SPARSE))
    rois[1, 36, 52] = HEALTHY  # 8 pixels from the right lung, over and under the left one's border
    scan.lungs[::2, 36, 52] = 2
    lungs = sitk.GetArrayFromImage(run(scan.inputs(rois)).lungs)
    assert lungs[1, 36, 52] == 1


def test_a_bad_mask_is_named_at_once(small_scan):
    scan = small_scan(2)
    for change, says in ((scan.lungs * np.uint8(3), "values 3, 6"), (scan.lungs * 0, "is empty")):
        with pytest.raises(InputError, match=f"lung mask: .*{says}"):
            LabelPropagation(scan.inputs(scan.rois(*SPARSE), lungs=change))


def test_what_is_no_volume_is_named(small_scan):
    inputs = small_scan(1).inputs(small_scan(1).rois((0, 20, 22), (0, 44, 22)))
    slices = {"ct": inputs.ct[:, :, 0], "rois": inputs.rois[:, :, 0], "lungs": None}
    for change in (slices, {"ct": sitk.Compose(inputs.ct, inputs.ct)}):
        with pytest.raises(InputError, match="CT: is not a volume"):
            LabelPropagation(dataclasses.replace(inputs, **change))


@pytest.mark.parametrize("components", [1, 3])
def test_probabilities_of_other_classes_are_named(small_scan, components):
    scan = small_scan(2)
    inputs = scan.inputs(scan.rois(*SPARSE))
    one = sitk.Cast(inputs.lungs, sitk.sitkFloat32)
    given = one if components == 1 else sitk.Compose([one] * components)
    with pytest.raises(InputError, match=f"have {components} components for the 5 labels"):
        LabelPropagation(
            dataclasses.replace(inputs, network_probabilities=given),
            LabelPropagationParameters(unary="network"),
        )


def test_regions_on_another_grid_are_named(small_scan):
    scan = small_scan(2)
    inputs = scan.inputs(scan.rois(*SPARSE))
    moved = sitk.Image(inputs.rois)
    moved.SetOrigin((0, 0, 0))
    with pytest.raises(InputError, match="another grid"):
        run(LabelPropagationInputs(inputs.ct, moved, inputs.lungs))


def test_grey_values_are_no_hounsfield_units(small_scan):
    scan = small_scan(2)
    scan.hu = ((scan.hu + 1024) / 8).astype(np.int16)
    with pytest.raises(InputError, match="CT"):
        run(scan.inputs(scan.rois(*SPARSE)))


def test_a_cancelled_run_stops(small_scan):
    scan = small_scan(2)

    def stop(fraction, message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(scan.inputs(scan.rois(*SPARSE)), progress=stop)


def test_progress_only_rises(small_scan):
    scan = small_scan(2)
    seen = []
    run(scan.inputs(scan.rois(*SPARSE)), progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_voxels_to_ignore_count_as_not_drawn(small_scan):
    scan = small_scan(2)
    rois = scan.rois(*SPARSE)
    marked = np.where((rois == 0) & (scan.truth == GROUND_GLASS), 255, rois).astype(np.uint8)
    plain, *_ = arrays(run(scan.inputs(rois)))
    ignored, *_ = arrays(run(scan.inputs(marked)))
    assert np.array_equal(plain, ignored)
