"""Radiographs from DICOM and pictures: 0 dark to 1 bright, bone bright."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
import skimage.data
from PIL import Image
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation, RLELossless

from LungCAD.errors import InputError
from LungCAD.images import read_radiograph

RAMP = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
SCALED = RAMP / RAMP.max()


def radiograph(make_slice, pixels=RAMP, **tags):
    plain = {"Modality": "CR", "SOPClassUID": ComputedRadiographyImageStorage, "PixelSpacing": [0.2, 0.1]}
    lacking = dict.fromkeys(
        ("ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "RescaleIntercept")
    )
    return make_slice(pixels=pixels, **{**plain, **lacking, **tags})


def read(dataset, tmp_path, save) -> sitk.Image:
    return read_radiograph(next(save([dataset], tmp_path).iterdir()))


def array(image: sitk.Image) -> np.ndarray:
    assert image.GetDimension() == 2
    assert image.GetPixelID() == sitk.sitkFloat32
    return sitk.GetArrayFromImage(image)


def test_cr(tmp_path, make_slice, save):
    image = read(radiograph(make_slice), tmp_path, save)
    assert np.allclose(array(image), SCALED, atol=1e-6)
    assert image.GetSpacing() == pytest.approx((0.1, 0.2))
    assert image.GetSize() == (48, 64)
    assert image.GetMetaDataKeys() == ()


def test_monochrome1_is_inverted(tmp_path, make_slice, save):
    image = read(radiograph(make_slice, PhotometricInterpretation="MONOCHROME1"), tmp_path, save)
    assert np.allclose(array(image), 1 - SCALED, atol=1e-6)


def test_dx_at_the_detector_compressed(tmp_path, make_slice, save):
    tags = {"Modality": "DX", "SOPClassUID": DigitalXRayImageStorageForPresentation, "PixelSpacing": None}
    dataset = radiograph(make_slice, ImagerPixelSpacing=[0.3, 0.4], **tags)
    dataset.compress(RLELossless)
    image = read(dataset, tmp_path, save)
    assert np.allclose(array(image), SCALED, atol=1e-6)
    assert image.GetSpacing() == pytest.approx((0.4, 0.3))


@pytest.mark.parametrize("impossible", [[0, 0], [-0.1, 0.1]])
def test_an_impossible_spacing_is_not_known(tmp_path, make_slice, save, impossible):
    (tmp_path / "detector").mkdir()
    image = read(radiograph(make_slice, PixelSpacing=impossible), tmp_path, save)
    assert image.GetSpacing() == (1, 1)
    dataset = radiograph(make_slice, PixelSpacing=impossible, ImagerPixelSpacing=[0.3, 0.4])
    assert read(dataset, tmp_path / "detector", save).GetSpacing() == pytest.approx((0.4, 0.3))


def test_one_number_is_no_spacing(tmp_path, make_slice, save):
    dataset = radiograph(make_slice, PixelSpacing=None, ImagerPixelSpacing=[0.3])
    assert read(dataset, tmp_path, save).GetSpacing() == (1, 1)


@pytest.mark.parametrize(("view", "frontal"), [("LL", False), ("LATERAL", False), ("PA", True), ("", True)])
def test_a_film_that_says_it_is_lateral(tmp_path, make_slice, save, view, frontal):
    dataset = radiograph(make_slice, ViewPosition=view)
    if frontal:
        assert np.allclose(array(read(dataset, tmp_path, save)), SCALED, atol=1e-6)
        return
    with pytest.raises(InputError, match="is a lateral film"):
        read(dataset, tmp_path, save)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_dark_and_does_not_stretch(tmp_path, make_slice, save, photometric):
    pixels = RAMP + 1000
    pixels[:, 0] = 0
    tags = {"PixelPaddingValue": 0, "PhotometricInterpretation": photometric, "BitsStored": 16, "HighBit": 15}
    values = array(read(radiograph(make_slice, pixels, **tags), tmp_path, save))
    assert np.all(values[:, 0] == 0)
    assert values[:, 1:].max() == 1
    assert values[:, 1:].min() == 0
    assert np.mean(values[:, 1:]) == pytest.approx(0.5, abs=0.02)


def test_a_ct_is_no_radiograph(tmp_path, make_slice, save):
    save([make_slice()], tmp_path)
    with pytest.raises(InputError, match=r"is no radiograph \(modality CT\)"):
        read_radiograph(next(tmp_path.iterdir()))


GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_a_photograph_is_turned_as_it_says(tmp_path):
    stored = Image.fromarray(np.rot90(GREY[:, :12]).copy())
    exif = stored.getexif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    stored.save(tmp_path / "photo.png", exif=exif)
    assert np.allclose(array(read_radiograph(tmp_path / "photo.png")), GREY[:, :12] / GREY[:, :12].max())


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".PNG"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_8_bit_pictures(tmp_path, suffix, mode):
    Image.fromarray(GREY).convert(mode).save(tmp_path / f"chest{suffix}")
    image = read_radiograph(tmp_path / f"chest{suffix}")
    assert np.allclose(array(image), GREY / 255, atol=1e-6)
    assert image.GetSpacing() == (1.0, 1.0)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_pictures_keep_their_depth(tmp_path, suffix):
    Image.fromarray(RAMP).save(tmp_path / f"chest{suffix}")
    assert np.allclose(array(read_radiograph(tmp_path / f"chest{suffix}")), SCALED, atol=1e-6)


def test_transparent_and_palette_pictures(tmp_path):
    Image.fromarray(GREY).convert("RGBA").save(tmp_path / "a.png")
    Image.fromarray(GREY).convert("LA").save(tmp_path / "b.png")
    Image.fromarray(GREY).convert("P").save(tmp_path / "c.png")
    for name in ("a.png", "b.png", "c.png"):
        assert np.allclose(array(read_radiograph(tmp_path / name)), GREY / 255, atol=1e-6)


def test_jpeg(tmp_path):
    smooth = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "chest.jpg", quality=95)
    assert np.abs(array(read_radiograph(tmp_path / "chest.jpg")) - smooth / 254).max() < 0.03


def test_a_tint_becomes_luminance(tmp_path):
    tint = np.array([0.8, 0.9, 1.0])
    pixels = (np.linspace(0, 255, 64).reshape(8, 8, 1) * tint).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "chest.png")
    expected = pixels @ [0.2126, 0.7152, 0.0722]
    assert np.allclose(array(read_radiograph(tmp_path / "chest.png")), expected / expected.max(), atol=1e-6)


def test_a_colour_picture_is_no_radiograph(tmp_path):
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "person.png")
    with pytest.raises(InputError, match=r"person\.png: is a colour picture"):
        read_radiograph(tmp_path / "person.png")


def test_the_resolution_of_a_screen_is_no_spacing(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "chest.png", dpi=(72, 72))
    Image.fromarray(GREY).save(tmp_path / "chest.tif", dpi=(72, 72))
    assert read_radiograph(tmp_path / "chest.png").GetSpacing() == (1.0, 1.0)
    assert read_radiograph(tmp_path / "chest.tif").GetSpacing() == (1.0, 1.0)


@pytest.mark.parametrize("shape", [(64, 48), (1, 64, 48)])
def test_volume_files_keep_their_spacing(tmp_path, shape):
    image = sitk.GetImageFromArray(RAMP.reshape(shape))
    image.SetSpacing((0.175, 0.2, 1.0)[: len(shape)])
    sitk.WriteImage(image, str(tmp_path / "chest.mha"))
    again = read_radiograph(tmp_path / "chest.mha")
    assert np.allclose(array(again), SCALED, atol=1e-6)
    assert again.GetSpacing() == pytest.approx((0.175, 0.2))


def test_a_film_kept_as_a_coronal_volume_has_the_spacing_of_its_plane(tmp_path):
    image = sitk.GetImageFromArray(RAMP.reshape(64, 1, 48))
    image.SetSpacing((0.175, 10.0, 0.2))
    sitk.WriteImage(image, str(tmp_path / "chest.mha"))
    assert read_radiograph(tmp_path / "chest.mha").GetSpacing() == pytest.approx((0.175, 0.2))


@pytest.mark.parametrize("suffix", ["mha", "nii.gz"])
@pytest.mark.parametrize("directions", list(itertools.product((1, -1), repeat=3)))
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_a_coronal_film_is_turned_as_its_directions_say(tmp_path, order, directions, suffix):
    """Whatever the order and the directions of the axes that a file keeps it in."""
    image = sitk.GetImageFromArray(RAMP[::-1].reshape(64, 1, 48))  # z ascends towards the head
    image.SetSpacing((0.175, 10.0, 0.2))
    stored = sitk.Flip(sitk.PermuteAxes(image, order), [direction < 0 for direction in directions])
    sitk.WriteImage(stored, str(tmp_path / f"chest.{suffix}"))
    again = read_radiograph(tmp_path / f"chest.{suffix}")
    assert np.allclose(array(again), SCALED, atol=1e-6)
    assert again.GetSpacing() == pytest.approx((0.175, 0.2))


def test_an_axial_plane_has_the_front_above(tmp_path):
    image = sitk.GetImageFromArray(RAMP[None])
    sitk.WriteImage(sitk.Flip(image, (True, True, False)), str(tmp_path / "chest.nii.gz"))
    assert np.allclose(array(read_radiograph(tmp_path / "chest.nii.gz")), SCALED, atol=1e-6)


def test_refusals(tmp_path, make_ct):
    sitk.WriteImage(make_ct(), str(tmp_path / "ct.nrrd"))
    with pytest.raises(InputError, match="it has 3 dimensions"):
        read_radiograph(tmp_path / "ct.nrrd")
    Image.fromarray(np.full((5, 5), 7, np.uint8)).save(tmp_path / "flat.png")
    with pytest.raises(InputError, match="one single value"):
        read_radiograph(tmp_path / "flat.png")
    nan = sitk.GetImageFromArray(np.where(RAMP == 5, np.nan, RAMP).astype(np.float32))
    sitk.WriteImage(nan, str(tmp_path / "nan.mha"))
    with pytest.raises(InputError, match="no numbers"):
        read_radiograph(tmp_path / "nan.mha")
    with pytest.raises(InputError, match="is a folder"):
        read_radiograph(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        read_radiograph(tmp_path / "nothing.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError, match="is not an image"):
        read_radiograph(tmp_path / "text.png")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".bmp"])
def test_truncated_pictures(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)
    path = tmp_path / f"chest{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"damaged|not an image"):
        read_radiograph(path)


@pytest.mark.data
def test_real_radiographs(real_data):
    for path in sorted((real_data / "cxr_lungs" / "images").iterdir())[:5]:
        image = read_radiograph(path)
        values = array(image)
        assert (values.min(), values.max()) == (0, 1)
        assert min(image.GetSize()) >= 256
