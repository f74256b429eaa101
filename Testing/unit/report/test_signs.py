import pytest

from LungCAD.report.signs import SignReading, nothing_present, present_signs


def reading(region, probability):
    return SignReading(region, "cavity", probability, withheld="" if probability is not None else "cut")


def test_what_is_withheld_is_never_present():
    signs = [reading("right_upper", 0.5), reading("left_upper", None), reading("left_lower", 0.4)]
    assert [one.region for one in present_signs(signs, 0.5)] == ["right_upper"]
    assert [one.region for one in present_signs(signs, 0.0)] == ["right_upper", "left_lower"]


@pytest.mark.parametrize(
    ("probabilities", "words"),
    [
        ((0.1, 0.2), "No sign was found in the 2 regions that could be judged."),
        ((0.1, None), "No sign was found in the 1 region that could be judged."),
        ((None, None), "No region could be judged."),
        ((), "No network looked for signs."),
    ],
)
def test_what_was_not_judged_is_not_denied(probabilities, words):
    regions = ("right_upper", "left_upper")
    assert nothing_present(map(reading, regions, probabilities)) == words
