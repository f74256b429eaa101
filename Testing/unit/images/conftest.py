"""Small images of every kind: volumes with any geometry, DICOM series written with pydicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

PATIENT = "Doe^Jane^Secret"
"""Must never show up in anything that a reader says."""


def rotation(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


DIRECTIONS = {
    "identity": np.eye(3),
    "oblique": rotation((1, 2, 3), 37),
    "upside down": rotation((1, 0, 0), 180),
    "flipped": np.diag([-1.0, -1.0, 1.0]),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "left-handed oblique": rotation((3, -1, 2), 111) @ np.diag([1.0, -1.0, 1.0]),
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "axes swapped": np.eye(3)[:, [2, 0, 1]],
    "axes swapped, left-handed": np.eye(3)[:, [1, 0, 2]],
}


@pytest.fixture(params=DIRECTIONS.values(), ids=DIRECTIONS.keys())
def direction(request) -> np.ndarray:
    return request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def make_ct(rng) -> Callable[..., sitk.Image]:
    """Noise between air and bone with the geometry asked for."""

    def make(size=(9, 8, 7), spacing=(0.7, 0.8, 5.0), direction=DIRECTIONS["identity"]) -> sitk.Image:
        image = sitk.GetImageFromArray(rng.integers(-1000, 500, size[::-1]).astype(np.int16))
        image.SetSpacing(spacing)
        image.SetOrigin((-128.41387, 264.413811, -360.256329))
        image.SetDirection(np.ravel(direction))
        return image

    return make


@pytest.fixture
def make_slice(rng) -> Callable[..., FileDataset]:
    """One CT slice, 12 bits with an intercept of -1024; keywords replace or (None) remove DICOM tags."""
    series = generate_uid()

    def make(z: float = 0.0, number: int = 1, pixels: np.ndarray | None = None, **tags) -> FileDataset:
        dataset = FileDataset("", {}, preamble=b"\0" * 128)
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = PATIENT, "Secret42", "19010203"
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID = series, generate_uid()
        dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.Manufacturer, dataset.ConvolutionKernel, dataset.KVP = "SIEMENS", "B30f", 120
        dataset.InstanceNumber, dataset.SeriesNumber, dataset.SliceThickness = number, 3, 2.0
        dataset.ImagePositionPatient = [-10.0, -20.0, z]
        dataset.ImageOrientationPatient, dataset.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.8, 0.7]
        dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "MONOCHROME2", 1
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation, dataset.RescaleSlope, dataset.RescaleIntercept = 0, 1, -1024
        for keyword, value in tags.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        if pixels is None:
            pixels = rng.integers(0, 2000, (6, 5)).astype(np.uint16)
        dataset.Rows, dataset.Columns = (
            pixels.shape[-3:-1] if dataset.SamplesPerPixel == 3 else pixels.shape[-2:]
        )
        dataset.PixelData = pixels.tobytes()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset

    return make


@pytest.fixture
def save() -> Callable[[list[Dataset], Path], Path]:
    """Save datasets into a folder, under names whose order says nothing."""

    def save(datasets: list[Dataset], folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        start = len(list(folder.iterdir()))
        for index, dataset in enumerate(datasets, start):
            pydicom.dcmwrite(
                folder / f"{(index * 7) % 97:02d}_{index}.dcm", dataset, enforce_file_format=True
            )
        return folder

    return save
