"""What `--network` names: a probability map that is there already, or a patch network to apply."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from LungCAD.cli.options import add_parameters, parameters_from
from LungCAD.errors import InputError
from LungCAD.images import read_probabilities
from LungCAD.labels import Schema
from LungCAD.lungs import segment_lungs
from LungCAD.progress import Progress, part
from LungCAD.tasks import patch_network
from LungCAD.tasks.class_probabilities import TEXTURE_WEIGHTS
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.tasks.patch_network import PatchNetworkParameters
from LungCAD.weights.shipped import shipped, shipped_files

WEIGHTS = ".safetensors"


@dataclass(frozen=True)
class NetworkInput:
    """A network's say, as `LabelPropagationInputs` takes it.

    probabilities : vector image, one component per label of the schema. lungs : the mask given, or segmented
        for the network. cautions : sentences for the reader.
    """

    probabilities: sitk.Image | None
    lungs: sitk.Image | None
    cautions: tuple[str, ...] = ()


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add --network and how it is applied."""
    parser.add_argument(
        "--network",
        type=_network_path,
        help="a patch network (.safetensors, or the name of a shipped one: emphysema-patches), or the "
        "probability map of any network (vector .nrrd)",
    )
    add_parameters(parser, PatchNetworkParameters, prefix="network")


def _network_path(text: str) -> Path:
    """Return the file of a shipped network where its name is given, else what is given."""
    return next((path for path in shipped_files() if path.stem == text), Path(text))


def network_input(
    options: argparse.Namespace,
    parameters: LabelPropagationParameters,
    schema: Schema,
    ct: sitk.Image,
    lungs: sitk.Image | None,
    progress: Progress,
) -> NetworkInput:
    """Read the probability map, or apply the network to the lungs, which are segmented when not given.

    Raises
    ------
    InputError
        The network is not to be used, or as `read_probabilities`, `segment_lungs` and `patch_network.run`.
    """
    path = options.network
    require_network(path, parameters)
    if path is None:
        return NetworkInput(None, lungs)
    if path.suffix != WEIGHTS:
        return NetworkInput(read_probabilities(path, schema, ct), lungs)
    if lungs is None:
        lungs = segment_lungs(ct, progress=part(progress, 0.0, 0.3))
    chosen = parameters_from(options, PatchNetworkParameters(), prefix="network")
    chosen = dataclasses.replace(chosen, device=parameters.device)
    result = patch_network.run(path, ct, lungs, schema, chosen, part(progress, 0.3, 1.0))
    cautions = [f"{result.card.title}: trained on synthetic data only."] if result.card.synthetic else []
    return NetworkInput(result.probabilities, lungs, tuple(cautions))


def require_network(network: Path | None, parameters: LabelPropagationParameters) -> None:
    """Raise InputError unless a network is named exactly where it has a say."""
    if network is None and parameters.unary != "rois":
        raise InputError("--unary", f"is {parameters.unary}, but no network is named", "Give --network")
    if network is not None and parameters.unary == "rois":
        raise InputError("--network", "is not used by --unary rois", "Give --unary network or --unary both")


def weights_used(network: Path | None, parameters: LabelPropagationParameters) -> dict[str, Path]:
    """Return the files of all networks that have a say in a propagation, by their role."""
    patches = {"NETWORK": network} if network is not None and network.suffix == WEIGHTS else {}
    texture = {"texture": shipped(TEXTURE_WEIGHTS)} if parameters.unary != "network" else {}
    return patches | texture
