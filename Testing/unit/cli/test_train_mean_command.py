"""`lungcad train mean`: the mean of networks of one kind."""

from dataclasses import replace

import pytest
import torch

from LungCAD.cli.main import main
from LungCAD.networks import LungNet
from LungCAD.tasks.ild_input import IldInput
from LungCAD.weights import ModelCard, NetworkDescription, load_network, save_network

OPTIONS = {"kernels": 2, "dilations": [1, 2]}
CARD = ModelCard("Net", "Phantoms.", "Apache-2.0", True, "lungcad train ild -o FIRST", 3, "none")
NETWORK = NetworkDescription(
    "lungnet", "gao5", ("healthy", "emphysema", "ground_glass", "fibrosis", "micronodules"), CARD, OPTIONS
)


def saved(path, seed, **changes):
    torch.manual_seed(seed)
    description = replace(NETWORK, input=IldInput().as_plain())
    description = replace(description, **changes)
    network = LungNet(len(description.classes), **description.options).half()
    save_network(network, description, path)
    return network.state_dict()


def test_every_weight_is_the_mean(tmp_path, capsys):
    seen = replace(IldInput(), pixel_mm=(0.6, 0.8)).as_plain()
    states = [
        saved(tmp_path / "a.safetensors", 0),
        saved(tmp_path / "b.safetensors", 1, input=seen, card=replace(CARD, data="A CT.", licence="CC BY")),
    ]
    files = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert main(["train", "mean", *files, "-o", str(tmp_path / "out")]) == 0
    assert "network.safetensors" in capsys.readouterr().out
    network, description = load_network(tmp_path / "out" / "network.safetensors")
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, tensor.half().float())
        middle = (states[0][name].double() + states[1][name].double()) / 2
        torch.testing.assert_close(tensor.double(), middle, rtol=1e-3, atol=1e-6)
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert description.card.markdown() == card
    assert "Phantoms. A CT." in card and "Apache-2.0; CC BY" in card and "not measured" in card
    assert "lungcad train ild -o FIRST; lungcad train mean NETWORK NETWORK -o OUTPUT" in card


def test_results_of_a_scan_are_not_mixed_with_a_network(tmp_path, capsys):
    saved(tmp_path / "a.safetensors", 0)
    saved(tmp_path / "b.safetensors", 1)
    (tmp_path / "out").mkdir()
    record = '{"command": "lungcad ild CT -o OUT"}'
    (tmp_path / "out" / "run.json").write_text(record)
    files = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert main(["train", "mean", *files, "-o", str(tmp_path / "out"), "--overwrite"]) == 2
    assert "holds the results of another method" in capsys.readouterr().err
    assert (tmp_path / "out" / "run.json").read_text() == record


def test_data_that_another_card_tells_of_are_told_once(tmp_path):
    saved(tmp_path / "a.safetensors", 0)
    saved(tmp_path / "b.safetensors", 1, card=replace(CARD, data="Phantoms. Then: A CT."))
    files = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert main(["train", "mean", *files, "-o", str(tmp_path / "out"), "--quiet"]) == 0
    assert load_network(tmp_path / "out" / "network.safetensors")[1].card.data == "Phantoms. Then: A CT."


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"options": {"kernels": 3, "dilations": [1, 2]}}, "another options"),
        ({"classes": NETWORK.classes[:4]}, "another classes"),
        ({"input": IldInput(window=(-900.0, 200.0)).as_plain()}, "another window"),
    ],
)
def test_networks_of_other_kinds_are_refused(tmp_path, capsys, changes, problem):
    saved(tmp_path / "a.safetensors", 0)
    saved(tmp_path / "b.safetensors", 1, **changes)
    files = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert main(["train", "mean", *files, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert problem in said and "b.safetensors" in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_how_outputs_are_read_is_the_firsts_and_the_card_says_so(tmp_path):
    """Thresholds and temperatures are fitted to each network, so they differ wherever there are any."""
    first, second = ({**IldInput().as_plain(), "decisions": [{"threshold": value}]} for value in (0.3, 0.4))
    saved(tmp_path / "a.safetensors", 0, input=first)
    saved(tmp_path / "b.safetensors", 1, input=second)
    files = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert main(["train", "mean", *files, "-o", str(tmp_path / "out"), "--quiet"]) == 0
    description = load_network(tmp_path / "out" / "network.safetensors")[1]
    assert description.input["decisions"] == [{"threshold": 0.3}]
    assert "--calibrate" in description.card.results
    main(["train", "mean", files[0], files[0], "-o", str(tmp_path / "same"), "--quiet"])
    assert "--calibrate" not in load_network(tmp_path / "same" / "network.safetensors")[1].card.results
