"""The lung field against the phantom's truth and on real scans; time and memory of a large scan."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.lungs import segment_lungs


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


INSIDE, OUTSIDE = "inside", "outside"


def against_truth(**parameters):
    from LungCAD.phantom.study import StudyParameters, make_study

    study = make_study(StudyParameters(**parameters))
    found = sitk.GetArrayFromImage(segment_lungs(study.ct)) > 0
    return dice(found, sitk.GetArrayFromImage(study.lungs) > 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_phantom_healthy(seed):
    assert against_truth(seed=seed, disease=False) >= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["gao5", "lungnet6"])
@pytest.mark.parametrize("seed", range(3))
def test_phantom_heavily_diseased(seed, schema):
    assert against_truth(seed=seed, heavy=True, schema=schema) >= 0.96


@pytest.mark.data
def test_small_real_scan(real_data):
    ct = sitk.ReadImage(str(real_data / "ct_64" / "ct-64.nrrd"))
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(real_data / "ct_64" / "wholeLung-64.nrrd"))) > 0
    assert dice(sitk.GetArrayFromImage(segment_lungs(ct)) > 0, mask) >= 0.95


POINTS = {
    "A0001_5mm_lung_kernel": (
        (3.22, 2.38),
        {
            "trachea": (10, 183, 262, OUTSIDE),
            "left main bronchus": (27, 321, 290, OUTSIDE),
            "its lateral end": (27, 321, 312, OUTSIDE),
            "edge of the mass": (14, 330, 320, INSIDE),
            "mass with air": (15, 330, 315, INSIDE),
            "core of the mass": (16, 330, 310, INSIDE),
            "left ventricle": (40, 260, 310, OUTSIDE),
            "side of the left ventricle": (43, 251, 345, OUTSIDE),
            "heart": (44, 250, 290, OUTSIDE),
        },
    ),
    "A0002_8mm_B70f": (
        (1.17, 1.62),
        {
            "fat of the shoulder": (1, 247, 138, OUTSIDE),
            "intermediate bronchus": (11, 283, 228, OUTSIDE),
            "intermediate bronchus in the tumour": (12, 288, 220, OUTSIDE),
            "left main bronchus": (11, 255, 321, OUTSIDE),
            "left upper lobe bronchus": (12, 254, 314, OUTSIDE),
            "core of the mass": (16, 304, 166, INSIDE),
            "lower end of the mass": (17, 304, 174, INSIDE),
        },
    ),
}
"""Litres of the right and left lung in segmentations that were looked at, slice by slice, and points in them:
slice from the head, row, column, and where the point belongs."""


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("folder", POINTS)
def test_real_series(real_data, folder):
    litres, points = POINTS[folder]
    ct = read_series(real_data / "ct_dicom" / folder)
    found = sitk.GetArrayFromImage(segment_lungs(ct))
    assert not wrong_points(found, points)
    millilitres = np.bincount(found.ravel(), minlength=3)[1:] * np.prod(ct.GetSpacing()) / 1000
    np.testing.assert_allclose(millilitres / 1000, litres, rtol=0.05)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "columns"),
    [
        ("A0001_5mm_lung_kernel", (116, 388)),
        ("A0002_8mm_B70f", (95, 420)),
        ("A0002_8mm_B70f", (135, 512)),
    ],
)
def test_real_series_whose_edge_cuts_the_lungs(real_data, folder, columns):
    """The lungs are as in the whole picture, and their airways are left out as there."""
    ct = read_series(real_data / "ct_dicom" / folder)
    part = slice(*columns)
    whole = sitk.GetArrayFromImage(segment_lungs(ct))[:, :, part]
    found = sitk.GetArrayFromImage(segment_lungs(ct[part]))
    for side in (1, 2):
        assert dice(found == side, whole == side) >= 0.98
    points = POINTS[folder][1]
    assert not wrong_points(
        found, {name: (z, y, x - part.start, at) for name, (z, y, x, at) in points.items()}
    )


def read_series(folder):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def wrong_points(found, points):
    """Return the names of points that lie inside lungs (z, y, x) and should not, or the other way round."""
    return [
        name
        for name, (slice_from_head, y, x, where) in points.items()
        if (found[-1 - slice_from_head, y, x] > 0) != (where == INSIDE)
    ]


@pytest.mark.slow
def test_large_scan_takes_bounded_time_and_memory(tmp_path, builder):
    """512 x 512 x 300 in at most 20 s and 3 GB (on two free cores)."""
    coarse = builder(spacing=(2.0, 2.0, 2.5)).build().ct
    grid = sitk.Image((512, 512, 300), sitk.sitkInt16)
    grid.SetSpacing(
        [n * s / m for n, s, m in zip(coarse.GetSize(), coarse.GetSpacing(), (512, 512, 300), strict=True)]
    )
    grid.SetOrigin(coarse.GetOrigin())
    sitk.WriteImage(
        sitk.Resample(coarse, grid, sitk.Transform(), sitk.sitkLinear, -1000), str(tmp_path / "ct.mha")
    )
    script = """
        import sys, time
        import SimpleITK as sitk
        from LungCAD.lungs import segment_lungs
        ct = sitk.ReadImage(sys.argv[1])
        started = time.process_time(), time.perf_counter()
        segment_lungs(ct)
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        peak = int(status["VmHWM"].split()[0]) / 1e6  # getrusage would count what the parent had, too
        print(time.process_time() - started[0], time.perf_counter() - started[1], peak)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "ct.mha")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu_s, wall_s, peak_gb = map(float, output.split())
    print(f"512x512x300: {wall_s:.1f} s wall, {cpu_s:.1f} s CPU, {peak_gb:.2f} GB")
    assert min(cpu_s, wall_s) <= 20, "wall time is also that of other programs; CPU time is that of all cores"
    assert peak_gb <= 3
