"""What README, guides and model cards tell people to type and to look at is there."""

import re
import shlex
from pathlib import Path

import pytest

from LungCAD import images
from LungCAD.cli.main import _parser
from LungCAD.labels import load_schema
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.phantom.reader import fraction_rois

ROOT = Path(__file__).resolve().parents[3]
GUIDES = (ROOT / "README.md", *sorted((ROOT / "Documentation").glob("*.md")))
CARDS = sorted((ROOT / "Resources" / "weights").glob("*.md"))


def commands(text):
    """Every line of a block, and every command with options within a sentence, that begins with lungcad."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    lines = [line.split("#")[0] for language, block in blocks if not language for line in block.splitlines()]
    inline = [" ".join(code.split()) for code in re.findall(r"`(lungcad [^`|]*\s-[^`|]*)`", text)]
    found = [
        part.strip().removeprefix(".venv/bin/") for line in (*lines, *inline) for part in line.split(";")
    ]
    return [command for command in found if command.startswith("lungcad ")]


def test_commands_are_found():
    sentence = "Say `lungcad ild CT\n-o OUT`.\n"
    text = f"{sentence}```python\nlungcad = 1\n```\n```\nlungcad xray A -o B  # films\nmake\n```\n"
    assert commands(text) == ["lungcad xray A -o B", "lungcad ild CT -o OUT"]


@pytest.mark.parametrize("path", [*GUIDES, *CARDS], ids=lambda path: path.stem)
def test_commands_are_understood(path, capsys):
    for command in commands(path.read_text(encoding="utf-8")):
        words = shlex.split(command)[1:]
        required = [] if {"-o", "--output", "-h"} & set(words) or words[0] == "bench" else ["-o", "OUT"]
        try:
            _parser(words).parse_args([*words, *required])
        except SystemExit as stopped:
            assert stopped.code == 0, f"{command}: {capsys.readouterr().err}"  # 0 is --help


def examples():
    """Every block of Python that needs no Slicer, with the file that it stands in."""
    found = [(path, block) for path in GUIDES for block in python_blocks(path.read_text(encoding="utf-8"))]
    return [pytest.param(block, id=path.stem) for path, block in found if "read_ct(" in block]


def python_blocks(text):
    return re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)


def test_examples_are_found():
    assert {parameters.id for parameters in examples()} >= {"README", "ild_segmentation"}


@pytest.mark.parametrize("block", examples())
def test_examples_run(block, tmp_path, monkeypatch):
    """Beside a scan and drawn regions with the names that they use."""
    study = make_study(StudyParameters(size=(187, 153, 4), spacing=(1.8, 1.8, 72.0), seed=1))
    drawn = fraction_rois(study.labels, study.lungs, 0.05, seed=1)
    images.write_segmentation(drawn, load_schema("gao5"), tmp_path / "drawn.seg.nrrd")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(images, "read_ct", lambda path: images.Scan(study.ct, tmp_path / path))
    exec(compile(block, "example", "exec"), {})


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", path.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = path.parent / file if file else path
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.M)
            assert heading in {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}
