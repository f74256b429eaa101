"""The report as a browser, a screen reader and a careful reader take it."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from LungCAD.errors import InputError
from LungCAD.labels import Schema
from LungCAD.report.evaluation import confusion_matrix, expansion_curve, risk_coverage
from LungCAD.report.html import render_report, write_report
from LungCAD.report.measurements import measure

VOID = {"meta", "img", "br", "link", "source", "hr", "input"}
LOADS = {"src", "href", "srcset", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """What the report says, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.images: list[dict[str, str]] = []
        self.tags: Counter[str] = Counter()
        self.rows: list[list[str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "unclosed elements"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags[tag] += 1
        self.loads += [value for name, value in attributes.items() if name in LOADS]
        if tag == "img":
            self.images.append(attributes)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.text += data
        if self._open and self._open[-1] != "tr" and self.rows and {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def row(self, name: str) -> list[list[str]]:
        """Cells of the rows that begin with this name."""
        cells = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        return [row[1:] for row in cells if row and row[0] == name]


@pytest.fixture(scope="module")
def full(make_chest):
    """A report with every section, and its content."""
    chest = make_chest()
    rng = np.random.default_rng(0)
    posterior, correct = rng.random(400), rng.random(400) < 0.8
    inside = chest.lungs > 0
    content = chest.content(
        risk_coverage=risk_coverage(posterior, correct),
        expansion=expansion_curve(posterior, 50),
        confusion=confusion_matrix(chest.labels[inside], chest.labels[inside], chest.schema.values),
    )
    return content, render_report(content)


def test_the_report_needs_no_other_file(full):
    _, html = full
    page = Page(html)
    assert all(target.startswith(("data:image/png;base64,", "#")) for target in page.loads)
    assert not re.search(r"url\(|@import|https?://", html)
    assert page.tags["script"] == page.tags["link"] == page.tags["iframe"] == 0
    assert "default-src 'none'" in html
    for image in page.images:
        Image.open(io.BytesIO(base64.b64decode(image["src"].split(",")[1]))).verify()


def test_the_report_says_what_it_is(full):
    text = Page(full[1]).text
    assert "Research tool, not a medical device." in text
    assert (
        text.index("not a medical device") < text.index("The first <warning>.") < text.index("Most affected")
    )
    for heading in ("Overview", "Along the lungs", "Volumes", "Densitometry", "Reliability", "Drawn regions"):
        assert heading in text
    assert "lungcad propagate CT --rois ROIS -o OUT" in text
    assert "The kernel (B70f) is sharp" in text


def test_every_picture_has_words_and_a_size(full):
    images = Page(full[1]).images
    assert len(images) > 8
    for image in images:
        assert len(image["alt"]) > 30
        assert int(image["width"]) > 100 < int(image["height"])
    slices = [image["alt"] for image in images if "side by side" in image["alt"]]
    assert any("Fibrosis" in alt and "S −64.0 mm" in alt for alt in slices)


def test_tables_hold_the_measured_numbers(full):
    content, html = full
    page = Page(html)
    fibrosis_ml = 3 * 8 * 10 * 0.8 * 1.1 * 4 / 1000
    right_ml = 12 * 30 * 22 * 0.8 * 1.1 * 4 / 1000
    volumes, zones = page.row("Fibrosis")
    assert volumes == [
        f"{fibrosis_ml:.1f}",
        f"{50 * fibrosis_ml / right_ml:.1f}",
        f"{fibrosis_ml:.1f}",
        f"{100 * fibrosis_ml / right_ml:.1f}",
        "0.0",
        "0.0",
    ]
    assert zones == [f"{300 * fibrosis_ml / right_ml:.1f}", *["0.0"] * 5]
    (laa,) = page.row("LAA-950 †")
    assert laa[0] == f"{content.densitometry.reading('both_lungs', 'laa950').value:.1f}"
    assert page.row("sigma") == [["2.0 mm", "Width of the <kernel>"]]
    assert [row[0] for row in page.row("Drawn")] == [f"{(20 + 42) * 0.8 * 1.1 * 4 / 1000:.1f}"]


def test_what_was_not_drawn_is_not_reported_as_absent(chest):
    content = chest.content()
    images = [chest.image(name) for name in ("labels", "lungs", "zones")]
    assigned = [chest.schema.by_code(code).value for code in ("healthy", "fibrosis", "ground_glass")]
    measured = measure(*images, chest.schema, assigned)
    page = Page(render_report(replace(content, measurements=measured)))
    assert "nothing of it was drawn: Emphysema, Micronodules." in page.text
    assert page.row("Emphysema") == page.row("Micronodules") == []
    assert "Not assessed" not in Page(render_report(content)).text


def test_withheld_numbers_are_words(chest):
    chest.lungs[chest.lungs == 2] = 0
    page = Page(render_report(chest.content()))
    (haa,) = page.row("High-attenuation area")
    assert haa[2] == "withheld: no lung in view"
    assert "Withheld: Lung volume, Lung mass" in page.text


def test_names_cannot_break_the_page(chest):
    evil = "<script>alert(1)</script>"
    labels = tuple(
        replace(label, name=evil) if label.code == "fibrosis" else label for label in chest.schema.labels
    )
    chest.schema = Schema("evil", evil, labels, 255)
    html = render_report(chest.content(title=evil))
    assert "<script" not in html
    assert Page(html).text.count(evil) > 3


def test_a_report_of_the_bare_minimum(chest):
    page = Page(
        render_report(
            chest.content(
                facts=None, uncertainty=None, rois=None, provenance=None, warnings=(), expansion_factor=None
            )
        )
    )
    for heading in ("Most uncertain", "Drawn regions", "Reliability", "Labelled per drawn voxel"):
        assert heading not in page.text
    assert "Most affected" in page.text


@pytest.mark.parametrize("missing", ["lungs", "disease"])
def test_a_report_of_nothing(chest, missing):
    if missing == "lungs":
        chest.lungs[:] = 0
        chest.zones[:] = 0
    chest.labels[:] = 0
    page = Page(render_report(chest.content(uncertainty=None)))
    assert "No slice shows disease or uncertainty" in page.text


def test_a_single_slice(chest):
    for name in ("ct", "labels", "lungs", "zones", "rois", "uncertainty"):
        setattr(chest, name, np.repeat(np.repeat(getattr(chest, name)[10:11], 4, axis=1), 4, axis=2))
    page = Page(render_report(chest.content()))
    assert "one slice is not a lung" in page.text
    assert "Slice 1 of 1" in page.text


def test_labels_outside_the_lungs_are_confessed(chest, full):
    assert "carry a label outside the lungs" not in full[1]
    chest.labels[0, 0, 0] = 1
    assert "carry a label outside the lungs" in render_report(chest.content())


def test_same_content_same_report(full):
    content, html = full
    assert render_report(content) == html


def test_other_grids_are_refused(chest):
    with pytest.raises(ValueError, match="rois lies on another grid"):
        chest.content(rois=chest.image("rois", "RAS"))


def test_an_existing_report_stays_unless_asked(chest, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_report(chest.content(), path)
    assert path.read_text(encoding="utf-8") == "mine"
    write_report(chest.content(), path, overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
