import pytest

from LungCAD.images.kernels import is_sharp


@pytest.mark.parametrize(
    ("manufacturer", "kernel", "sharp"),
    [
        ("SIEMENS", "B70f", True),
        ("SIEMENS", "B50f", True),
        ("SIEMENS", "B46f", True),
        ("SIEMENS", "B31f", False),
        ("Siemens Healthineers", "Br40d\\3", False),
        ("SIEMENS", "Bl57f\\2", True),
        ("SIEMENS", "I30f\\2", False),
        ("SIEMENS", "U90u", True),
        ("GE MEDICAL SYSTEMS", "LUNG", True),
        ("GE MEDICAL SYSTEMS", "BONEPLUS", True),
        ("GE MEDICAL SYSTEMS", "STANDARD", False),
        ("GE MEDICAL SYSTEMS", "Soft", False),
        ("Philips", "L", True),
        ("Philips", "B", False),
        ("Philips", "YC", True),
        ("TOSHIBA", "FC51", True),
        ("TOSHIBA", "FC08", False),
        ("Canon Medical Systems", "FC18-H", None),
        ("GE MEDICAL SYSTEMS", "DETAIL", None),
        ("SIEMENS", "unheard of", None),
        ("Nobody", "B70f", None),
        ("SIEMENS", None, None),
        (None, "B70f", None),
        ("", "", None),
    ],
)
def test_is_sharp(manufacturer, kernel, sharp):
    assert is_sharp(manufacturer, kernel) is sharp
