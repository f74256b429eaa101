import pytest

from LungCAD.labels import load_schema
from LungCAD.report.sign_course import (
    CHANGES,
    Verdict,
    course_csv,
    nothing_changed,
    render_course,
    sign_courses,
)
from LungCAD.report.signs import SignReading


def scan(**probability):
    return [SignReading(region, "cavity", value) for region, value in probability.items()]


SCANS = [
    scan(right_upper=0.9, left_upper=0.2, left_middle=0.7, left_lower=0.1, right_lower=0.6, right_middle=0.7),
    scan(right_upper=0.6, left_upper=None, left_middle=0.8, left_lower=0.2, right_lower=None),
    scan(
        right_upper=0.3, left_upper=0.8, left_middle=None, left_lower=0.0, right_lower=None, right_middle=0.8
    ),
]


def courses():
    return {one.region: one for one in sign_courses(SCANS, 0.5)}


def test_what_became_of_signs():
    found = courses()
    assert {region: one.verdict for region, one in found.items()} == {
        "right_upper": Verdict.GONE,
        "left_upper": Verdict.NEW,
        "left_middle": Verdict.UNKNOWN,  # nobody knows what is there now
        "right_middle": Verdict.STAYS,
        "left_lower": Verdict.ABSENT,
        "right_lower": Verdict.UNKNOWN,
    }
    assert abs(found["right_upper"].change + 0.6) < 1e-9
    assert abs(found["right_middle"].change - 0.1) < 1e-9
    assert found["right_lower"].change is found["left_middle"].change is None


def test_table_and_page():
    rows = course_csv(["2019", "2020", "2021"], sign_courses(SCANS, 0.5)).splitlines()
    assert rows[0] == "region,sign,2019,2020,2021,change,verdict"
    assert rows[1] == "right_upper,cavity,0.9000,0.6000,0.3000,-0.6000,gone"
    assert rows[2] == "left_upper,cavity,0.2000,,0.8000,0.6000,new"
    page = render_course(
        ["2019", "2020", "2021"], sign_courses(SCANS, 0.5), load_schema("cpa3"), {"Scans": "3"}
    )
    assert "Cavity, left upper: new" in page and "Cavity, right upper: gone" in page and "+0.60" in page


def test_a_region_that_one_scan_lacks():
    (one,) = sign_courses([scan(left_upper=0.9), []], 0.5)
    assert one.probability == (0.9, None) and one.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        ((0.1, 0.9, 0.1), Verdict.PASSED),
        ((0.9, 0.1, 0.9), Verdict.RETURNED),
        ((0.9, None, 0.9), Verdict.STAYS),
        ((0.1, None, 0.9, 0.2, 0.5), Verdict.NEW),
    ],
)
def test_scans_between_the_first_and_the_last_are_heard(probability, verdict):
    courses = sign_courses([scan(left_upper=value) for value in probability], 0.5)
    assert courses[0].verdict is verdict
    page = render_course("abcde"[: len(probability)], courses, load_schema("cpa3"), {})
    told = f"Cavity, left upper: {verdict.value}" in page
    assert (
        told == ('class="changed"' in page) == (verdict in CHANGES) == (nothing_changed(courses) not in page)
    )


def test_what_could_not_be_compared_is_not_denied():
    words = {
        "no sign came or went.": [scan(left_upper=0.1), scan(left_upper=0.2), scan(left_upper=0.1)],
        "1 of 2 signs": [scan(left_upper=0.1, left_lower=None), scan(left_upper=0.1, left_lower=0.9)],
        "No region could be judged": [scan(left_upper=None), scan(left_upper=0.9)],
    }
    for said, scans in words.items():
        found = sign_courses(scans, 0.5)
        assert said in nothing_changed(found)
        page = render_course(["a", "b"], found, load_schema("cpa3"), {}, ["b: The scan ends early."])
        assert nothing_changed(found) in page and "b: The scan ends early." in page
    assert nothing_changed(sign_courses(words["no sign came or went."], 0.5)).startswith("From the first")
