"""What README, guides and model cards tell people to type and to look at is there."""

import re
import shlex
from pathlib import Path

import pytest

from LungCAD.cli.main import _parser

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


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", path.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = path.parent / file if file else path
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.M)
            assert heading in {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}
